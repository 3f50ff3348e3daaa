import NIOCore
import Redis
import TestSupport
import Testing

@testable import EventLedger

@Suite struct ClaimTests {
    @Test func aNewEventIsQueuedForEveryDestination() async throws {
        try await Bench.with { bench async throws in
            #expect(try await bench.claim(.sample(to: ["email", "crm"])) == .claimed)
            #expect(
                try await bench.keys() == [
                    "og:{0}:claim:clerk:msg_1", "og:{0}:event:clerk:msg_1", "og:{0}:due:email", "og:{0}:due:crm",
                    "og:{0}:pending", "og:{0}:history", "og:{0}:destinations",
                ])
            #expect(try await bench.pending() == 2)
            #expect(try await bench.lifetime(Bench.claimKey("msg_1")) > Bench.window - 30)
            #expect(try await bench.lifetime(Bench.eventKey("msg_1")) == -1, "an event does not lapse")
            try await bench.checkInvariants()
        }
    }

    @Test func aSightingRenewsTheClaimAndChangesNothingElse() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            try await bench.connection.command("EXPIRE", .string(Bench.claimKey("msg_1")), 100)
            let before = try await bench.keys()
            #expect(try await bench.claim(.sample(to: ["email", "crm"], body: [1])) == .duplicate)
            #expect(try await bench.lifetime(Bench.claimKey("msg_1")) > Bench.window - 30)
            #expect(try await bench.keys() == before)
            #expect(try await bench.pending() == 1)
            #expect(try await bench.field("b", of: "msg_1") == "{}")
        }
    }

    @Test func aClaimIsOfASourceAndAnId() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            #expect(try await bench.claim(.sample("msg_2")) == .claimed)
            let other = NewEvent(
                reference: EventReference(source: "stripe", id: "msg_1"),
                head: EventHead(
                    type: "t", subject: nil, contentType: nil, traceparent: nil, signedTimestamp: 0, time: 0),
                body: ByteBuffer(), targets: [NewEvent.Target(name: "email")])
            #expect(try await bench.claim(other) == .claimed)
        }
    }

    @Test func anEventWithoutDestinationsLeavesTheClaimAlone() async throws {
        try await Bench.with { bench async throws in
            #expect(try await bench.claim(.sample(to: [])) == .claimed)
            #expect(try await bench.keys() == ["og:{0}:claim:clerk:msg_1"])
            #expect(try await bench.claim(.sample(to: [])) == .duplicate)
        }
    }

    @Test func atTheBoundNothingIsWrittenAndDuplicatesAreStillTold() async throws {
        try await Bench.with { bench async throws in
            #expect(try await bench.claim(.sample(to: ["email", "crm"]), maximumPending: 3) == .claimed)
            let before = try await bench.keys()
            let second = try await bench.claim(.sample("msg_2", to: ["email", "crm"]), maximumPending: 3)
            #expect(second == .full(destination: nil))
            #expect(try await bench.keys() == before)
            #expect(try await bench.claim(.sample(), maximumPending: 3) == .duplicate)
            #expect(try await bench.claim(.sample("msg_3", to: []), maximumPending: 2) == .claimed, "none waits")
            #expect(try await bench.claim(.sample("msg_2", to: ["email"]), maximumPending: 3) == .claimed)
            try await bench.checkInvariants()
        }
    }

    @Test func aClaimThatLapsedWhileADeliveryWaitsIsADuplicate() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(to: ["email", "crm"]))
            try await bench.finish()
            try await bench.delete(Bench.claimKey("msg_1"))
            #expect(try await bench.claim(.sample(to: ["email", "crm"])) == .duplicate)
            #expect(try await bench.exists(Bench.claimKey("msg_1")), "and it is claimed again")
            #expect(try await bench.lease().deliveries.isEmpty)
            try await bench.checkInvariants()
        }
    }

    @Test func aClaimThatLapsedAfterwardsStartsAnew() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            try await bench.finish()
            try await bench.delete(Bench.claimKey("msg_1"))
            #expect(try await bench.claim(.sample(body: Array("new".utf8))) == .claimed)
            try await bench.checkInvariants()
            let delivery = try #require(try await bench.lease().deliveries.first)
            #expect(delivery.attempt == 1)
            #expect(delivery.event.body == Array("new".utf8))
        }
    }

    @Test(arguments: [["email"], ["crm"], ["email", "crm"]])
    func aDeadLetterFromBeforeIsKeptUnlessItIsDeliveredAnew(routed: [String]) async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(to: ["email", "crm"]))
            try await bench.finish("email", as: .dead)
            try await bench.finish("crm")
            try await bench.delete(Bench.claimKey("msg_1"))
            #expect(try await bench.claim(.sample(to: routed)) == .claimed)
            try await bench.checkInvariants()
            let dead = try await bench.members(Bench.keyspace.dead("email"))
            #expect(dead.isEmpty == routed.contains("email"))
            for destination in routed { try await bench.finish(destination) }
            try await bench.checkInvariants()
        }
    }

    @Test func aClaimIsCarriedByTheUncommonInAnId() async throws {
        try await Bench.with { bench async throws in
            let ids = ["a:b", "{x}", "a{0}:claim:b", "\"'\\", ":", "msg:due:email"]
            for id in ids {
                #expect(try await bench.claim(.sample(id)) == .claimed)
                #expect(try await bench.claim(.sample(id)) == .duplicate)
            }
            try await bench.checkInvariants()
            let leased = try await bench.lease().deliveries
            #expect(Set(leased.map(\.reference)) == Set(ids.map { EventReference(source: "clerk", id: $0) }))
            for delivery in leased { #expect(try await bench.settle(delivery, as: .delivered) == .recorded) }
            try await bench.checkInvariants()
        }
    }

    @Test func aRedisThatTakesNoWritesIsToldAndLeavesNothing() async throws {
        try await Bench.with { bench async throws in
            try await bench.connection.command("CONFIG", "SET", "maxmemory", 1)
            let error = await #expect(throws: RedisError.self) { _ = try await bench.claim(.sample()) }
            #expect(error?.isRetryable == true)
            #expect(try await bench.keys().isEmpty)
            try await bench.connection.command("CONFIG", "SET", "maxmemory", 0)
            #expect(try await bench.claim(.sample()) == .claimed)
        }
    }
}
