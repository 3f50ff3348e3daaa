import EventLedger
import GatewayConfiguration

extension AdminAPI {
    /// Lists the destinations, with what waits for each.
    func destinations() async throws -> API.DestinationList {
        let surveyed = try await ledger.survey(configured: configuration().destinations.map(\.name))
        return API.DestinationList(destinations: surveyed.map { API.Destination($0) })
    }

    /// Makes sure that a destination is configured, or that something is kept for it: a name that is misspelt must not
    /// pass for one without deliveries.
    /// - Throws: ``Refusal`` where it is neither.
    func requireKnown(_ name: String) async throws {
        let configured = configuration().destinations.map(\.name)
        guard !configured.contains(name) else { return }
        guard try await ledger.knownDestinations().contains(name) else {
            throw Refusal.notFound(
                "there is no destination \(name), nor is anything kept for one; configured are "
                    + configured.joined(separator: ", "))
        }
    }
}

extension API.Destination {
    /// What a list shows of a destination.
    init(_ surveyed: SurveyedDestination) {
        let backlog = surveyed.backlog
        self.init(
            name: surveyed.name, configured: surveyed.isConfigured, paused: backlog.isPaused,
            breakerOpen: backlog.isBreakerOpen, pending: backlog.pending, dead: backlog.deadLetters,
            unknown: backlog.held, oldestPendingS: backlog.oldestPending / .seconds(1))
    }
}
