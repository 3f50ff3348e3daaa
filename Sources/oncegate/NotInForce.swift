import GatewayConfiguration

extension GatewayConfiguration {
    /// The settings that this version reads and validates but does not act on yet: nobody should rely on one unawares.
    var settingsNotInForce: [String] {
        destinations.flatMap { destination in
            var keys: [String] = []
            if destination.rateLimit != nil { keys.append("rate_limit") }
            if destination.onUnknown == .hold { keys.append("on_unknown: hold") }
            if destination.skipStale { keys.append("skip_stale") }
            if destination.breaker != Destination.Breaker() { keys.append("breaker") }
            if destination.ordering == .subject { keys.append("ordering: subject") }
            return keys.map { "destinations.\(destination.name).\($0) is not in force in this version" }
        }
    }
}
