import Admin
import EventLedger
import NIOCore
import Testing

/// Looking at events, delivering them again, forgetting them.
@Suite struct EventTests {
    @Test func listsInPagesWhatWaitsBeforeWhatIsFinished() async throws {
        try await AdminBench.with { bench, _ async throws in
            let ids = (0..<25).map { "msg_\($0)" }
            try await bench.claim(ids, to: ["email"])
            try await bench.settle("email", as: .delivered)
            try await bench.claim(["waiting"], to: ["email", "crm"])
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await bench.get(
                    "/events?limit=7" + (cursor.map { "&cursor=\($0.percentEncoded)" } ?? ""), as: API.EventPage.self)
                #expect(page.events.count <= 7)
                seen += page.events.map(\.id)
                cursor = page.cursor
            } while cursor != nil
            #expect(seen.first == "waiting")
            #expect(seen.count == 26 && Set(seen) == Set(ids + ["waiting"]))
            let waiting = try await bench.get("/events?standing=pending", as: API.EventPage.self)
            #expect(waiting.events.map(\.deliveries) == [["email": "pending", "crm": "pending"]])
            let none = try await bench.get("/events?type=session.*", as: API.EventPage.self)
            #expect(none.events.isEmpty && none.cursor == nil)
        }
    }

    @Test func showsAnEventWithItsAttempts() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim(
                ["a/b%2F?c"], to: ["crm", "email"], body: ByteBuffer(string: #"{"type":"user.created"}"#))
            try await bench.settle("email", as: .dead, answer: "422", body: "not like this")
            let event = try await bench.get("/events/\("a/b%2F?c".percentEncoded)", as: API.ShownEvent.self)
            #expect(event.id == "a/b%2F?c" && event.source == "clerk" && event.subject == "user_1")
            #expect(event.body == #"{"type":"user.created"}"# && event.hidden == nil)
            #expect(event.time == "2022-05-31T15:56:31.835Z")
            #expect(event.deliveries.map(\.destination) == ["crm", "email"])
            #expect(event.deliveries[0].standing == "pending" && event.deliveries[0].nextAttemptAt != nil)
            let dead = event.deliveries[1]
            #expect(dead.standing == "dead" && dead.attempts == 1 && dead.lastAnswerBody == "not like this")
            #expect(dead.history.map(\.answer) == ["422"] && dead.history.map(\.ms) == [7])
            #expect(try await bench.get("/events/nobody").status == 404)
            #expect(try await bench.get("/events/a.b").status == 400)
        }
    }

    @Test(arguments: ["email.created", "sms.created"])
    func oneTimeCodesAreShownOnlyToThoseWhoAsk(type: String) async throws {
        try await AdminBench.with { bench, _ async throws in
            let body = #"{"type":"\#(type)","data":{"otp_code":"424242"}}"#
            try await bench.claim(["m"], type: type, to: ["email"], body: ByteBuffer(string: body))
            try await bench.settle("email", as: .dead, body: "what is 424242?")
            for target in ["/events", "/events/m", "/dead-letters"] {
                let hidden = try await bench.get(target)
                #expect(hidden.status == 200 && !hidden.body.contains("424242"), "\(target)")
            }
            #expect(try await bench.get("/events/m", as: API.ShownEvent.self).hidden == true)
            #expect(try await bench.get("/events/m?reveal=true", as: API.ShownEvent.self).body == body)
            #expect(try await bench.get("/dead-letters?reveal=true").body.contains("what is 424242?"))
        }
    }

    @Test func anIdOfSeveralSourcesMustSayWhich() async throws {
        try await AdminBench.with(sources: ["clerk", "other"]) { bench, _ async throws in
            for source in ["clerk", "other"] { try await bench.claim(["m"], source: source, to: ["email"]) }
            #expect(try await bench.get("/events/m").code == "ambiguous")
            #expect(try await bench.get("/events/m?source=other", as: API.ShownEvent.self).source == "other")
        }
    }

    @Test func replaysToAllOrToOneAndTellsTheDispatchers() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim(["m"], to: ["email"])
            try await bench.settle("email", as: .delivered)
            let again = try await bench.post("/events/m/replay", as: API.ReplayAnswer.self)
            #expect(again.deliveries.map(\.result) == ["queued"])
            let twice = try await bench.post("/events/m/replay", as: API.ReplayAnswer.self)
            #expect(twice.deliveries.map(\.result) == ["pending"])
            let elsewhere = try await bench.post("/events/m/replay", #"{"to":"crm"}"#, as: API.ReplayAnswer.self)
            #expect(elsewhere.deliveries.map(\.destination) == ["crm"])
            #expect(bench.notified.names == ["email", "crm"])
            #expect(try await bench.post("/events/m/replay", #"{"to":"nobody"}"#).status == 400)
            #expect(try await bench.post("/events/nobody/replay").status == 404)
            #expect(try await bench.count(.pending, of: "crm") == 1)
        }
    }

    @Test func forgetsWhatIsFinishedOnly() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim(["m"], to: ["email"])
            #expect(try await bench.post("/events/m/forget").status == 409)
            try await bench.settle("email", as: .dead)
            #expect(try await bench.post("/events/m/forget").status == 200)
            #expect(try await bench.count(.dead, of: "email") == 0)
            try await bench.claim(["m"], to: ["email"])  // taken as new
        }
    }
}
