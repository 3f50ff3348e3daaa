import Admin
import EventLedger
import FrontDoor
import Telemetry

/// What the admin listener tells of a gateway.
struct GatewayStatus: Sendable {
    /// A ledger over the connection that nothing urgent uses.
    let ledger: Ledger
    let frontDoor: FrontDoor
    let configuration: CurrentConfiguration
    let metrics: Metrics

    /// Whether Redis answers and the door is open.
    func readiness() async -> Readiness {
        var reasons: [String] = []
        if let reason = frontDoor.reasonClosed { reasons.append(reason) }
        do {
            try await ledger.ping()
        } catch {
            reasons.append("Redis: \(error)")
        }
        return reasons.isEmpty ? .ready : .notReady(reasons: reasons)
    }

    /// The Prometheus text. What waits in the ledger is left out while Redis does not answer.
    func metricsText() async -> String {
        let configured = configuration.value.destinations.map(\.name)
        var gauges = Gauges(isRedisUp: (try? await ledger.ping()) != nil)
        if gauges.isRedisUp, let surveyed = try? await ledger.survey(configured: configured) {
            gauges.destinations = surveyed.map { Gauges.Destination($0) }
        } else {
            gauges.destinations = configured.map { Gauges.Destination(name: $0, isOrphaned: false) }
        }
        return metrics.text(gauges)
    }
}

extension Gauges.Destination {
    /// The gauges of a destination that was measured.
    fileprivate init(_ surveyed: SurveyedDestination) {
        let backlog = surveyed.backlog
        self.init(
            name: surveyed.name, pending: backlog.pending, deadLetters: backlog.deadLetters, held: backlog.held,
            oldestPending: backlog.oldestPending, isBreakerOpen: backlog.isBreakerOpen, isPaused: backlog.isPaused,
            isOrphaned: !surveyed.isConfigured)
    }
}
