import Admin
import Delivery
import EventLedger
import FrontDoor
import Telemetry

/// What the admin listener tells of a gateway.
struct GatewayStatus: Sendable {
    /// A ledger over the connection that nothing urgent uses.
    let ledger: Ledger
    let frontDoor: FrontDoor
    let dispatchers: Dispatchers
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
        var gauges = Gauges(isRedisUp: (try? await ledger.ping()) != nil)
        for name in dispatchers.destinations {
            let backlog = gauges.isRedisUp ? try? await ledger.backlog(destination: name) : nil
            gauges.destinations.append(
                Gauges.Destination(
                    name: name, pending: backlog?.pending, deadLetters: backlog?.deadLetters,
                    oldestPending: backlog?.oldestPending, isBreakerOpen: backlog?.isBreakerOpen))
        }
        return metrics.text(gauges)
    }
}
