import CCurl
import Synchronization

/// Who waits for a transfer.
enum Sink: Sendable {
    /// The receiver of completions, by token.
    case batch(token: UInt64)
    /// A suspended task, with the number by which its transfer can be cancelled.
    case task(number: UInt64, CheckedContinuation<Result<HTTPResponse, TransferError>, Never>)
}

/// A request and who waits for it.
struct Job: Sendable {
    var request: HTTPRequest
    var sink: Sink
}

/// What other threads want of the loop, and the means to wake it.
final class Inbox: Sendable {
    /// What there is to do.
    struct Work: Sendable {
        var jobs: [Job] = []
        /// The numbers of transfers whose task was cancelled.
        var cancelled: [UInt64] = []
        /// When transfers still under way are broken off; nil while the loop is to go on.
        var deadline: ContinuousClock.Instant?
    }

    private struct State: Sendable {
        var work = Work()
        /// Whether something came since the loop last took its work.
        var hasNews = false
        var waker: Waker?
        /// Whether the loop is, or is about to be, asleep, and nobody has woken it yet.
        var isAsleep = false
        var hasEnded = false
        var ends: [CheckedContinuation<Void, Never>] = []
        var lastNumber: UInt64 = 0

        /// Wakes the loop. Under the lock, so that `end` cannot free the handle in between; one wake-up is enough for
        /// one sleep.
        mutating func tell() {
            hasNews = true
            if isAsleep { waker?.wake() }
            isAsleep = false
        }
    }

    private let state = Mutex(State())

    /// Adds jobs and wakes the loop if it sleeps.
    /// - Returns: false, with nothing done, once the end of the loop was asked for.
    func add(_ jobs: [Job]) -> Bool {
        state.withLock { state in
            guard state.work.deadline == nil, !state.hasEnded else { return false }
            state.work.jobs.append(contentsOf: jobs)
            state.tell()
            return true
        }
    }

    /// Asks for a transfer to be broken off.
    func cancel(_ number: UInt64) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.work.cancelled.append(number)
            state.tell()
        }
    }

    /// Asks for the end of the loop, at `deadline` at the latest; the earliest deadline counts.
    func stop(by deadline: ContinuousClock.Instant) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.work.deadline = min(state.work.deadline ?? deadline, deadline)
            state.tell()
        }
    }

    /// A number that no transfer has had.
    func nextNumber() -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    /// Waits until the loop has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.ends.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    // The rest is the loop's own side.

    /// Begins; jobs added before wait for the first ``take()``.
    func begin(_ waker: Waker) {
        state.withLock { state in
            precondition(state.waker == nil && !state.hasEnded, "a loop starts once")
            state.waker = waker
        }
    }

    /// Whether the loop has begun, be it that it has ended since.
    var hasBegun: Bool { state.withLock { $0.waker != nil || $0.hasEnded } }

    /// Takes what there is to do.
    func take() -> Work {
        state.withLock { state in
            state.isAsleep = false
            state.hasNews = false
            let work = state.work
            state.work = Work(deadline: work.deadline)
            return work
        }
    }

    /// Announces that the loop is going to sleep.
    /// - Returns: false when there is something to do instead.
    func fallAsleep() -> Bool {
        state.withLock { state in
            state.isAsleep = !state.hasNews
            return state.isAsleep
        }
    }

    /// Ends it all: nothing is taken any more, and the waker is not used again.
    /// - Returns: what had not been taken.
    func end() -> (Work, [CheckedContinuation<Void, Never>]) {
        state.withLock { state in
            state.hasEnded = true
            state.waker = nil
            defer {
                state.work = Work()
                state.ends = []
            }
            return (state.work, state.ends)
        }
    }
}

/// The one thing that another thread may do to a loop: end its wait.
///
/// `Inbox` forgets it, under its lock, before the descriptor is closed.
struct Waker: Sendable {
    /// An eventfd(2).
    let event: Int32

    func wake() { oncegate_eventfd_wake(event) }
}
