import GatewayConfiguration

extension GatewayConfiguration {
    /// The settings that this version reads and validates but does not act on yet: nobody should rely on one unawares.
    var settingsNotInForce: [String] {
        destinations.flatMap { destination in
            var keys: [String] = []
            if destination.onUnknown == .hold { keys.append("on_unknown: hold (serve refuses it)") }
            if destination.skipStale { keys.append("skip_stale") }
            if destination.ordering == .subject { keys.append("ordering: subject") }
            return keys.map { "destinations.\(destination.name).\($0) is not in force in this version" }
        }
    }

    /// Refuses what a mere warning of would break a promise: a destination that must never be called twice.
    /// - Throws: `CommandError` where a destination says `on_unknown: hold`.
    func refuseBrokenPromises() throws {
        guard let destination = destinations.first(where: { $0.onUnknown == .hold }) else { return }
        throw CommandError(
            "destinations.\(destination.name): this version repeats attempts of unknown outcome and cannot hold them; "
                + "without `on_unknown: hold` it will")
    }
}
