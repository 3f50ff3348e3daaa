import Curl
import Testing

@Suite("Connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    @Test func sequentialRequestsShareOne() async throws {
        let server = try ScriptedServer.answering(Self.ok)
        try await withLoop { loop in
            for _ in 0..<20 {
                let response = try await loop.perform(HTTPRequest(url: server.url(), body: [1]))
                #expect(response.status == 200)
            }
        }
        #expect(server.connections == 1)
    }

    @Test func freshOnesOnDemand() async throws {
        let server = try ScriptedServer.answering(Self.ok)
        try await withLoop { loop in
            for _ in 0..<3 { _ = try await loop.perform(HTTPRequest(url: server.url(), freshConnection: true)) }
        }
        #expect(server.connections == 3)
    }

    @Test func oneClosedWhileIdleIsReplaced() async throws {
        let closed = Notes<Int>()
        let server = try ScriptedServer { connection, number in
            _ = connection.readRequest()
            connection.write(Self.ok)
            connection.shutDown()
            closed.add(number)
        }
        try await withLoop { loop in
            for count in 1...3 {
                #expect(try await loop.perform(HTTPRequest(url: server.url(), body: [1])).status == 200)
                _ = try await closed.first(count)
            }
        }
        #expect(server.connections == 3)
    }

    // libcurl alone would send the second request again, on another connection, though the peer had it already.
    @Test(arguments: [false, true])
    func requestIsNotRepeatedOnAnother(_ resets: Bool) async throws {
        let bodies = Notes<[UInt8]>()
        let server = try ScriptedServer { connection, _ in
            guard let first = connection.readRequest() else { return }
            bodies.add(first.body)
            connection.write(Self.ok)
            guard let second = connection.readRequest() else { return }
            bodies.add(second.body)
            if resets { connection.resetOnClose() }
        }
        try await withLoop { loop in
            for round in 0..<8 {
                let first = UInt8(2 * round)
                _ = try await loop.perform(HTTPRequest(url: server.url(), body: [first]))
                let error = await failure(loop, HTTPRequest(url: server.url(), body: [first + 1]))
                #expect(error?.code == .connectionDied)
                #expect(error?.requestSent == true)
            }
        }
        #expect(bodies.all == (0..<16).map { [$0] })
    }

    @Test func thousandRequestsInBatches() async throws {
        let server = try ScriptedServer { connection, _ in
            while let request = connection.readRequest() {
                let echo = String(decoding: request.body, as: UTF8.self)
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(echo.utf8.count)\r\n\r\n\(echo)")
            }
        }
        let batches = Notes<[Completion]>()
        let completions = Notes<Completion>()
        // Kept for as long as the slowest machine takes: the test is of reuse, not of age.
        let loop = CurlLoop(limits: .init(keptSeconds: 600)) { batch in
            batches.add(batch)
            completions.add(batch)
        }
        try loop.start()
        func transfers(_ tokens: Range<Int>) -> [Transfer] {
            tokens.map { token in
                let request = HTTPRequest(url: server.url(), body: Array("event \(token)".utf8))
                return Transfer(token: UInt64(token), request: request)
            }
        }
        for start in stride(from: 0, to: 1000, by: 64) {
            let end = min(start + 64, 1000)
            loop.submit(transfers(start..<end))
            _ = try await completions.first(end)
        }
        await loop.stop()
        let all = completions.all
        #expect(all.count == 1000)
        #expect(Set(all.map(\.token)).count == 1000)
        for completion in all {
            let response = try completion.result.get()
            #expect(response.bodyPrefix == Array("event \(completion.token)".utf8))
        }
        #expect(server.connections <= 64)
        #expect(batches.all.count < 1000, "completions come in batches")
    }
}
