import Admin
import EventLedger
import Testing

/// What waits for a person: listed, replayed, dropped.
@Suite struct DeadLetterTests {
    /// Does something again and again until all was looked at.
    private func all(
        _ bench: AdminBench, _ path: String, _ fields: String
    ) async throws -> (matched: Int, done: Int, skipped: [API.Skipped]) {
        var (matched, done, skipped, cursor) = (0, 0, [API.Skipped](), String?.none)
        repeat {
            let more = cursor.map { #","cursor":"\#($0)""# } ?? ""
            let answer = try await bench.post(
                "/dead-letters/\(path)", "{\(fields)\(more)}", as: API.DeadLetterAnswer.self)
            matched += answer.matched
            done += answer.done
            skipped += answer.skipped
            cursor = answer.cursor
        } while cursor != nil
        return (matched, done, skipped)
    }

    @Test func listsBothKindsOfAllDestinationsInPages() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim((0..<9).map { "dead_\($0)" }, to: ["email", "crm"])
            try await bench.settle("email", as: .dead, answer: "410", body: "gone for good")
            try await bench.settle("crm", as: .held, answer: "timeout", body: "")
            var seen: [API.Delivery] = []
            var cursor: String?
            repeat {
                let page = try await bench.get(
                    "/dead-letters?limit=4" + (cursor.map { "&cursor=\($0.percentEncoded)" } ?? ""),
                    as: API.DeadLetterPage.self)
                seen += page.deadLetters
                cursor = page.cursor
            } while cursor != nil
            #expect(seen.map(\.destination) == Array(repeating: "crm", count: 9) + Array(repeating: "email", count: 9))
            #expect(Set(seen.map { "\($0.destination) \($0.id)" }).count == 18)
            #expect(seen.allSatisfy { $0.standing == ($0.destination == "crm" ? "unknown" : "dead") })
            #expect(seen.last?.reason == "410" && seen.last?.lastAnswerBody == "gone for good")
            #expect(seen.first?.reason == "timeout")
        }
    }

    @Test func replaysAllOfALargeNumberOnce() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim((0..<1500).map { "m\($0)" }, to: ["email"])
            try await bench.settle("email", as: .dead)
            let dry = try await all(bench, "replay", #""destination":"email","dry_run":true"#)
            #expect(dry.matched == 1500)
            #expect(try await bench.count(.dead, of: "email") == 1500, "nothing was changed")
            let result = try await all(bench, "replay", #""destination":"email""#)
            #expect(result.matched == 1500 && result.done == 1500 && result.skipped.isEmpty)
            #expect(try await bench.count(.dead, of: "email") == 0)
            #expect(try await bench.count(.pending, of: "email") == 1500)
            #expect(Set(bench.notified.names) == ["email"])
        }
    }

    @Test func filtersLeaveTheOthersAlone() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim(["u1", "u2"], type: "user.created", to: ["email"])
            try await bench.claim(["s1"], type: "session.created", to: ["email", "crm"])
            for name in ["email", "crm"] { try await bench.settle(name, as: .dead) }
            #expect(try await all(bench, "drop", #""type":"user.*","older_than":"1h""#).done == 0)
            #expect(try await all(bench, "drop", #""type":"user.*","newer_than":"1h""#).done == 2)
            #expect(try await all(bench, "drop", #""destination":"email","standing":"unknown""#).done == 0)
            #expect(try await bench.count(.dead, of: "email") == 1)
            #expect(try await all(bench, "drop", #""ids":["s1","nobody"],"destination":"crm""#).done == 1)
            #expect(try await bench.count(.dead, of: "crm") == 0)
            #expect(try await bench.count(.dead, of: "email") == 1)
        }
    }

    @Test func whatWaitsForAnOrphanGoesElsewhereOrNowhere() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim(["m1", "m2"], to: ["crm"])
            try await bench.settle("crm", as: .dead)
            bench.configuration.value = .sample(destinations: ["email"], sources: ["clerk"])
            let list = try await bench.get("/destinations", as: API.DestinationList.self).destinations
            #expect(list.map(\.name) == ["email", "crm"] && list.map(\.configured) == [true, false])
            #expect(list[1].dead == 2)
            let stays = try await all(bench, "replay", #""destination":"crm""#)
            #expect(stays.done == 0 && stays.skipped.map(\.reason) == ["orphaned", "orphaned"])
            let goes = try await all(bench, "replay", #""destination":"crm","to":"email""#)
            #expect(goes.done == 2)
            #expect(try await bench.count(.pending, of: "email") == 2)
            #expect(try await bench.get("/destinations", as: API.DestinationList.self).destinations.count == 1)
        }
    }

    @Test func whatWaitsIsDroppedOrMovedWhereNobodyDelivers() async throws {
        try await AdminBench.with { bench, _ async throws in
            try await bench.claim((0..<300).map { "m\($0)" }, to: ["crm"])
            #expect(try await bench.post("/destinations/crm/drop").status == 409, "pause it first")
            _ = try await bench.post("/destinations/crm/pause", as: API.PauseAnswer.self)
            let dry = try await bench.post("/destinations/crm/move", #"{"to":"email","dry_run":true}"#)
            #expect(dry.status == 200)
            #expect(try await bench.count(.pending, of: "crm") == 300)
            var done = 0
            var more = true
            while more {
                let answer = try await bench.post(
                    "/destinations/crm/move", #"{"to":"email"}"#, as: API.DrainAnswer.self)
                done += answer.done
                more = answer.more
            }
            #expect(done == 300)
            #expect(try await bench.count(.pending, of: "email") == 300)
            #expect(try await bench.post("/destinations/crm/move", #"{"to":"nobody"}"#).status == 400)
            #expect(try await bench.post("/destinations/crm/resume", as: API.PauseAnswer.self).paused == false)
            #expect(try await bench.post("/destinations/nobody/pause").status == 404)
        }
    }
}
