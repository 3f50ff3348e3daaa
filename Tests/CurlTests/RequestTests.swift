import Curl
import Testing

@Suite("Requests on the wire", .timeLimit(.minutes(1)))
struct RequestTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private func received(_ change: (inout HTTPRequest) -> Void) async throws -> ReceivedRequest {
        let notes = Notes<ReceivedRequest>()
        let server = try ScriptedServer { connection, _ in
            while let request = connection.readRequest() {
                notes.add(request)
                connection.write(Self.ok)
            }
        }
        var request = HTTPRequest(url: server.url("/events?a=b"))
        change(&request)
        let response = try await withLoop { try await $0.perform(request) }
        #expect(response.status == 200)
        #expect(response.bodyPrefix == Array("ok".utf8))
        #expect(response.version == .http11)
        #expect(response.isBodyComplete)
        #expect(response.duration > .zero)
        return try #require(try await notes.first(1).first)
    }

    @Test func postArrivesAsGiven() async throws {
        let body = [UInt8]((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let request = try await received { request in
            request.headers = [("Content-Type", "application/json"), ("x-empty", ""), ("X-Note", "grün; a: b")]
            request.body = body
        }
        #expect(request.lines.first == "POST /events?a=b HTTP/1.1")
        #expect(request.values("content-type") == ["application/json"])
        #expect(request.values("x-empty") == [""])
        #expect(request.values("x-note") == ["grün; a: b"])
        #expect(request.values("content-length") == ["300000"])
        #expect(request.body == body)
    }

    @Test func nothingIsAddedThatWasNotAskedFor() async throws {
        // Above 1 MiB libcurl would wait for 100 (Continue).
        let request = try await received { $0.body = [UInt8](repeating: 7, count: 1_100_000) }
        let names = request.lines.dropFirst().map { $0.prefix { $0 != ":" }.lowercased() }
        #expect(names.sorted() == ["accept", "content-length", "host"])
        #expect(request.body.count == 1_100_000)
    }

    @Test func emptyPost() async throws {
        let request = try await received { _ in }
        #expect(request.lines.first == "POST /events?a=b HTTP/1.1")
        #expect(request.values("content-length") == ["0"])
    }

    @Test func get() async throws {
        let request = try await received { $0.method = .get }
        #expect(request.lines.first == "GET /events?a=b HTTP/1.1")
        #expect(request.values("content-length").isEmpty)
    }

    @Test func handlesCarryNothingOver() async throws {
        let notes = Notes<ReceivedRequest>()
        let server = try ScriptedServer { connection, _ in
            while let request = connection.readRequest() {
                notes.add(request)
                connection.write("HTTP/1.1 200 OK\r\nRetry-After: 5\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        let plain = try ScriptedServer.answering("HTTP/1.1 204 No Content\r\n\r\n")
        try await withLoop { loop in
            let body = [UInt8](repeating: 1, count: 200_000)
            let big = HTTPRequest(url: server.url(), headers: [("x-a", "1")], body: body)
            #expect(try await loop.perform(big).retryAfter == "5")
            let small = HTTPRequest(url: server.url(), headers: [("x-b", "2")], body: [2])
            _ = try await loop.perform(small)
            _ = try await loop.perform(HTTPRequest(url: server.url(), method: .get))
            let last = try await loop.perform(HTTPRequest(url: plain.url()))
            #expect(last.retryAfter == nil)
            #expect(last.bodyPrefix.isEmpty)
        }
        let requests = try await notes.first(3)
        #expect(requests[1].values("x-a").isEmpty)
        #expect(requests[1].body == [2])
        #expect(requests[2].values("x-b").isEmpty)
        #expect(requests[2].lines.first?.hasPrefix("GET") == true)
    }
}

@Suite("Refused requests", .timeLimit(.minutes(1)))
struct RefusedRequestTests {
    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1:80/", "http:/127.0.0.1", "http://", "http:///x", "",
        "http://127.0.0.1/a b", "http://127.0.0.1/\r\nx: y", "http://127.0.0.1/\u{0}", "http://ü.invalid/",
        "http://user:secret@127.0.0.1:1/", "gopher://127.0.0.1:1/_x", "http://127.0.0.1:99999/", "http://[::1/",
        "http://127.0.0.1/" + String(repeating: "x", count: HTTPRequest.maximumURLBytes),
    ])
    func address(_ url: String) async throws {
        let error = try await withLoop { await failure($0, HTTPRequest(url: url)) }
        #expect(error?.code == .badURL)
        #expect(error?.requestSent == false)
        #expect(error?.isRetryable == false)
        #expect(error?.description.contains("secret") == false)
    }

    @Test(arguments: [
        ("x-a", "1\r\nx-evil: 1"), ("x-a", "1\nx-evil: 1"), ("x-a", "1\r"), ("x-a", "a\u{0}b"), ("x-a", "\u{7F}"),
        ("x-a\r\nx-evil", "1"), ("x a", "1"), ("", "1"), ("x-a:", "1"), ("ü", "1"),
        ("Content-Length", "5"), ("transfer-encoding", "chunked"), ("EXPECT", "100-continue"), ("upgrade", "h2c"),
        ("x-a", String(repeating: "x", count: HTTPRequest.maximumHeaderValueBytes + 1)),
    ])
    func header(_ name: String, _ value: String) async throws {
        let server = try ScriptedServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let request = HTTPRequest(url: server.url(), headers: [("x-good", "1"), (name, value)])
        let error = try await withLoop { await failure($0, request) }
        #expect(error?.code == .badRequest)
        #expect(error?.requestSent == false)
        #expect(server.connections == 0)
    }

    @Test func getWithBody() async throws {
        let request = HTTPRequest(url: "http://127.0.0.1:1/", method: .get, body: [1])
        #expect(try await withLoop { await failure($0, request) }?.code == .badRequest)
    }

    @Test func tooManyHeaders() async throws {
        let headers = Array(repeating: (name: "x", value: "y"), count: HTTPRequest.maximumHeaders + 1)
        let request = HTTPRequest(url: "http://127.0.0.1:1/", headers: headers)
        #expect(try await withLoop { await failure($0, request) }?.code == .badRequest)
    }

    @Test func descriptionsTellNothing() {
        let request = HTTPRequest(
            url: "http://127.0.0.1/?key=hunter2", headers: [("authorization", "hunter2")], body: Array("hunter2".utf8))
        var dumped = ""
        dump(request, to: &dumped)
        #expect(!"\(request)\(String(reflecting: Transfer(token: 1, request: request)))\(dumped)".contains("hunter2"))
    }
}
