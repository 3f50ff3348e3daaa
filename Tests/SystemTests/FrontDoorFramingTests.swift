import Testing

@Suite("The front door and the finer points of HTTP/1.1")
struct FrontDoorFramingTests {
    /// Sends a request and then a plain one on the same connection, and gives both answers.
    private func answers(to request: RawRequest) async throws -> (first: RawResponse, second: RawResponse?) {
        var answers: (RawResponse, RawResponse?)?
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            try await RawConnection.with(port: gateway.port) { connection in
                let first = try await connection.exchange(request, withoutBody: request.method == "HEAD")
                if first["connection"] == "close" {
                    try await connection.waitUntilClosed()
                    answers = (first, nil)
                } else {
                    answers = (first, try await connection.exchange(SignedEvent().request()))
                }
            }
        }
        return try #require(answers)
    }

    @Test("The answer to HEAD has no body, so that the next answer is where it belongs")
    func head() async throws {
        let (first, second) = try await answers(to: RawRequest(method: "HEAD"))
        #expect(first.status == 405)
        #expect(first["allow"] == "POST")
        if let second { #expect(second.status == 202) }
    }

    @Test("Two lengths that contradict each other are refused, and the connection ends")
    func smuggling() async throws {
        var both = try SignedEvent().request()
        both["content-length"] = "5"
        both.chunkSize = 100
        var twice = try SignedEvent().request()
        twice.headers += [("content-length", "5"), ("content-length", "\(twice.body.count)")]
        for request in [both, twice] {
            let (first, second) = try await answers(to: request)
            #expect(first.status == 400)
            #expect(first.body == #"{"error":"Malformed request"}"#)
            #expect(second == nil)
        }
    }

    @Test("Header names in capitals and an offer to upgrade are taken")
    func unusual() async throws {
        var capitals = try SignedEvent().request()
        capitals.headers = capitals.headers.map { ($0.name.uppercased(), $0.value) }
        var upgrade = try SignedEvent().request()
        upgrade.headers += [
            ("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__"),
        ]
        for request in [capitals, upgrade] {
            let (first, second) = try await answers(to: request)
            #expect(first.status == 202, "\(request.target) \(request.headers)")
            if let second { #expect(second.status == 202) }
        }
    }
}
