import EventLedger
import GatewayConfiguration
import NIOCore
import Webhooks

/// Takes deliveries that are due.
extension Dispatcher {
    struct Leasing {
        let limit: Int
        let destination: Destination
        let generation: Int
        let breakerOpenings: Int
        let sendBy: ContinuousClock.Instant
        let reply: EventLoopFuture<Lease>
    }

    /// How many deliveries there is a use for.
    var room: Int {
        guard !isStopping else { return 0 }
        return ready.room(concurrency: destination.concurrency, inFlight: inFlight.count + reading + openings.offered)
    }

    /// Whether something may be due: it always may where other deliveries decide on that.
    var isLookDue: Bool {
        !destination.isUnconditional || hasNews.load(ordering: .acquiring) || requests.isReplyMissing
            || .now >= nextLook
    }

    /// Asks for what is due, if there is a use for it.
    func beginLeasing() -> Leasing? {
        let now = ContinuousClock.now
        if let end = heldBackUntil, end <= now { heldBackUntil = nil }
        let looks = isLookDue || now - latestLook >= Self.lookInterval
        // At the end only what a lost reply has leased is asked about: a lease of none hands it back.
        guard isStopping ? requests.isReplyMissing : heldBackUntil == nil && looks else { return nil }
        guard isStopping || room > 0 else { return nil }
        latestLook = now
        let limit = min(room, Self.maximumLease)
        let rule = LeaseRule(destination, window: bounds.window)
        hasNews.store(false, ordering: .sequentiallyConsistent)
        let reply = environment.ledger.lease(
            destination: destination.name, limit: limit, rule: rule, request: requests.begin())
        // This process may be stopped for any time before it goes on: the lease begins no earlier than now.
        return Leasing(
            limit: limit, destination: destination, generation: generation,
            breakerOpenings: breakerOpenings,
            sendBy: now + rule.length - Self.sendMargin, reply: reply)
    }

    func finish(_ leasing: Leasing) async throws -> Duration? {
        let lease = try await value(of: leasing.reply)
        requests.end()
        find(lease.deliveries, of: leasing)
        report(lease)
        let wait = min(lease.nextDue ?? Self.idleTime, Self.idleTime)
        if lease.isHeldBack { heldBackUntil = .now + wait }
        isBehind = wait < .zero - Self.patience
        nextLook = lease.deliveries.count == leasing.limit ? .now : .now + wait
        offerOpenings()
        return rest
    }

    /// Goes on with what was leased when its events are there; meanwhile more can be leased, and answers recorded.
    private func find(_ due: [DueDelivery], of leasing: Leasing) {
        guard !due.isEmpty else { return }
        reading += due.count
        environment.events.value.find(due) { results in
            self.assumeIsolated { $0.take(due, results, of: leasing) }
        }
    }

    /// How many may be sent of what was leased. What comes for a gateway that stops, for a destination whose breaker has
    /// opened since, or beyond what can be sent at once under a configuration that is no longer in force, is for others.
    private func places(for leasing: Leasing) -> Int {
        guard !isStopping, leasing.breakerOpenings == breakerOpenings else { return 0 }
        guard leasing.generation != generation else { return .max }
        return max(0, destination.concurrency - inFlight.count - ended.count - ready.count)
    }

    private func take(_ due: [DueDelivery], _ results: [Result<Event, StoredEventError>], of leasing: Leasing) {
        reading -= due.count
        var whole: [LeasedDelivery] = []
        var unread: [LeasedDelivery] = []
        whole.reserveCapacity(due.count)
        for (due, result) in zip(due, results) {
            switch result {
            case .success(let event): whole.append(LeasedDelivery(due, of: event))
            case .failure(.unanswered): unread.append(LeasedDelivery(unread: due))
            case .failure(.damaged(let reason)): giveUp(LeasedDelivery(unread: due), reason)
            }
        }
        let count = min(whole.count, places(for: leasing))
        handBack(unread + whole[count...])
        prepare(whole[..<count], for: leasing.destination, sendBy: leasing.sendBy)
        sendReady()
        if isStopping { wake() }
    }
}
