import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Deliveries of one subject, one at a time and in the order of acceptance.
@Suite struct OrderingTests {
    private static let target = NewEvent.Target(name: "email", isOrdered: true)

    private func claim(_ ids: [String], subject: String?, _ bench: Bench) async throws {
        for id in ids { _ = try await bench.claim(.sample(id, targets: [Self.target], subject: subject)) }
    }

    private func leased(_ bench: Bench) async throws -> [String] {
        try await bench.lease().deliveries.map(\.reference.id)
    }

    @Test func oneOfASubjectGoesAtATime() async throws {
        try await Bench.with { bench async throws in
            try await claim(["a1", "a2", "a3"], subject: "a", bench)
            try await claim(["b1"], subject: "b", bench)
            for expected in [["a1", "b1"], ["a2"], ["a3"], []] {
                let lease = try await bench.lease()
                #expect(Set(lease.deliveries.map(\.reference.id)) == Set(expected))
                #expect(try await leased(bench).isEmpty, "while one is under way")
                for delivery in lease.deliveries { try await bench.settle(delivery, as: .delivered) }
                try await bench.checkInvariants()
            }
            #expect(try await bench.connection.texts("KEYS", "*queue*").isEmpty)
        }
    }

    @Test func aRetryHoldsBackItsOwnSubjectOnly() async throws {
        try await Bench.with { bench async throws in
            try await claim(["a1", "a2"], subject: "a", bench)
            try await bench.finish(as: .retry(after: .seconds(60)))
            try await claim(["b1"], subject: "b", bench)
            #expect(try await leased(bench) == ["b1"])
            try await bench.makeDue("a1")
            try await bench.finish()
            #expect(try await leased(bench) == ["a2"])
            try await bench.checkInvariants()
        }
    }

    @Test(arguments: [Settlement.Verdict.dead, .held])
    func whatWaitsForAPersonUnblocksItsSubject(verdict: Settlement.Verdict) async throws {
        try await Bench.with { bench async throws in
            try await claim(["a1", "a2"], subject: "a", bench)
            try await bench.finish(as: verdict)
            #expect(try await leased(bench) == ["a2"])
            try await bench.checkInvariants()
        }
    }

    @Test func aLeaseThatRanOutKeepsItsPlace() async throws {
        try await Bench.with { bench async throws in
            try await claim(["a1", "a2"], subject: "a", bench)
            #expect(try await leased(bench) == ["a1"])
            try await bench.makeDue("a1")
            #expect(try await leased(bench) == ["a1"], "a crash keeps the order, too")
        }
    }

    @Test func aReplayWaitsForItsTurn() async throws {
        try await Bench.with { bench async throws in
            try await claim(["a1"], subject: "a", bench)
            try await bench.finish(as: .dead)
            try await claim(["a2", "a3"], subject: "a", bench)
            let dead = EventReference(source: "clerk", id: "a1")
            let limits = ClaimLimits(window: 60, maximumPending: 10)
            let replay = Requeue(dead, from: "email", to: Self.target)
            #expect(
                try await bench.ledger.requeue([replay], sources: .dead, isReplay: true, limits: limits) == [.done])
            for expected in ["a2", "a3", "a1"] {
                let delivery = try #require(try await bench.lease().deliveries.first)
                #expect(delivery.reference.id == expected)
                try await bench.settle(delivery, as: .delivered)
            }
            try await bench.checkInvariants()
        }
    }

    @Test func withoutASubjectThereIsNoOrder() async throws {
        try await Bench.with { bench async throws in
            try await claim(["a", "b"], subject: nil, bench)
            #expect(try await leased(bench).count == 2)
        }
    }

    @Test func aSubjectIsOfASourceAndADestination() async throws {
        try await Bench.with { bench async throws in
            try await claim(["a1"], subject: "a", bench)
            let crm = NewEvent.Target(name: "crm", isOrdered: true)
            _ = try await bench.claim(.sample("a2", targets: [crm], subject: "a"))
            #expect(try await leased(bench) == ["a1"])
            #expect(try await bench.lease("crm").deliveries.count == 1)
        }
    }

    @Test func theBoundOfADestinationCountsWhatIsQueued() async throws {
        try await Bench.with { bench async throws in
            let target = NewEvent.Target(name: "email", isOrdered: true, maximumPending: 2)
            for id in ["a1", "a2"] {
                #expect(try await bench.claim(.sample(id, targets: [.init(name: "crm"), target])) == .claimed)
            }
            let before = try await bench.keys()
            let third = NewEvent.sample("a3", targets: [.init(name: "crm"), target])
            #expect(try await bench.claim(third) == .full(destination: "email"))
            #expect(try await bench.keys() == before, "nothing was written")
            #expect(try await bench.claim(.sample("a4", to: ["crm"])) == .claimed)
            #expect(try await bench.ledger.backlog(destination: "email").pending == 2)
            try await bench.finish()
            #expect(try await bench.claim(third) == .claimed)
        }
    }
}
