import Redis
import TestSupport
import Testing

@testable import EventLedger

/// The rate limit of a destination: one bucket in Redis for all processes.
@Suite struct RateTests {
    private static let bucket = Bench.keyspace.rate("email")

    private func claim(_ count: Int, _ bench: Bench) async throws {
        for number in 0..<count { _ = try await bench.claim(.sample("msg_\(number)")) }
    }

    private func lease(_ bench: Bench, perSecond: Double) async throws -> WholeLease {
        try await bench.lease(limit: 100, length: .seconds(60), rate: LeaseRate(perSecond: perSecond))
    }

    /// Sets what the bucket holds, and when it was last looked at, in milliseconds from now.
    private func set(_ bench: Bench, tokens: Int, at offset: Int) async throws {
        let time = try await bench.connection.texts("TIME").compactMap(Int.init)
        try await bench.connection.command(
            "HSET", .string(Self.bucket), "n", .integer(tokens), "at",
            .integer(time[0] * 1000 + time[1] / 1000 + offset))
    }

    @Test func asMuchAsATenthOfASecondComesAtOnce() async throws {
        try await Bench.with { bench async throws in
            try await claim(40, bench)
            let first = try await lease(bench, perSecond: 0.2)
            #expect(first.deliveries.count == 1, "never less than one")
            #expect((.seconds(1)...(.seconds(5))).contains(try #require(first.nextDue)))
            try await bench.delete(Self.bucket)
            #expect(try await lease(bench, perSecond: 200).deliveries.count == 20)
        }
    }

    @Test func theBucketFillsAtTheRateAndNoFurther() async throws {
        try await Bench.with { bench async throws in
            try await claim(40, bench)
            try await set(bench, tokens: 0, at: -5000)
            #expect(try await lease(bench, perSecond: 1).deliveries.count == 1, "five have come, one is kept")
            try await set(bench, tokens: 0, at: -1500)
            let late = try await lease(bench, perSecond: 0.5)
            #expect(late.deliveries.isEmpty, "three quarters of one")
            #expect((.milliseconds(1)...(.milliseconds(500))).contains(try #require(late.nextDue)))
        }
    }

    @Test func allProcessesDrawFromOneBucket() async throws {
        try await Bench.with { bench async throws in
            try await claim(40, bench)
            try await bench.redis.withConnection { connection in
                let other = Ledger(connection: connection, keyspace: Bench.keyspace)
                let rate = LeaseRate(perSecond: 0.1)
                let mine = try await bench.lease(limit: 9, length: .seconds(60), rate: rate)
                let theirs = try await other.lease(destination: "email", limit: 9, length: .seconds(60), rate: rate)
                #expect(mine.deliveries.count == 1)
                #expect(theirs.deliveries.isEmpty)
            }
        }
    }

    @Test func aClockThatIsSetBackDoesNotStopTheFlow() async throws {
        try await Bench.with { bench async throws in
            try await claim(2, bench)
            try await set(bench, tokens: 0, at: 3_600_000)
            #expect(try await lease(bench, perSecond: 1).deliveries.isEmpty)
            let at = try #require(
                try await bench.connection.texts("HMGET", .string(Self.bucket), "at").first.flatMap(Int.init))
            let now = try #require(try await bench.connection.texts("TIME").first.flatMap(Int.init)) * 1000
            #expect(at < now + 60_000)
        }
    }

    @Test func noneLetsNothingThrough() async throws {
        try await Bench.with { bench async throws in
            try await claim(1, bench)
            let lease = try await lease(bench, perSecond: 0)
            #expect(lease.deliveries.isEmpty)
            #expect(try #require(lease.nextDue) > .seconds(1))
        }
    }

    @Test func theBucketHasAnEnd() async throws {
        try await Bench.with { bench async throws in
            try await claim(1, bench)
            _ = try await lease(bench, perSecond: 0.01)
            #expect((1...101).contains(try await bench.lifetime(Self.bucket)))
        }
    }
}
