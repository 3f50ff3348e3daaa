import Testing

@Suite("A destination that must never be called twice")
struct HoldTests {
    private static let held = "oncegate_deliveries_total{destination=\"email\",outcome=\"held\"}"

    @Test("An answer that never comes is held and not repeated, and other events go on")
    func unanswered() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.close, .status(200))
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email, "on_unknown: hold")]))
            let first = SignedEvent()
            try await gateway.accept(first)
            let line = try await gateway.waitForLog("outcome unknown, held for a person")
            #expect(line["id"] == first.id)
            let second = SignedEvent()
            try await gateway.accept(second)
            try await gateway.waitForLog("delivered") { $0["id"] == second.id }
            #expect(email.requests.map(\.id) == [first.id, second.id])
            #expect(try await gateway.metric(Self.held) == 1)
            #expect(try await redis.pending() == 0)
            #expect(try await gateway.post(first).status == 200, "the sender need not send it again")
        }
    }

    @Test("What was not sent, and what was answered, is tried again")
    func known() async throws {
        try await Stage.with { stage in
            let email = try stage.closedService([.status(503), .status(200)])
            let gateway = try await stage.gateway(
                Setup(
                    redis: try await stage.redis(), destinations: [.init("email", email, "on_unknown: hold")],
                    retry: "{ attempts: 50, first: 100ms, factor: 1 }"))
            let event = SignedEvent()
            try await gateway.accept(event)
            try await gateway.waitForLog("attempt failed, will be repeated") { $0["answer"] == "connect" }
            try await email.open()
            try await gateway.waitForLog("delivered") { $0["id"] == event.id }
            #expect(email.requests.count == 2)
        }
    }

    @Test("An attempt that was under way when the gateway was killed is held by the next one")
    func killed() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold, .status(200))
            let setup = Setup(
                redis: try await stage.redis(),
                // Long enough for the kill to come before its end on a busy machine.
                destinations: [.init("email", email, "on_unknown: hold, timeout: 4s")])
            let first = try await stage.gateway(setup)
            let event = SignedEvent()
            try await first.accept(event)
            try await email.waitForRequests(1)
            first.process.kill()
            let second = try await stage.gateway(setup)
            let line = try await second.waitForLog(
                "outcome unknown, held for a person: nothing was recorded of an attempt")
            #expect(line["id"] == event.id)
            try await second.accept(SignedEvent())
            try await second.waitForLog("delivered")
            #expect(email.requests.count == 2, "the first one was not repeated")
        }
    }
}
