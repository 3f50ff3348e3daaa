import Redis
import TestSupport
import Testing

@testable import EventLedger

@Suite struct RetentionTests {
    private func finish(_ ids: some Sequence<Int>, _ bench: Bench, bounds: HistoryBounds = .wide) async throws {
        for number in ids {
            _ = try await bench.claim(.sample("msg_\(number)"))
            try await bench.finish(bounds: bounds)
            // Events that finish in one millisecond have no order.
            try await bench.connection.command(
                "ZADD", .string(Bench.keyspace.history), "XX", .integer(number), .string("clerk:msg_\(number)"))
        }
    }

    private func ids(_ bench: Bench) async throws -> [String] {
        try await bench.finished().map { String($0.dropFirst("clerk:msg_".count)) }
    }

    @Test func leavesByNumberTwoAtATimeTheOldestFirst() async throws {
        try await Bench.with { bench async throws in
            try await finish(10...19, bench)
            let bounds = HistoryBounds(window: 60, time: .seconds(1_000_000_000_000), events: 4)
            _ = try await bench.claim(.sample("msg_20"))
            try await bench.finish(bounds: bounds)
            #expect(try await ids(bench) == (12...20).map(String.init))
            #expect(try await bench.exists(Bench.eventKey("msg_11")) == false)
            #expect(try await bench.exists(Bench.claimKey("msg_11")), "the claim outlives the history")
            _ = try await bench.claim(.sample("msg_21"))
            try await bench.finish(bounds: bounds)
            #expect(try await ids(bench) == (14...21).map(String.init))
            try await bench.checkInvariants()
        }
    }

    @Test func historyLeavesWithoutSettlements() async throws {
        try await Bench.with { bench async throws in
            try await finish(10...19, bench)
            _ = try await bench.claim(.sample("msg_20"))
            let bounds = HistoryBounds(window: 60, time: .seconds(1_000_000_000_000), events: 4)
            #expect(try await bench.ledger.trim(bounds: bounds) == 6)
            #expect(try await ids(bench) == (16...19).map(String.init))
            #expect(try await bench.exists(Bench.eventKey("msg_15")) == false)
            #expect(try await bench.ledger.trim(bounds: bounds) == 0)
            #expect(try await bench.ledger.trim(bounds: .init(window: 60, time: .seconds(60), events: 4)) == 4)
            #expect(try await ids(bench).isEmpty)
            #expect(try await bench.pending() == 1, "what is pending stays")
            try await bench.checkInvariants()
        }
    }

    @Test func historyLeavesWhileRedisIsFull() async throws {
        try await Bench.with { bench async throws in
            try await finish(10...19, bench)
            try await bench.connection.command("CONFIG", "SET", "maxmemory", "1")
            await #expect(throws: RedisError.self) { try await bench.claim(.sample("msg_20")) }
            #expect(try await bench.ledger.trim(bounds: .init(window: 60, time: .seconds(60), events: 0)) == 10)
        }
    }

    @Test func theBoundHolds() async throws {
        try await Bench.with { bench async throws in
            let bounds = HistoryBounds(window: 60, time: .seconds(1_000_000_000_000), events: 3)
            try await finish(10...30, bench, bounds: bounds)
            #expect(try await ids(bench) == ["28", "29", "30"])
            try await bench.checkInvariants()
        }
    }

    @Test func withoutHistoryNothingIsKept() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            try await bench.finish(bounds: HistoryBounds(window: 60, time: .seconds(60), events: 0))
            let kept = Set(try await bench.keys().filter { !$0.contains(":lease:") })
            #expect(kept == ["og:{0}:claim:clerk:msg_1", "og:{0}:pending", "og:{0}:destinations"])
            #expect(try await bench.claim(.sample()) == .duplicate)
        }
    }

    @Test func leavesByTimeTwoAtATime() async throws {
        try await Bench.with { bench async throws in
            try await finish(10...15, bench)
            _ = try await bench.claim(.sample("msg_16"))
            try await bench.finish(bounds: HistoryBounds(window: 60, time: .seconds(60), events: 100))
            #expect(try await ids(bench) == ["12", "13", "14", "15", "16"], "scores 10 to 15 lie far back")
            try await bench.checkInvariants()
        }
    }

    @Test func neverTakesAnEventThatWaits() async throws {
        try await Bench.with { bench async throws in
            try await finish([10], bench)
            try await bench.delete(Bench.claimKey("msg_10"))
            #expect(try await bench.claim(.sample("msg_10", to: ["email", "crm"])) == .claimed)
            try await bench.finish("email", bounds: HistoryBounds(window: 60, time: .zero, events: 0))
            #expect(try await bench.exists(Bench.eventKey("msg_10")))
            #expect(try await bench.lease("crm").deliveries.count == 1)
            try await bench.checkInvariants()
        }
    }
}
