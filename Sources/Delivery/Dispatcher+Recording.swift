import EventLedger
import NIOCore

/// Has the ledger record what became of attempts.
extension Dispatcher {
    struct Recording {
        let attempts: [JudgedAttempt]
        let reply: EventLoopFuture<Settled>
    }

    /// Has the ledger record a batch of ended attempts, if there are any.
    func beginRecording() -> Recording? {
        guard !ended.isEmpty else { return nil }
        let now = environment.clock()
        let attempts = ended.prefix(Ledger.maximumSettlements).map {
            $0.judged(by: destination, isStopping: isStopping, now: now, random: .random(in: 0..<1))
        }
        let reply = environment.ledger.settle(
            destination: destination.name, attempts.map(\.settlement), bounds: bounds,
            breaker: BreakerRule(destination.breaker), guardTime: destination.guardTime(window: bounds.window))
        return Recording(attempts: attempts, reply: reply)
    }

    /// Takes in that the ledger has recorded a batch; what it did not take stays.
    func finish(_ recording: Recording) async throws {
        let settled = try await value(of: recording.reply)
        ended.removeFirst(recording.attempts.count)
        for (attempt, result) in zip(recording.attempts, settled.results) {
            attempt.report(result, to: environment.logger, metrics, destination: destination.name)
        }
        // What is to be repeated may be due before anything else.
        if recording.attempts.contains(where: { $0.settlement.verdict != .delivered }) { nextLook = .now }
        switch settled.breaker {
        case .opened:
            breakerOpenings += 1
            openings.withdraw()
            handBack()
        case .closed: heldBackUntil = nil
        case .none: break
        }
        report(settled.breaker)
        sendReady()
    }
}
