import Redis
import TestSupport
import Testing

@testable import EventLedger

@Suite struct SettleTests {
    @Test func deliveredIsDone() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            #expect(try await bench.finish() == .recorded)
            #expect(try await bench.pending() == 0)
            #expect(try await bench.members(Bench.keyspace.due("email")).isEmpty)
            #expect(try await bench.finished() == ["clerk:msg_1"])
            let record = try #require(try await bench.record("msg_1"))
            #expect(record.standing == .delivered)
            #expect(record.attempts == 1 && record.token == 1 && !record.isReplay)
            let entry = try #require(record.entries.first)
            #expect(entry.what == "delivered" && entry.attempt == 1 && entry.answer == "200")
            let now = try #require(try await bench.connection.texts("TIME").first.flatMap(Int64.init)) * 1000
            #expect((now - 60_000...now + 1000).contains(entry.at))
            try await bench.checkInvariants()
        }
    }

    @Test func eachOfABatchHasItsOwnOutcome() async throws {
        try await Bench.with { bench async throws in
            let outcomes: [(Settlement.Verdict, answer: String, body: String, milliseconds: Int)] = [
                (.delivered, "200", "", 1), (.delivered, "200", "", 2), (.delivered, "204", "", 2),
                (.dead, "410", "gone", 3),
                (.dead, "410", "gone", 4), (.dead, "410", "gone!", 4), (.delivered, "200", "", 5),
            ]
            for index in outcomes.indices { _ = try await bench.claim(.sample("\(index)")) }
            let deliveries = try await bench.lease().deliveries.sorted { $0.reference.id < $1.reference.id }
            let settlements = zip(deliveries, outcomes).map { delivery, outcome in
                Settlement(
                    reference: delivery.reference, token: delivery.token, verdict: outcome.0, answer: outcome.answer,
                    answerBody: Array(outcome.body.utf8), duration: .milliseconds(outcome.milliseconds))
            }
            let settled = try await bench.ledger.settle(
                destination: "email", settlements, bounds: .wide, breaker: .wide)
            #expect(settled.results == outcomes.map { _ in .recorded })
            for (index, outcome) in outcomes.enumerated() {
                let entry = try #require(try await bench.record("\(index)")?.entries.first)
                #expect(entry.what == (outcome.0 == .dead ? "dead" : "delivered"))
                #expect(entry.answer == outcome.answer && entry.duration == outcome.milliseconds)
                let kept = try await bench.connection.command("HGET", .string(Bench.eventKey("\(index)")), "y:email")
                #expect(kept.string == (outcome.body.isEmpty ? nil : outcome.body))
            }
            try await bench.checkInvariants()
        }
    }

    @Test func whatIsHandedBackCostsNoAttempt() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            let first = try #require(try await bench.lease().deliveries.first)
            #expect(try await bench.settle(first, as: .release(after: .zero)) == .recorded)
            let second = try #require(try await bench.lease().deliveries.first)
            #expect(second.attempt == 1)
            #expect(second.token == 2)
            #expect(
                try await bench.settle(first, as: .delivered) == .overtaken, "an old token does not fit the new lease")
            #expect(try await bench.settle(second, as: .delivered) == .recorded)
            try await bench.checkInvariants()
        }
    }

    @Test func retryFallsDueLater() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            #expect(try await bench.finish(as: .retry(after: .seconds(30))) == .recorded)
            let wait = try #require(try await bench.lease().nextDue)
            #expect((.seconds(20)...(.seconds(30))).contains(wait))
            #expect(try await bench.pending() == 1)
            #expect(try await bench.finished().isEmpty)
            try await bench.makeDue("msg_1")
            #expect(try await bench.lease().deliveries.first?.attempt == 2)
            try await bench.checkInvariants()
        }
    }

    @Test func deadIsKeptAndKeepsTheEventOutOfHistory() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(to: ["email", "crm"]))
            #expect(try await bench.finish("email", as: .dead) == .recorded)
            #expect(try await bench.finish("crm") == .recorded)
            #expect(try await bench.members(Bench.keyspace.dead("email")) == ["clerk:msg_1"])
            #expect(try await bench.finished().isEmpty)
            #expect(try await bench.pending() == 0)
            try await bench.checkInvariants()
            // Neither the number nor the time of the history touches it.
            _ = try await bench.claim(.sample("msg_2"))
            try await bench.finish(bounds: HistoryBounds(window: 60, time: .zero, events: 0))
            #expect(try await bench.exists(Bench.eventKey("msg_1")))
            try await bench.checkInvariants()
        }
    }

    @Test func settlingTwiceChangesNothing() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(to: ["email", "crm"]))
            let delivery = try #require(try await bench.lease().deliveries.first)
            #expect(try await bench.settle(delivery, as: .delivered) == .recorded)
            #expect(try await bench.settle(delivery, as: .delivered) == .recorded, "the same word once more")
            #expect(try await bench.settle(delivery, as: .dead) == .overtaken)
            #expect(try await bench.settle(delivery, as: .retry(after: .zero)) == .overtaken)
            #expect(try await bench.pending() == 1)
            #expect(try await bench.record("msg_1")?.entries.map(\.what) == ["delivered"])
            try await bench.checkInvariants()
        }
    }

    @Test func onlyTheLatestAttemptCounts() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            var leases: [LeasedDelivery] = []
            for _ in 1...11 {
                leases.append(try #require(try await bench.lease().deliveries.first))
                try await bench.makeDue("msg_1")
            }
            #expect(leases.map(\.attempt) == Array(1...11))
            for late in leases.dropLast() { #expect(try await bench.settle(late, as: .delivered) == .overtaken) }
            #expect(try await bench.pending() == 1)
            #expect(try await bench.settle(leases[10], as: .delivered) == .recorded)
            try await bench.checkInvariants()
        }
    }

    @Test func whatWasNeverLeasedOrClaimedIsNotRecorded() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            for (id, attempt) in [("msg_1", 0), ("msg_1", 1), ("nobody", 1)] {
                let settlement = Settlement(
                    reference: EventReference(source: "clerk", id: id), token: attempt, verdict: .delivered,
                    answer: "200")
                let result = try await bench.ledger.settle(
                    destination: "email", [settlement], bounds: .wide, breaker: .wide
                ).results
                #expect(result == [.overtaken])
            }
            try await bench.checkInvariants()
        }
    }

    @Test func theLastDeliveryRenewsTheClaim() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(to: ["email", "crm"]))
            try await bench.connection.command("EXPIRE", .string(Bench.claimKey("msg_1")), 100)
            try await bench.finish("email")
            #expect(try await bench.lifetime(Bench.claimKey("msg_1")) <= 100, "not before the last")
            try await bench.finish("crm")
            #expect(try await bench.lifetime(Bench.claimKey("msg_1")) > Bench.window - 30)
            #expect(try await bench.claim(.sample(to: ["email", "crm"])) == .duplicate)
        }
    }

    @Test func theLastDeliveryClaimsAgainWhatHadLapsed() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            try await bench.delete(Bench.claimKey("msg_1"))
            try await bench.finish(as: .dead)
            #expect(try await bench.claim(.sample()) == .duplicate)
        }
    }

    @Test func aWholeBatchIsRecordedInOneGo() async throws {
        try await Bench.with { bench async throws in
            let count = Ledger.maximumSettlements
            for number in 0..<count { _ = try await bench.claim(.sample("msg_\(number)", to: ["email", "crm"])) }
            let leased = try await bench.lease(limit: count).deliveries
            try #require(leased.count == count)
            let verdicts: [Settlement.Verdict] = [.delivered, .retry(after: .seconds(60)), .dead, .delivered]
            let settlements = leased.enumerated().map { index, delivery in
                Settlement(
                    reference: delivery.reference, token: index % 4 == 3 ? 7 : 1, verdict: verdicts[index % 4],
                    answer: "an answer of several words \u{1F600}")
            }
            let results = try await bench.ledger.settle(
                destination: "email", settlements, bounds: .wide, breaker: .wide
            ).results
            for (index, result) in results.enumerated() {
                #expect(result == (index % 4 == 3 ? .overtaken : .recorded))
            }
            #expect(try await bench.pending() == count + count / 2)
            #expect(try await bench.members(Bench.keyspace.dead("email")).count == count / 4)
            try await bench.checkInvariants()
        }
    }

    @Test func nothingToSettleIsFine() async throws {
        try await Bench.with { bench async throws in
            #expect(
                try await bench.ledger.settle(destination: "email", [], bounds: .wide, breaker: .wide).results == [])
        }
    }
}
