import EventLedger

extension Ledger {
    /// Leases as a dispatcher does, and waits for the reply.
    package func lease(
        destination: String, limit: Int, rule: LeaseRule, requests: inout LeaseRequests
    ) async throws -> Lease {
        let lease = try await lease(destination: destination, limit: limit, rule: rule, request: requests.begin()).get()
        requests.end()
        return lease
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
