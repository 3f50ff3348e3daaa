import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Updates that are older than an event delivered before.
@Suite struct StaleGuardTests {
    /// One event after the other is claimed, leased, and delivered unless it is stale.
    private func deliver(_ event: NewEvent, _ bench: Bench) async throws -> Bool {
        _ = try await bench.claim(event)
        let lease = try await bench.lease(skipsStale: true)
        for delivery in lease.deliveries {
            try await bench.settle(delivery, as: .delivered, guardTime: .seconds(60))
        }
        #expect(lease.passed.allSatisfy { $0.reason == .stale && $0.reference == event.reference })
        try await bench.checkInvariants()
        return !lease.deliveries.isEmpty
    }

    private static func event(
        _ id: String, _ type: String, _ subject: String? = "user_1", at time: Int64
    ) -> NewEvent {
        .sample(id, to: ["email"], type: type, subject: subject, time: time)
    }

    @Test func anOlderUpdateIsLeftOut() async throws {
        try await Bench.with { bench async throws in
            #expect(try await deliver(Self.event("a", "user.updated", at: 2000), bench))
            #expect(try await deliver(Self.event("b", "user.updated", at: 1999), bench) == false)
            #expect(try await bench.record("b")?.standing == .stale)
            #expect(try await bench.pending() == 0)
            #expect(try await bench.claim(Self.event("b", "user.updated", at: 1999)) == .duplicate)
            #expect(try await deliver(Self.event("c", "user.updated", at: 2000), bench), "not older")
            #expect(try await deliver(Self.event("d", "user.updated", at: 2001), bench))
        }
    }

    @Test(
        arguments: [
            ("user.created", "user_1", true), ("user.updated", "user_2", true),
            ("organization.updated", "user_1", true), ("user.updated", nil, true), ("user.updated", "user_1", false),
        ] as [(String, String?, Bool)])
    func onlyUpdatesOfOneSubjectAndFamilyAreCompared(type: String, subject: String?, isSent: Bool) async throws {
        try await Bench.with { bench async throws in
            #expect(try await deliver(Self.event("a", "user.deleted", at: 5000), bench))
            #expect(try await deliver(Self.event("b", type, subject, at: 1), bench) == isSent)
        }
    }

    @Test func whatWasNotDeliveredMakesNothingStale() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(Self.event("a", "user.updated", at: 5000))
            try await bench.finish(as: .dead)
            #expect(try await deliver(Self.event("b", "user.updated", at: 1), bench))
        }
    }

    @Test func withoutTheGuardEverythingIsSent() async throws {
        try await Bench.with { bench async throws in
            #expect(try await deliver(Self.event("a", "user.updated", at: 5000), bench))
            _ = try await bench.claim(Self.event("b", "user.updated", at: 1))
            #expect(try await bench.lease().deliveries.count == 1)
        }
    }
}
