import EventLedger
import Logging

extension Dispatcher {
    /// Tells when the breaker opens and when it closes.
    func report(_ change: Settled.BreakerChange) {
        let metadata: Logger.Metadata = ["destination": .string(destination.name)]
        switch change {
        case .opened: environment.logger.error("breaker open: deliveries wait", metadata: metadata)
        case .closed: environment.logger.notice("breaker closed: deliveries go on", metadata: metadata)
        case .none: break
        }
    }

    /// Tells of what a lease found beside deliveries that are simply due.
    func report(_ lease: Lease) {
        for passed in lease.passed {
            let metadata = metadata(of: passed.reference, type: passed.type)
            switch passed.reason {
            case .held:
                metrics.count(.held)
                environment.logger.error(
                    "outcome unknown, held for a person: nothing was recorded of an attempt", metadata: metadata)
            case .stale:
                metrics.count(.stale)
                environment.logger.info("stale: a later event was delivered before", metadata: metadata)
            }
        }
        for delivery in lease.deliveries where delivery.repeatsUnknown {
            metrics.count(.unknown)
            environment.logger.warning(
                "nothing was recorded of an attempt, it is repeated",
                metadata: metadata(of: delivery.reference, type: delivery.type))
        }
    }

    private func metadata(of event: EventReference, type: String) -> Logger.Metadata {
        [
            "source": .string(event.source), "id": .string(event.id), "type": .string(type),
            "destination": .string(destination.name),
        ]
    }
}
