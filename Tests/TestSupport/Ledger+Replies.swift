import EventLedger
import NIOCore
import Webhooks

/// What a lease brought, with the events of its deliveries.
package struct WholeLease: Sendable {
    package let deliveries: [LeasedDelivery]
    package let passed: [Lease.Passed]
    package let nextDue: Duration?
    package let isHeldBack: Bool
}

extension Ledger {
    /// Leases as a dispatcher does, and waits for the reply and for the events.
    package func lease(
        destination: String, limit: Int, rule: LeaseRule, requests: inout LeaseRequests
    ) async throws -> WholeLease {
        let lease = try await lease(destination: destination, limit: limit, rule: rule, request: requests.begin()).get()
        requests.end()
        var deliveries: [LeasedDelivery] = []
        for due in lease.deliveries {
            deliveries.append(LeasedDelivery(due, of: try await event(of: due)))
        }
        return WholeLease(
            deliveries: deliveries, passed: lease.passed, nextDue: lease.nextDue, isHeldBack: lease.isHeldBack)
    }

    /// Reads the event of a delivery, and waits for it.
    package func event(of due: DueDelivery) async throws -> Event {
        let loop = eventLoop
        return try await loop.flatSubmit {
            let promise = loop.makePromise(of: Event.self)
            readEvent(of: due) { promise.completeWith($0.mapError { $0 }) }
            return promise.futureResult
        }.get()
    }

    /// Settles as a dispatcher does, and waits for the reply.
    package func settle(
        destination: String, _ settlements: some Collection<Settlement>, bounds: HistoryBounds, breaker: BreakerRule,
        guardTime: Duration? = nil
    ) async throws -> Settled {
        try await settle(
            destination: destination, settlements, bounds: bounds, breaker: breaker, guardTime: guardTime
        ).get()
    }
}
