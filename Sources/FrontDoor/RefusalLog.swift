import Synchronization

/// How many lines a second refusals may write to the log: whoever sends nonsense decides how many there would be.
///
/// The metrics count them all.
final class RefusalLog: Sendable {
    /// The most lines in one second.
    static let maximumPerSecond = 100

    private struct State {
        var second: Int64 = 0
        var lines = 0
        var omitted = 0
    }

    private let state = Mutex(State())

    /// Asks for a line.
    /// - Parameter now: seconds since 1970.
    /// - Returns: nil where there were too many; else how many were left out since the last that was written.
    func take(now: Int64) -> Int? {
        state.withLock { state in
            if now != state.second {
                state.second = now
                state.lines = 0
            }
            guard state.lines < Self.maximumPerSecond else {
                state.omitted += 1
                return nil
            }
            state.lines += 1
            defer { state.omitted = 0 }
            return state.omitted
        }
    }
}
