import Curl
import Synchronization

/// Which dispatchers there are, for those who call them from other threads.
final class RunningDispatchers: Sendable {
    private struct State {
        var byName: [String: Dispatcher] = [:]
        /// Those that are no longer configured, too, until their attempts have ended.
        var byNumber: [UInt32: Dispatcher] = [:]
        var nextNumber: UInt32 = 0
    }

    private let state = Mutex(State())

    subscript(name: String) -> Dispatcher? { state.withLock { $0.byName[name] } }

    var names: [String] { state.withLock { $0.byName.keys.sorted() } }

    func add(_ name: String, make: (UInt32) -> Dispatcher) -> Dispatcher {
        state.withLock { state in
            let dispatcher = make(state.nextNumber)
            state.nextNumber &+= 1
            state.byName[name] = dispatcher
            state.byNumber[dispatcher.number] = dispatcher
            return dispatcher
        }
    }

    /// Takes a dispatcher out of service; its transfers still find it.
    func remove(_ name: String) -> Dispatcher? {
        state.withLock { $0.byName.removeValue(forKey: name) }
    }

    func removeAll() -> [Dispatcher] {
        state.withLock { state in
            defer { state.byName = [:] }
            return Array(state.byName.values)
        }
    }

    func ended(_ dispatcher: Dispatcher) {
        state.withLock { $0.byNumber[dispatcher.number] = nil }
    }

    func notify(_ names: [String]) {
        state.withLock { state in
            for name in names { state.byName[name]?.notify() }
        }
    }

    /// Hands completions to the dispatchers whose transfers they are, one wake-up for each.
    func handOver(_ completions: [Completion]) {
        let batches = Dictionary(grouping: completions) { UInt32($0.token >> 32) }
        for (number, batch) in batches {
            state.withLock { $0.byNumber[number] }?.transfersEnded(batch)
        }
    }
}
