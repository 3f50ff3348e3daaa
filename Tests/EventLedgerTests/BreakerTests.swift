import Redis
import TestSupport
import Testing

@testable import EventLedger

/// The breaker of a destination: one in Redis for all processes.
@Suite struct BreakerTests {
    private static let key = Bench.keyspace.breaker("email")
    private static let rule = BreakerRule(failures: 3, probe: .seconds(10), probeMaximum: .seconds(30))

    /// Ends attempts, one after the other, all in one call.
    private func end(
        _ deliveries: [LeasedDelivery], _ health: Health, _ bench: Bench,
        as verdict: Settlement.Verdict = .retry(after: .zero)
    ) async throws -> Settled {
        try await bench.ledger.settle(
            destination: "email",
            deliveries.map {
                Settlement(
                    reference: $0.reference, token: $0.token, verdict: verdict, answer: "answer", health: health)
            },
            bounds: .wide, breaker: Self.rule)
    }

    /// A bench with deliveries under way, of which three have failed.
    private func withOpenBreaker(_ body: (Bench, _ underWay: [LeasedDelivery]) async throws -> Void) async throws {
        try await Bench.with { bench async throws in
            for number in 0..<6 { _ = try await bench.claim(.sample("msg_\(number)")) }
            let leased = try await bench.lease(limit: 5).deliveries
            #expect(try await end(Array(leased[..<2]), .failing, bench).breaker == .none)
            #expect(try await end([leased[2]], .failing, bench).breaker == .opened)
            try await body(bench, Array(leased[3...]))
            try await bench.checkInvariants()
        }
    }

    /// Lets the time of the next probe come.
    private func letProbe(_ bench: Bench) async throws {
        try await bench.connection.command("HSET", .string(Self.key), "o", 1)
    }

    private func timeToProbe(_ bench: Bench) async throws -> Duration {
        try #require(try await bench.lease().nextDue)
    }

    @Test func anOpenBreakerLetsNothingThroughAndSpendsNoAttempt() async throws {
        try await withOpenBreaker { bench, _ in
            let lease = try await bench.lease()
            #expect(lease.deliveries.isEmpty)
            #expect((.seconds(5)...(.seconds(10))).contains(try #require(lease.nextDue)))
            #expect(try await bench.record("msg_5")?.token == 0)
            #expect(try await bench.ledger.backlog(destination: "email").isBreakerOpen)
            #expect(try await bench.lifetime(Self.key) > 0, "it has an end")
        }
    }

    @Test func aProbeIsASingleDelivery() async throws {
        try await withOpenBreaker { bench, _ in
            try await letProbe(bench)
            #expect(try await bench.lease().deliveries.count == 1)
            #expect(try await bench.lease().deliveries.isEmpty, "while it is under way")
        }
    }

    @Test func aProbeThatFailsDoublesThePauseUpToTheLongest() async throws {
        try await withOpenBreaker { bench, _ in
            for pause in [20, 30, 30] {
                try await letProbe(bench)
                let probe = try await bench.lease().deliveries
                #expect(try await end(probe, .failing, bench).breaker == .none)
                let wait = try await timeToProbe(bench)
                #expect((.seconds(pause - 5)...(.seconds(pause))).contains(wait))
            }
        }
    }

    @Test func aProbeGivesNoDeliveryUp() async throws {
        try await withOpenBreaker { bench, underWay in
            #expect(try await end([underWay[0]], .failing, bench, as: .dead).results == [.recorded], "no probe")
            for _ in 0..<3 {
                try await letProbe(bench)
                let probe = try await bench.lease().deliveries
                #expect(try await end(probe, .failing, bench, as: .dead).results == [.spared])
                try await bench.makeDue(try #require(probe.first).reference.id)
            }
            #expect(try await bench.ledger.backlog(destination: "email").deadLetters == 1)
            try await letProbe(bench)
            let probe = try await bench.lease().deliveries
            #expect(try await end(probe, .up, bench, as: .dead).results == [.recorded], "refused, and for good")
            #expect(try await bench.ledger.backlog(destination: "email").deadLetters == 2)
        }
    }

    @Test func whatWasUnderWayDoesNotLengthenThePause() async throws {
        try await withOpenBreaker { bench, underWay in
            _ = try await end(underWay, .failing, bench)
            #expect(try await timeToProbe(bench) <= .seconds(10))
        }
    }

    @Test func successCloses() async throws {
        try await withOpenBreaker { bench, _ in
            try await letProbe(bench)
            let probe = try await bench.lease().deliveries
            #expect(try await end(probe, .up, bench, as: .delivered).breaker == .closed)
            #expect(try await bench.exists(Self.key) == false)
            #expect(try await bench.lease().deliveries.count == 3)
        }
    }

    @Test func aProbeThatWasNotSentIsMadeUpForAtOnce() async throws {
        try await withOpenBreaker { bench, _ in
            try await letProbe(bench)
            let probe = try await bench.lease().deliveries
            _ = try await end(probe, .untested, bench, as: .release(after: .zero))
            #expect(try await bench.lease().deliveries.count == 1)
        }
    }

    @Test func aProcessThatDiesWithTheProbeHoldsUpNobody() async throws {
        try await withOpenBreaker { bench, _ in
            try await letProbe(bench)
            let probe = try await bench.lease(length: .milliseconds(1)).deliveries
            #expect(probe.count == 1)
            try await eventually("the next probe") { try await bench.lease().deliveries.count == 1 }
        }
    }

    @Test func failuresHaveToComeInARow() async throws {
        try await Bench.with { bench async throws in
            for number in 0..<5 { _ = try await bench.claim(.sample("msg_\(number)")) }
            let leased = try await bench.lease().deliveries
            _ = try await end(Array(leased[..<2]), .failing, bench)
            _ = try await end([leased[2]], .up, bench, as: .delivered)
            #expect(try await bench.exists(Self.key) == false)
            _ = try await end(Array(leased[3...]), .failing, bench)
            #expect(try await bench.ledger.backlog(destination: "email").isBreakerOpen == false)
        }
    }
}
