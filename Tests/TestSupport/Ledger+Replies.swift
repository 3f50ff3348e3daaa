import EventLedger

/// What a lease brought, with the events of its deliveries.
package struct WholeLease: Sendable {
    package let deliveries: [LeasedDelivery]
    package let passed: [Lease.Passed]
    package let nextDue: Duration?
    package let isHeldBack: Bool
}

/// The body of a leased event is not there.
package struct NoBody: Error {
    package let event: EventReference
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
            guard let body = try await body(of: due.reference).get() else { throw NoBody(event: due.reference) }
            deliveries.append(LeasedDelivery(due, of: try due.event(body: body)))
        }
        return WholeLease(
            deliveries: deliveries, passed: lease.passed, nextDue: lease.nextDue, isHeldBack: lease.isHeldBack)
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
