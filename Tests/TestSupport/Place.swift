import Glibc
import Synchronization

/// Runs a test once one of a few places is free: tests with processes of their own, all begun at a time on few cores,
/// would make each other late. One that has a place already is not asked to wait for a second.
package func withPlace<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async rethrows -> Result {
    guard !Place.isTaken else { return try await body() }
    await Place.shared.take()
    defer { Place.shared.leave() }
    return try await Place.$isTaken.withValue(true) { try await body() }
}

private final class Place: Sendable {
    static let shared = Place()
    @TaskLocal static var isTaken = false
    /// Where everything is slower, as under a sanitizer, fewer are told of by `ONCEGATE_TEST_PLACES`.
    private static let limit = getenv("ONCEGATE_TEST_PLACES").flatMap { Int(String(cString: $0)) } ?? 10

    private struct State {
        var free = Place.limit
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func take() async {
        await withCheckedContinuation { continuation in
            let enters = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if enters { continuation.resume() }
        }
    }

    func leave() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
