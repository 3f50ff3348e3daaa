import EventLedger
import GatewayConfiguration
import NIOCore
import Synchronization

/// Sleeps while there is nothing to do, and is woken by others.
extension Dispatcher {
    /// Tells the dispatcher, from any thread, that something may be due.
    ///
    /// It is woken once for all that comes before it next asks for a lease: while it has no use for one, or may not have
    /// one, thousands of events cost it nothing.
    nonisolated func notify() {
        guard !hasNews.exchange(true, ordering: .acquiringAndReleasing) else { return }
        environment.eventLoop.execute { self.assumeIsolated { $0.wake() } }
    }

    /// Puts another configuration of the destination into force from the next lease on.
    func apply(_ destination: Destination, bounds: HistoryBounds) {
        self.destination = destination
        self.bounds = bounds
        generation += 1
        heldBackUntil = nil
        openings.withdraw()
        handBack()
        wake()
    }

    /// Leases nothing more; ``run()`` returns once the attempts under way are recorded.
    func stop() {
        isStopping = true
        openings.withdraw()
        handBack()
        wake()
    }

    func wake() {
        isAwake = true
        sleeper?.resume()
        sleeper = nil
    }

    /// Sleeps until woken, at most for the time given; not at all if it was woken since it last slept.
    func sleep(_ time: Duration?) async {
        defer { isAwake = false }
        guard !isAwake, time != .zero else { return }
        let timer = time.map { time in
            environment.eventLoop.scheduleTask(in: TimeAmount(time)) { self.assumeIsolated { $0.wake() } }
        }
        await withCheckedContinuation { sleeper = $0 }
        timer?.cancel()
    }

    /// Waits for a reply without leaving the actor, which the future's `get()` would do.
    func value<Value: Sendable>(of reply: EventLoopFuture<Value>) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            reply.whenComplete { continuation.resume(with: $0) }
        }
    }

    /// Waits a moment whatever happens meanwhile.
    func pause() async {
        let pause = environment.eventLoop.scheduleTask(in: TimeAmount(Self.redisPause)) {}
        try? await pause.futureResult.get()  // a timer cancelled by the end of the loop ends the pause too
    }
}
