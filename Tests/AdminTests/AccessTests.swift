import Admin
import Testing

/// Who may use the API, and what requests must be like.
@Suite struct AccessTests {
    @Test(arguments: [
        [], ["authorization: Bearer wrong"], ["authorization: \(AdminBench.token)"], ["authorization: Bearer"],
    ])
    func withoutTheTokenNothingIsTold(headers: [String]) async throws {
        try await AdminBench.with { bench, _ async throws in
            for start in ["GET \(API.path)/events", "POST \(API.path)/destinations/email/pause"] {
                let answer = try await exchange(bench.port, start, headers: headers)
                #expect(answer.status == 401)
                #expect(answer.head.contains("www-authenticate: bearer"))
                #expect(!answer.body.contains(AdminBench.token))
            }
            #expect(try await bench.ledger.backlog(destination: "email").isPaused == false)
            #expect(try await bench.get("/events").status == 200)
        }
    }

    @Test(arguments: [
        ("localhost:1", 200), ("127.0.0.1", 200), ("[::1]:9090", 200), ("evil.example", 403), ("10.0.0.1", 403),
    ])
    func withoutATokenOnlyThisMachineIsAnswered(host: String, status: Int) async throws {
        try await AdminBench.with(token: nil) { bench, _ async throws in
            let answer = try await exchange(bench.port, "GET \(API.path)/destinations", host: host)
            #expect(answer.status == status)
        }
    }

    @Test(arguments: [[], ["content-type: text/plain"], ["content-type: application/x-www-form-urlencoded"]])
    func aFormOfAWebPageIsRefused(headers: [String]) async throws {
        try await AdminBench.with(token: nil) { bench, _ async throws in
            let answer = try await exchange(
                bench.port, "POST \(API.path)/destinations/email/pause", headers: headers, body: "{}")
            #expect(answer.status == 415)
            #expect(try await bench.ledger.backlog(destination: "email").isPaused == false)
        }
    }

    @Test func whatIsTooLongOrMisspeltIsRefused() async throws {
        try await AdminBench.with { bench, _ async throws in
            let long = #"{"type":""# + String(repeating: "x", count: 70_000) + #""}"#
            #expect(try await bench.post("/dead-letters/drop", long).status == 413)
            #expect(try await bench.post("/dead-letters/drop", #"{"destinatoin":"email"}"#).status == 400)
            #expect(try await bench.post("/dead-letters/drop", "[").status == 400)
            #expect(try await bench.get("/dead-letters?destinatoin=email").status == 400)
            #expect(try await bench.get("/events?limit=0").status == 400)
            #expect(try await bench.get("/events?type=a..b").status == 400)
            #expect(try await bench.get("/nothing").status == 404)
        }
    }

    @Test func aRedisThatIsAwayIsToldAsSuch() async throws {
        try await AdminBench.with { bench, redis async throws in
            redis.kill()
            let answer = try await bench.get("/events")
            #expect(answer.status == 503)
            #expect(answer.code == "redis_unavailable")
            #expect(answer.head.contains("retry-after: "))
        }
    }
}
