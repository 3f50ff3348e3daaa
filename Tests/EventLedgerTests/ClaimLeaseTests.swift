import Redis
import TestSupport
import Testing

@testable import EventLedger

/// Deliveries that are leased in the step in which their event is claimed.
@Suite struct ClaimLeaseTests {
    private static let leases: [Duration?] = [.seconds(20), nil]

    @Test func isLeasedAndNotLeasedAgain() async throws {
        try await Bench.with { bench async throws in
            let event = NewEvent.sample(to: ["email", "crm"], body: Array("body".utf8))
            let result = try await bench.claim(event, leases: Self.leases)
            guard case .leased(let receivedAt, let targets) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(targets == [0])
            let lease = try await bench.lease()
            #expect(lease.deliveries.isEmpty)
            #expect(try #require(lease.nextDue) > .zero)
            let due = RedisArgument.string(Bench.keyspace.due("email"))
            let end = try await bench.connection.command("ZSCORE", due, "clerk:msg_1").string
            #expect(end == "\(receivedAt + 20_000).25", "when the lease ends, to the millisecond")
            #expect(try await bench.lease("crm").deliveries.count == 1, "the other one is queued")
            #expect(try await bench.pending() == 2)
            try await bench.checkInvariants()
            // It is what a lease would have brought.
            let delivery = LeasedDelivery(first: event, receivedAt: receivedAt)
            try await bench.makeDue("msg_1", at: "email")
            let again = try #require(try await bench.lease().deliveries.first)
            #expect(again.event == delivery.event && again.receivedAt == delivery.receivedAt)
            #expect(again.type == delivery.type && again.subject == delivery.subject)
            #expect(again.token == delivery.token + 1 && again.repeatsUnknown, "its lease had run out")
        }
    }

    @Test func isSettledLikeAnyOther() async throws {
        try await Bench.with { bench async throws in
            let event = NewEvent.sample()
            _ = try await bench.claim(event, leases: Self.leases)
            let delivery = LeasedDelivery(first: event, receivedAt: 0)
            #expect(try await bench.settle(delivery, as: .delivered) == .recorded)
            #expect(try await bench.pending() == 0)
            #expect(try await bench.claim(event, leases: Self.leases) == .duplicate)
            try await bench.checkInvariants()
        }
    }

    @Test func isHandedBackWithoutAnAttempt() async throws {
        try await Bench.with { bench async throws in
            let event = NewEvent.sample()
            _ = try await bench.claim(event, leases: Self.leases)
            let delivery = LeasedDelivery(first: event, receivedAt: 0)
            #expect(try await bench.settle(delivery, as: .release(after: .zero)) == .recorded)
            let next = try #require(try await bench.lease().deliveries.first)
            #expect(next.attempt == 1 && next.token == 2 && !next.repeatsUnknown)
        }
    }

    @Test func aClaimThatWasNotMadeHasNothingToHandBack() async throws {
        try await Bench.with { bench async throws in
            let event = NewEvent.sample()
            let delivery = LeasedDelivery(first: event, receivedAt: 0)
            #expect(try await bench.settle(delivery, as: .unlease(after: .zero, claim: event.mark)) == .overtaken)
            #expect(try await bench.keys().isEmpty)
        }
    }

    @Test func whatAClaimMayHaveLeasedIsHandedBackIfItHas() async throws {
        try await Bench.with { bench async throws in
            let event = NewEvent.sample()
            let delivery = LeasedDelivery(first: event, receivedAt: 0)
            let unlease = Settlement.Verdict.unlease(after: .zero, claim: event.mark)
            _ = try await bench.claim(event, leases: Self.leases)
            #expect(try await bench.settle(delivery, as: unlease) == .recorded)
            #expect(try await bench.settle(delivery, as: unlease) == .recorded, "told twice")
            #expect(try await bench.lease().deliveries.map(\.token) == [2])
            #expect(try await bench.settle(delivery, as: unlease) == .overtaken)
            #expect(try await bench.lease().deliveries.isEmpty, "the lease of another stands")
        }
    }

