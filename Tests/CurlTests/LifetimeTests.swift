import Curl
import Synchronization
import Testing

@Suite("Cancelling and stopping", .timeLimit(.minutes(1)))
struct LifetimeTests {
    /// A server that notes each request and answers it once the gate opens.
    private struct Held {
        let arrived = Notes<ReceivedRequest>()
        let gate = Gate()
        let server: ScriptedServer

        init() throws {
            server = try ScriptedServer { [arrived, gate] connection, _ in
                guard let request = connection.readRequest() else { return }
                arrived.add(request)
                gate.wait()
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
    }

    @Test func cancelledTaskBreaksOff() async throws {
        let held = try Held()
        try await withLoop { loop in
            let task = Task { await failure(loop, HTTPRequest(url: held.server.url(), body: [1])) }
            _ = try await held.arrived.first(1)
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(error?.requestSent == true)
            held.gate.open()
            // The loop works on.
            let other = try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            #expect(try await loop.perform(HTTPRequest(url: other.url())).status == 200)
        }
    }

    @Test func taskCancelledBeforehand() async throws {
        let server = try ScriptedServer { connection, _ in connection.readToEnd() }
        let error = try await withLoop { loop in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure(loop, HTTPRequest(url: server.url()))
            }
            return await task.value
        }
        #expect(error?.code == .cancelled)
    }

    @Test func stopBreaksOffWhatIsUnderWay() async throws {
        let held = try Held()
        let completions = Notes<Completion>()
        let loop = CurlLoop { completions.add($0) }
        try loop.start()
        loop.submit((0..<5).map { Transfer(token: $0, request: HTTPRequest(url: held.server.url(), body: [1])) })
        _ = try await held.arrived.first(5)
        await loop.stop()
        #expect(Set(completions.all.map(\.token)) == [0, 1, 2, 3, 4])
        for completion in completions.all {
            guard case .failure(let error) = completion.result else {
                Issue.record("\(completion)")
                continue
            }
            #expect(error.code == .shutDown)
            #expect(error.requestSent)
        }
        for _ in 0..<5 { held.gate.open() }
    }

    @Test func drainLetsTransfersFinish() async throws {
        let held = try Held()
        let completions = Notes<Completion>()
        let loop = CurlLoop { completions.add($0) }
        try loop.start()
        loop.submit([Transfer(token: 1, request: HTTPRequest(url: held.server.url(), timeout: .seconds(30)))])
        _ = try await held.arrived.first(1)
        async let stopped: Void = loop.stop(drain: .seconds(30))
        // Refused from now on, which also shows that the stop has begun.
        while completions.all.isEmpty {
            loop.submit([Transfer(token: 2, request: HTTPRequest(url: "http://127.0.0.1:1/", timeout: .seconds(1)))])
            await Task.yield()
        }
        held.gate.open()
        await stopped
        let last = try #require(completions.all.first { $0.token == 1 })
        #expect(try last.result.get().status == 200)
    }

    @Test func drainHasAnEnd() async throws {
        let held = try Held()
        let completions = Notes<Completion>()
        let loop = CurlLoop { completions.add($0) }
        try loop.start()
        loop.submit([Transfer(token: 1, request: HTTPRequest(url: held.server.url(), timeout: .seconds(30)))])
        _ = try await held.arrived.first(1)
        await loop.stop(drain: .milliseconds(100))
        held.gate.open()
        guard case .failure(let error) = completions.all.first?.result else {
            Issue.record("not broken off")
            return
        }
        #expect(error.code == .shutDown)
    }

    @Test func afterTheEndEverythingIsRefused() async throws {
        let completions = Notes<Completion>()
        let loop = CurlLoop { completions.add($0) }
        try loop.start()
        await loop.stop()
        await loop.stop()
        loop.submit([Transfer(token: 7, request: HTTPRequest(url: "http://127.0.0.1:1/"))])
        #expect(completions.all.map(\.token) == [7])
        #expect(await failure(loop, HTTPRequest(url: "http://127.0.0.1:1/"))?.code == .shutDown)
    }

    @Test func loopThatNeverRan() async throws {
        let completions = Notes<Completion>()
        let loop = CurlLoop { completions.add($0) }
        loop.submit([Transfer(token: 7, request: HTTPRequest(url: "http://127.0.0.1:1/"))])
        #expect(completions.all.isEmpty)
        await loop.stop()
        #expect(completions.all.map(\.token) == [7])
    }

    @Test func loopLetGoOfEndsByItself() async throws {
        let held = try Held()
        let completions = Notes<Completion>()
        do {
            let loop = CurlLoop { completions.add($0) }
            try loop.start()
            loop.submit([Transfer(token: 1, request: HTTPRequest(url: held.server.url(), timeout: .seconds(30)))])
            _ = try await held.arrived.first(1)
        }
        _ = try await completions.first(1)
        held.gate.open()
    }

    @Test func moreThanTheLimitIsRefused() async throws {
        let held = try Held()
        let completions = Notes<Completion>()
        let loop = CurlLoop(limits: CurlLoop.Limits(transfers: 2)) { completions.add($0) }
        try loop.start()
        loop.submit((1...3).map { Transfer(token: $0, request: HTTPRequest(url: held.server.url())) })
        let refused = try #require(try await completions.first(1).first)
        #expect(refused.token == 3)
        guard case .failure(let error) = refused.result else {
            Issue.record("not refused")
            return
        }
        #expect(error.code == .overloaded)
        #expect(!error.requestSent)
        #expect(error.isRetryable)
        _ = try await held.arrived.first(2)
        held.gate.open()
        held.gate.open()
        _ = try await completions.first(3)
        await loop.stop()
    }

    @Test func receiverMaySubmit() async throws {
        let server = try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let completions = Notes<Completion>()
        let own = Mutex<CurlLoop?>(nil)
        let loop = CurlLoop { batch in
            completions.add(batch)
            let next = batch.filter { $0.token < 100 }.map {
                Transfer(token: $0.token + 1, request: HTTPRequest(url: server.url()))
            }
            own.withLock { $0 }?.submit(next)
        }
        own.withLock { $0 = loop }
        try loop.start()
        loop.submit([Transfer(token: 1, request: HTTPRequest(url: server.url()))])
        let all = try await completions.first(100)
        #expect(all.map(\.token) == Array(1...100))
        own.withLock { $0 = nil }
        await loop.stop()
    }
}
