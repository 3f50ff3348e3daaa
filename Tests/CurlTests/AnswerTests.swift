import Curl
import Testing

@Suite("Answers", .timeLimit(.minutes(1)))
struct AnswerTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
        ("HTTP/1.0 201 Created\r\n\r\nold", 201, "old"),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 304, ""),
        ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503, ""),
        ("HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", 599, ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\nx: 1\r\n\r\n", 200, "ok!"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\nx", 202, "x"),
        ("HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, ""),
    ])
    func complete(_ answer: String, _ status: Int, _ body: String) async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write(answer)
        }
        let response = try await withLoop { try await $0.perform(HTTPRequest(url: server.url(), body: [1])) }
        #expect(response.status == status)
        #expect(response.bodyPrefix == Array(body.utf8))
        #expect(response.isBodyComplete)
        #expect(response.retryAfter == nil)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func redirectsAreNotFollowed(_ status: Int) async throws {
        let other = try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let server = try ScriptedServer.answering(
            "HTTP/1.1 \(status) Moved\r\nLocation: \(other.url())\r\nContent-Length: 0\r\n\r\n")
        let response = try await withLoop { try await $0.perform(HTTPRequest(url: server.url())) }
        #expect(response.status == status)
        #expect(other.connections == 0)
    }

    // Once status line and headers are there, nothing in the body changes what the destination has said.
    @Test(
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nonly this",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk at all\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        ], [false, true])
    func brokenBody(_ answer: String, _ resets: Bool) async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write(answer)
            if resets { connection.resetOnClose() }
        }
        let result = try await withLoop { await outcome($0, HTTPRequest(url: server.url())) }
        // A reset may overtake the bytes before it (RFC 9112, section 9.6); then there is no answer at all.
        if resets, case .failure(let error) = result {
            #expect(error.code == .receiveFailed)
            #expect(error.requestSent)
        } else {
            let response = try result.get()
            #expect(response.status == 200)
            #expect(!response.isBodyComplete)
        }
    }

    @Test func endlessBody() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            let block = String(repeating: "abcdefgh", count: 1024)
            while connection.write(block) {}
        }
        let request = HTTPRequest(url: server.url(), timeout: .seconds(60))
        let response = try await withLoop { try await $0.perform(request) }
        #expect(response.status == 200)
        #expect(!response.isBodyComplete)
        #expect(response.bodyPrefix.count == HTTPResponse.maximumBodyPrefixBytes)
        #expect(response.duration < .seconds(30))
    }

    @Test func slowBody() async throws {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
            connection.readToEnd()
        }
        let request = HTTPRequest(url: server.url(), timeout: .milliseconds(300))
        let response = try await withLoop { try await $0.perform(request) }
        #expect(response.status == 200)
        #expect(!response.isBodyComplete)
        #expect(response.bodyPrefix == Array("begun".utf8))
        #expect(response.duration >= .milliseconds(290))
    }

    @Test(arguments: [
        ("Retry-After: 120", "120"), ("retry-after:Wed, 21 Oct 2026 07:28:00 GMT  ", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("RETRY-AFTER: \t7\t", "7"), ("Retry-After:", nil), ("Retry-After: \u{1B}[31m", nil), ("Retry-Afte: 1", nil),
        ("Retry-After: " + String(repeating: "9", count: 65), nil),
    ])
    func retryAfter(_ header: String, _ value: String?) async throws {
        let server = try ScriptedServer.answering("HTTP/1.1 503 Busy\r\n\(header)\r\nContent-Length: 0\r\n\r\n")
        let response = try await withLoop { try await $0.perform(HTTPRequest(url: server.url())) }
        #expect(response.retryAfter == value)
    }
}

@Suite("No answer", .timeLimit(.minutes(1)))
struct NoAnswerTests {
    /// The error of a request to a server that does `script` once it has read the request.
    private func failure(
        timeout: Duration = .seconds(20), _ script: @escaping @Sendable (ScriptedConnection) -> Void
    ) async throws -> TransferError? {
        let server = try ScriptedServer { connection, _ in
            _ = connection.readRequest()
            script(connection)
        }
        let request = HTTPRequest(url: server.url(), body: [1], timeout: timeout)
        return try await withLoop { await CurlTests.failure($0, request) }
    }

