import Curl
import Foundation
import Synchronization
import Testing

/// Runs a loop for the length of `body`.
func withLoop<Value>(
    _ limits: CurlLoop.Limits = CurlLoop.Limits(), _ body: (CurlLoop) async throws -> Value
) async throws -> Value {
    let loop = CurlLoop(limits: limits)
    try loop.start()
    do {
        let value = try await body(loop)
        await loop.stop()
        return value
    } catch {
        await loop.stop()
        throw error
    }
}

/// What became of a request.
func outcome(_ loop: CurlLoop, _ request: HTTPRequest) async -> Result<HTTPResponse, TransferError> {
    do throws(TransferError) {
        return .success(try await loop.perform(request))
    } catch {
        return .failure(error)
    }
}

/// The failure of a request that must not succeed.
func failure(_ loop: CurlLoop, _ request: HTTPRequest) async -> TransferError? {
    do {
        let response = try await loop.perform(request)
        Issue.record("answered with \(response.status)")
        return nil
    } catch {
        return error
    }
}

/// What one thread has noted and others wait for.
final class Notes<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let (stream, news) = AsyncStream<Void>.makeStream()

    var all: [Value] { values.withLock { $0 } }

    func add(_ new: [Value]) {
        values.withLock { $0.append(contentsOf: new) }
        news.yield()
    }

    func add(_ new: Value) { add([new]) }

    /// Waits, for a bounded time, until there are so many; one task at a time may wait.
    func first(_ count: Int) async throws -> [Value] {
        let isThere = try await withThrowingTaskGroup { group in
            group.addTask {
                if self.all.count >= count { return true }
                for await _ in self.stream where self.all.count >= count { return true }
                return false
            }
            group.addTask {
                try await Task.sleep(for: .seconds(30))  // the deadline; cancelled when everything is there
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        try #require(isThere, "only \(all.count) of \(count) within 30 s")
        return all
    }
}

/// A door that threads wait at until it is opened.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    /// Waits for at most 30 s.
    func wait() { _ = semaphore.wait(timeout: .now() + 30) }
}
