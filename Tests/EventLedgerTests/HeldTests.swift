import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Attempts of unknown outcome at a destination that must never be called twice.
@Suite struct HeldTests {
    private static let key = Bench.keyspace.held("email")

    private func withHeld(_ body: (Bench, LeasedDelivery) async throws -> Void) async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            let delivery = try #require(try await bench.lease(holdsUnknown: true).deliveries.first)
            try await bench.makeDue("msg_1")
            let lease = try await bench.lease(holdsUnknown: true)
            #expect(lease.deliveries.isEmpty)
            #expect(
                lease.passed == [.init(reference: delivery.reference, type: "user.created", reason: .held)])
            try await bench.checkInvariants()
            try await body(bench, delivery)
            try await bench.checkInvariants()
        }
    }

    @Test func aLeaseThatRanOutIsHeldAndNotRepeated() async throws {
        try await withHeld { bench, _ async throws in
            #expect(try await bench.record("msg_1")?.standing == .unknown)
            #expect(try await bench.ledger.backlog(destination: "email").held == 1)
            #expect(try await bench.pending() == 0)
            #expect(try await bench.claim(.sample()) == .duplicate)
            // Neither the number nor the time of the history touches it.
            #expect(try await bench.ledger.trim(bounds: .init(window: 60, time: .zero, events: 0)) == 0)
        }
    }

    @Test func aDelayThatIsOverIsNoReasonToHold() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            try await bench.finish(as: .retry(after: .zero))
            let lease = try await bench.lease(holdsUnknown: true)
            #expect(lease.deliveries.map(\.attempt) == [2])
            #expect(lease.passed.isEmpty)
        }
    }

    @Test func aLateAnswerEndsTheHold() async throws {
        try await withHeld { bench, delivery async throws in
            #expect(try await bench.settle(delivery, as: .delivered) == .recorded)
            #expect(try await bench.exists(Self.key) == false)
            #expect(try await bench.record("msg_1")?.standing == .delivered)
            #expect(try await bench.finished() == ["clerk:msg_1"])
        }
    }

    @Test func aLateRefusalIsTriedAgain() async throws {
        try await withHeld { bench, delivery async throws in
            #expect(try await bench.settle(delivery, as: .retry(after: .zero)) == .recorded)
            #expect(try await bench.lease(holdsUnknown: true).deliveries.map(\.attempt) == [2])
        }
    }

    @Test func whatWasNotSentAfterAllCostsNoAttempt() async throws {
        try await withHeld { bench, delivery async throws in
            #expect(try await bench.settle(delivery, as: .release(after: .zero)) == .recorded)
            #expect(try await bench.lease(holdsUnknown: true).deliveries.map(\.attempt) == [1])
        }
    }

    @Test func aPersonReleasesItAsAReplay() async throws {
        try await withHeld { bench, delivery async throws in
            let requeue = Requeue(delivery.reference, from: "email", to: NewEvent.Target(name: "email"))
            let limits = ClaimLimits(window: 60, maximumPending: 10)
            #expect(
                try await bench.ledger.requeue([requeue], sources: .dead, isReplay: true, limits: limits)
                    == [.stands(.unknown)])
            #expect(
                try await bench.ledger.requeue([requeue], sources: .held, isReplay: true, limits: limits) == [.done])
            let replay = try #require(try await bench.lease(holdsUnknown: true).deliveries.first)
            #expect(replay.isReplay && replay.attempt == 1 && replay.token == 2)
            #expect(try await bench.settle(delivery, as: .delivered) == .overtaken)
        }
    }
}