    @Test func closed() async throws {
        let error = try await failure { _ in }
        #expect(error?.code == .receiveFailed)
        #expect(error?.requestSent == true)
    }

    @Test func reset() async throws {
        let error = try await failure { $0.resetOnClose() }
        #expect(error?.code == .receiveFailed)
        #expect(error?.requestSent == true)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ])
    func closedWithinHeaders(_ answer: String) async throws {
        let error = try await failure { $0.write(answer) }
        #expect(error?.code == .receiveFailed)
        #expect(error?.requestSent == true)
    }

    @Test func closedAfterInformationalAnswer() async throws {
        let error = try await failure { $0.write("HTTP/1.1 100 Continue\r\n\r\n") }
        #expect(error?.code == .receiveFailed)
        #expect(error?.requestSent == true)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "<html></html>", "\u{0}\u{1}\u{2}\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n"])
    func notHTTP(_ answer: String) async throws {
        let error = try await failure { $0.write(answer) }
        #expect(error?.code == .invalidResponse)
        #expect(error?.requestSent == true)
        #expect(error?.message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } == true)
    }

    @Test func endlessHeaders() async throws {
        let error = try await failure { connection in
            connection.write("HTTP/1.1 200 OK\r\n")
            while connection.write("x-again: " + String(repeating: "x", count: 1000) + "\r\n") {}
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.requestSent == true)
    }

    @Test func timeoutAfterSending() async throws {
        let error = try await failure(timeout: .milliseconds(200)) { $0.readToEnd() }
        #expect(error?.code == .timeout)
        #expect(error?.requestSent == true)
        #expect((error?.duration).map { $0 >= .milliseconds(190) } == true)
    }

    @Test func timeoutWithinHeaders() async throws {
        let error = try await failure(timeout: .milliseconds(200)) { connection in
            connection.write("HTTP/1.1 200 OK\r\n")
            connection.readToEnd()
        }
        #expect(error?.code == .timeout)
        #expect(error?.requestSent == true)
    }

    // The server takes the connection but never shakes hands, so that the request is not written.
    @Test(arguments: [true, false])
    func timeoutBeforeSending(_ isConnectTimeout: Bool) async throws {
        let server = try ScriptedServer { connection, _ in connection.readToEnd() }
        let long = Duration.seconds(20)
        let short = Duration.milliseconds(200)
        let request = HTTPRequest(
            url: "https://127.0.0.1:\(server.port)/", body: [1], timeout: isConnectTimeout ? long : short,
            connectTimeout: isConnectTimeout ? short : long)
        let error = try await withLoop { await CurlTests.failure($0, request) }
        #expect(error?.code == .timeout)
        #expect(error?.requestSent == false)
        #expect(error?.isRetryable == true)
    }

    @Test func refusedConnection() async throws {
        let port = try ScriptedServer.closedPort()
        let error = try await withLoop { await CurlTests.failure($0, HTTPRequest(url: "http://127.0.0.1:\(port)/")) }
        #expect(error?.code == .connect)
        #expect(error?.requestSent == false)
        #expect(error?.message.isEmpty == false)
    }

    @Test func unknownName() async throws {
        let request = HTTPRequest(url: "http://nonexistent.invalid/", timeout: .seconds(20))
        let error = try await withLoop { await CurlTests.failure($0, request) }
        #expect(error?.code == .resolve)
        #expect(error?.requestSent == false)
    }

    // More than the socket buffers hold, so that the rest cannot be written any more.
    @Test func closedWithinRequest() async throws {
        let server = try ScriptedServer { connection, _ in
            connection.readSome()
            connection.resetOnClose()
        }
        let request = HTTPRequest(url: server.url(), body: [UInt8](repeating: 0, count: 32 << 20))
        let error = try await withLoop { await CurlTests.failure($0, request) }
        #expect(error?.code == .sendFailed || error?.code == .receiveFailed, "\(String(describing: error))")
        #expect(error?.requestSent == true)
        #expect(error?.isRetryable == true)
    }
}
