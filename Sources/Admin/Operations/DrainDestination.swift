import EventLedger
import GatewayConfiguration

extension AdminAPI {
    /// Drops a batch of what waits for a destination that is paused or not configured any more, or moves it to another.
    /// - Parameter to: the destination to move it to; nil drops it.
    func drain(_ name: String, to: String?, isDryRun: Bool) async throws -> API.DrainAnswer {
        let configuration = configuration()
        guard to != name else { throw Refusal.badRequest("`to` is the destination itself") }
        let target = try to.map { try configuration.target($0) }
        try await requireKnown(name)
        let backlog = try await ledger.backlog(destination: name)
        guard backlog.isPaused || configuration.destination(name) == nil else {
            throw Refusal.conflict("not_paused", "deliveries to \(name) are under way: pause it first")
        }
        guard !isDryRun else { return API.DrainAnswer(done: 0, pending: backlog.pending, more: false) }
        var (done, isStuck) = (0, false)
        while done < Self.maximumLookedAt, !isStuck {
            // What is taken leaves the set, and lets what waited behind it in the order of its subject follow.
            let page = try await ledger.deliveries(.pending, of: name, from: nil, limit: Ledger.maximumRequeues)
            let results = try await ledger.requeue(
                page.items.map { Requeue($0.event.reference, from: name, to: target) }, sources: .pending,
                isReplay: false, limits: ClaimLimits(configuration))
            let taken = results.count { $0 == .done }
            done += taken
            isStuck = taken == 0
        }
        notify([target?.name].compactMap { $0 })
        if done > 0 {
            logger.notice(
                "deliveries taken",
                metadata: [
                    "destination": .string(name), "count": .stringConvertible(done),
                    "what": .string(to.map { "moved to \($0)" } ?? "dropped"),
                ])
        }
        let pending = try await ledger.backlog(destination: name).pending
        return API.DrainAnswer(done: done, pending: pending, more: pending > 0 && !isStuck)
    }
}
