import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Leases whose replies never came.
@Suite struct LostReplyTests {
    private static let rule = LeaseRule(length: .seconds(60), window: Bench.window)

    /// The requests of a dispatcher that has sent `count` of them and missed the reply to the last.
    private func missed(_ count: Int = 1) -> LeaseRequests {
        var requests = LeaseRequests(dispatcher: "one")
        for number in 1...count {
            _ = requests.begin()
            if number < count { requests.end() }
        }
        return requests
    }

    @Test func theNextRequestHandsBackWhatALostReplyLeased() async throws {
        try await Bench.with { bench async throws in
            for id in ["a", "b"] { _ = try await bench.claim(.sample(id)) }
            var lost = LeaseRequests(dispatcher: "one")
            _ = try await bench.ledger.lease(destination: "email", limit: 1, rule: Self.rule, requests: &lost)
            var requests = missed()
            let lease = try await bench.ledger.lease(
                destination: "email", limit: 10, rule: Self.rule, requests: &requests)
            #expect(Set(lease.deliveries.map(\.reference.id)) == ["a", "b"])
            #expect(lease.deliveries.allSatisfy { $0.attempt == 1 && !$0.repeatsUnknown }, "it has cost no attempt")
            try await bench.checkInvariants()
        }
    }

    @Test func aRequestForNoneHandsBackWithoutTaking() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            var lost = LeaseRequests(dispatcher: "one")
            _ = try await bench.ledger.lease(destination: "email", limit: 1, rule: Self.rule, requests: &lost)
            var requests = missed()
            let none = try await bench.ledger.lease(
                destination: "email", limit: 0, rule: Self.rule, requests: &requests)
            #expect(none.deliveries.isEmpty)
            #expect(!requests.isReplyMissing)
            #expect(try await bench.lease().deliveries.map(\.attempt) == [1], "others have it at once")
        }
    }

    @Test func whatOthersLeasedIsNotHandedBack() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            var other = LeaseRequests(dispatcher: "two")
            let theirs = try await bench.ledger.lease(
                destination: "email", limit: 1, rule: Self.rule, requests: &other)
            #expect(theirs.deliveries.count == 1)
            var requests = missed()
            #expect(
                try await bench.ledger.lease(destination: "email", limit: 1, rule: Self.rule, requests: &requests)
                    .deliveries.isEmpty)
        }
    }

    @Test func whatWasSettledMeanwhileStays() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            var lost = LeaseRequests(dispatcher: "one")
            let leased = try await bench.ledger.lease(destination: "email", limit: 1, rule: Self.rule, requests: &lost)
            try await bench.settle(try #require(leased.deliveries.first), as: .delivered)
            var requests = missed()
            #expect(
                try await bench.ledger.lease(destination: "email", limit: 1, rule: Self.rule, requests: &requests)
                    .deliveries.isEmpty)
            try await bench.checkInvariants()
        }
    }

    @Test func aRequestThatArrivesAfterItsSuccessorLeasesNothing() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample("a"))
            var late = LeaseRequests(dispatcher: "one")
            var successor = missed(3)
            #expect(
                try await bench.ledger.lease(destination: "email", limit: 1, rule: Self.rule, requests: &successor)
                    .deliveries.count == 1)
            _ = try await bench.claim(.sample("b"))
            await #expect(throws: LedgerError.self, "nobody reads such a reply") {
                _ = try await bench.ledger.lease(destination: "email", limit: 1, rule: Self.rule, requests: &late)
            }
            #expect(try await bench.lease().deliveries.map(\.reference.id) == ["b"])
        }
    }
}
