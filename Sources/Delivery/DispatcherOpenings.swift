import EventLedger
import Synchronization

/// The openings of one dispatcher: how many deliveries the front door may lease for it, and those that it has leased.
///
/// The front door takes and returns them on its loops; the dispatcher offers and collects on its own.
final class DispatcherOpenings: Sendable {
    /// What came of an opening that was taken.
    enum Return: Sendable {
        /// A delivery is leased, under a configuration of the destination.
        case leased(LeasedDelivery, sendBy: ContinuousClock.Instant, generation: Int)
        /// Whether a claim leased a delivery is not known.
        case unknown(LeasedDelivery, ClaimMark)
    }

    /// When the dispatcher is to be told of a return.
    enum Telling: Sendable {
        /// It has been told of one before, and will find this one, too.
        case never
        case atOnce
        /// Others are taken, of which the same turn of the front door's loop may have word: it is woken once for all.
        case afterTurn
    }

    /// What an opening is offered under.
    struct Terms: Sendable, Equatable {
        /// How long the lease is to last.
        var leaseLength = Duration.zero
        /// How often the destination was configured anew.
        var generation = 0
    }

    private struct State {
        var open = 0
        var terms = Terms()
        /// How often offers were withdrawn: what is given back of one withdrawn opens nothing.
        var withdrawals = 0
        var taken = 0
        var returns: [Return] = []
    }

    /// One that was taken.
    struct Taken: Sendable {
        let terms: Terms
        /// The lease begins no earlier.
        let from: ContinuousClock.Instant
        fileprivate let withdrawals: Int
    }

    private let state = Mutex(State())

    /// Takes an opening, if there is one.
    func take() -> Taken? {
        state.withLock { state in
            guard state.open > 0 else { return nil }
            state.open -= 1
            state.taken += 1
            return Taken(terms: state.terms, from: .now, withdrawals: state.withdrawals)
        }
    }

    /// Keeps what came of one until it is collected.
    func add(_ item: Return) -> Telling {
        state.withLock { state in
            state.returns.append(item)
            guard state.returns.count == 1 else { return .never }
            return state.taken == 1 ? .atOnce : .afterTurn
        }
    }

    /// Takes one back of which nothing came; it is open again, unless it was withdrawn.
    func reopen(_ taken: Taken) -> Telling {
        state.withLock { state in
            state.taken -= 1
            guard taken.withdrawals == state.withdrawals else { return .afterTurn }
            state.open += 1
            return .never
        }
    }

    /// How many are taken and have not been collected.
    var taken: Int { state.withLock { $0.taken } }

    /// How many are open or taken.
    var offered: Int { state.withLock { $0.open + $0.taken } }

    /// Offers as many as make `places` with those that are taken.
    func offer(places: Int, _ terms: Terms) {
        state.withLock { state in
            state.open = max(0, places - state.taken)
            state.terms = terms
        }
    }

    /// Offers none from now on.
    func withdraw() {
        state.withLock { state in
            state.open = 0
            state.withdrawals += 1
        }
    }

    /// Takes what has come of openings.
    func collect() -> [Return] {
        state.withLock { state in
            let returns = state.returns
            state.returns = []
            state.taken -= returns.count
            return returns
        }
    }
}