    @Test func whatAnotherClaimOfTheIdHasLeasedIsLeftToIt() async throws {
        try await Bench.with { bench async throws in
            // The sender posted it to two gateways; one has the delivery, the other never had its reply.
            let (event, copy) = (NewEvent.sample(), NewEvent.sample())
            _ = try await bench.claim(event, leases: Self.leases)
            #expect(try await bench.claim(copy, leases: Self.leases) == .duplicate)
            let delivery = LeasedDelivery(first: event, receivedAt: 0)
            #expect(try await bench.settle(delivery, as: .unlease(after: .zero, claim: copy.mark)) == .overtaken)
            #expect(try await bench.lease().deliveries.isEmpty, "it is on its way")
            #expect(try await bench.settle(delivery, as: .delivered) == .recorded)
        }
    }

    @Test func whatIsHeldIsNotReleasedByTheCopyOfItsEvent() async throws {
        try await Bench.with { bench async throws in
            // The one that had it died, after the destination was told to hold what is unknown.
            let (event, copy) = (NewEvent.sample(), NewEvent.sample())
            _ = try await bench.claim(event, leases: Self.leases)
            _ = try await bench.claim(copy, leases: Self.leases)
            try await bench.makeDue("msg_1", at: "email")
            #expect(try await bench.lease(holdsUnknown: true).passed.map(\.reason) == [.held])
            let delivery = LeasedDelivery(first: copy, receivedAt: 0)
            #expect(try await bench.settle(delivery, as: .unlease(after: .zero, claim: copy.mark)) == .overtaken)
            #expect(try await bench.lease(holdsUnknown: true).deliveries.isEmpty, "it may have been delivered")
            #expect(try await bench.members(Bench.keyspace.held("email")) == ["clerk:msg_1"])
        }
    }

    @Test func aLeaseOfAnotherIsNotTakenForThatOfTheClaim() async throws {
        try await Bench.with { bench async throws in
            // The claim only queued it, for it was paused; another gateway leased it, under the same token.
            let event = NewEvent.sample()
            try await bench.connection.command("HSET", .string(Bench.keyspace.paused), "email", "1")
            #expect(try await bench.claim(event, leases: Self.leases) == .claimed)
            try await bench.connection.command("DEL", .string(Bench.keyspace.paused))
            let other = try #require(try await bench.lease().deliveries.first)
            let delivery = LeasedDelivery(first: event, receivedAt: 0)
            #expect(delivery.token == other.token)
            #expect(try await bench.settle(delivery, as: .unlease(after: .zero, claim: event.mark)) == .overtaken)
            #expect(try await bench.settle(other, as: .delivered) == .recorded)
        }
    }

    @Test func whatIsPausedOrHasFailedIsOnlyQueued() async throws {
        try await Bench.with { bench async throws in
            let both: [Duration?] = [.seconds(20), .seconds(20)]
            try await bench.connection.command("HSET", .string(Bench.keyspace.paused), "email", "1")
            try #expect(
                targets(of: await bench.claim(.sample("a", to: ["email", "crm"]), leases: both)) == [1])
            try await bench.connection.command("DEL", .string(Bench.keyspace.paused))
            try await bench.connection.command("HSET", .string(Bench.keyspace.breaker("crm")), "f", "1")
            try #expect(
                targets(of: await bench.claim(.sample("b", to: ["email", "crm"]), leases: both)) == [0])
            try await bench.connection.command("HSET", .string(Bench.keyspace.breaker("email")), "f", "1")
            try #expect(await bench.claim(.sample("c", to: ["email", "crm"]), leases: both) == .claimed)
        }
    }

    @Test func whatWasThereBeforeIsOnlyQueued() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            try await bench.finish(as: .dead)
            try await bench.delete(Bench.claimKey("msg_1"))
            // Its tokens go on: an answer to the attempt before must not be taken for one to this.
            #expect(try await bench.claim(.sample(), leases: Self.leases) == .claimed)
            #expect(try await bench.lease().deliveries.map(\.token) == [2])
        }
    }

    private func targets(of result: ClaimResult) -> [Int] {
        if case .leased(_, let targets) = result { targets } else { [] }
    }
}
