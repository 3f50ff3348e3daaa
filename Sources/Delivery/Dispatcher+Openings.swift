import Curl
import EventLedger
import NIOCore

/// What the front door has leased for a dispatcher, in the step in which it claims an event: while nothing waits, an event
/// then costs one script less, and is not read back from Redis.
extension Dispatcher {
    /// Takes an opening, for a caller on another event loop.
    nonisolated func takeOpening(on loop: any EventLoop) -> (any Opening)? {
        openings.take().map { TakenOpening(dispatcher: self, taken: $0, loop: loop) }
    }

    private struct TakenOpening: Opening {
        let dispatcher: Dispatcher
        let taken: DispatcherOpenings.Taken
        let loop: any EventLoop

        var leaseLength: Duration { taken.terms.leaseLength }

        func fill(with delivery: LeasedDelivery) {
            let sendBy = taken.from + leaseLength - Dispatcher.sendMargin
            tell(dispatcher.openings.add(.leased(delivery, sendBy: sendBy, generation: taken.terms.generation)))
        }

        func giveBack() { tell(dispatcher.openings.reopen(taken)) }

        func giveBack(unknown delivery: LeasedDelivery, of claim: ClaimMark) {
            tell(dispatcher.openings.add(.unknown(delivery, claim)))
        }

        private func tell(_ when: DispatcherOpenings.Telling) {
            switch when {
            case .never: break
            case .atOnce: dispatcher.collect()
            case .afterTurn: loop.execute { dispatcher.collect() }
            }
        }
    }

    /// Has the openings collected, from any thread.
    private nonisolated func collect() {
        environment.eventLoop.execute { self.assumeIsolated { $0.collectOpenings() } }
    }

    /// Offers most of the places that are free. Some are kept for what is queued, by others or because there was no
    /// opening; where that has to wait for long, all are.
    func offerOpenings() {
        guard destination.isUnconditional, !isStopping, !redisFailed, heldBackUntil == nil else { return }
        guard !isBehind else { return openings.withdraw() }
        openings.offer(
            places: ready.openings(
                concurrency: destination.concurrency, inFlight: inFlight.count + reading + ended.count),
            .init(leaseLength: LeaseRule(destination, window: bounds.window).length, generation: generation))
    }

    private func collectOpenings() {
        for item in openings.collect() {
            switch item {
            case .leased(let delivery, let sendBy, generation) where !isStopping:
                prepare([delivery], for: destination, sendBy: sendBy)
            case .leased(let delivery, _, _): handBack([delivery])
            case .unknown(let delivery, let claim): handBack([delivery], leasedPerhapsBy: claim)
            }
        }
        sendReady()
        if isStopping { wake() }
    }
}
