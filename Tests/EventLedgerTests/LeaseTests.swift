import NIOCore
import Redis
import TestSupport
import Testing
import Webhooks

@testable import EventLedger

@Suite struct LeaseTests {
    @Test func carriesEverythingThatAnAttemptNeeds() async throws {
        try await Bench.with { bench async throws in
            let body = (0...255).map { UInt8($0) }
            _ = try await bench.claim(.sample("a:b", type: "user.créé", subject: "süß", body: body))
            let delivery = try #require(try await bench.lease().deliveries.first)
            #expect(
                delivery.event
                    == Event(
                        source: "clerk", id: "a:b", type: "user.créé", subject: "süß", time: 1_700_000_000_000,
                        contentType: "application/json", signedTimestamp: 1_700_000_000,
                        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", body: body))
            #expect(delivery.type == "user.créé")
            #expect(delivery.subject == "süß")
            #expect(delivery.attempt == 1)
            let time = try await bench.connection.texts("TIME")
            let now = try #require(time.first.flatMap(Int64.init)) * 1000
            #expect((now - 60_000...now + 1000).contains(delivery.receivedAt))
        }
    }

    @Test func whatTheSenderDidNotSayIsNil() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(subject: nil, contentType: nil, body: []))
            let delivery = try #require(try await bench.lease().deliveries.first)
            #expect(delivery.subject == nil)
            #expect(delivery.event.contentType == nil)
            #expect(delivery.event.body.isEmpty)
        }
    }

    @Test func takesOnlyWhatIsDueAndSaysWhenTheNextIs() async throws {
        try await Bench.with { bench async throws in
            #expect(try await bench.lease().nextDue == nil, "nothing waits")
            _ = try await bench.claim(.sample())
            try await bench.finish(as: .retry(after: .seconds(50)))
            let lease = try await bench.lease()
            #expect(lease.deliveries.isEmpty)
            #expect((.seconds(40)...(.seconds(50))).contains(try #require(lease.nextDue)))
            _ = try await bench.claim(.sample("msg_2"))
            #expect(try await bench.lease().deliveries.map(\.reference.id) == ["msg_2"])
        }
    }

    @Test func movesTheScoreToTheEndOfTheLease() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            let lease = try await bench.lease(length: .seconds(20))
            #expect(lease.deliveries.count == 1)
            #expect((.seconds(15)...(.milliseconds(20_001))).contains(try #require(lease.nextDue)))
            #expect(try await bench.lease().deliveries.isEmpty)
            #expect(try await bench.pending() == 1, "a lease settles nothing")
            try await bench.checkInvariants()
        }
    }

    @Test func takesNoMoreThanItIsAskedFor() async throws {
        try await Bench.with { bench async throws in
            for number in 0..<5 { _ = try await bench.claim(.sample("msg_\(number)")) }
            let first = try await bench.lease(limit: 3)
            #expect(first.deliveries.count == 3)
            #expect(try #require(first.nextDue) <= .zero, "more are due")
            #expect(try await bench.lease(limit: 3).deliveries.count == 2)
        }
    }

    @Test func takesTheOldestFirst() async throws {
        try await Bench.with { bench async throws in
            for (number, id) in ["c", "a", "b"].enumerated() {
                _ = try await bench.claim(.sample(id))
                try await bench.connection.command(
                    "ZADD", .string(Bench.keyspace.due("email")), .integer(number), .string("clerk:\(id)"))
            }
            let first = try await bench.lease(limit: 1)
            #expect(first.deliveries.map(\.reference.id) == ["c"])
            #expect(try #require(first.nextDue) < .seconds(-1), "the next one has been due since 1970")
            #expect(try await bench.lease().deliveries.map(\.reference.id) == ["a", "b"])
        }
    }

    @Test func saysHowLongABodyIs() async throws {
        try await Bench.with { bench async throws in
            let lengths = ["a": 0, "b": 1, "c": 3 << 20]
            for (id, length) in lengths {
                _ = try await bench.claim(.sample(id, body: [UInt8](repeating: 0x61, count: length)))
            }
            var requests = LeaseRequests(dispatcher: "d")
            let rule = LeaseRule(length: .seconds(20), window: Bench.window)
            let request = requests.begin()
            let lease = try await bench.ledger.lease(destination: "email", limit: 9, rule: rule, request: request).get()
            let said = lease.deliveries.map { ($0.reference.id, $0.bodyLength) }
            #expect(Dictionary(uniqueKeysWithValues: said) == lengths)
        }
    }

    /// As it was stored before heads had the length of the body.
    @Test func readsWhatAnEarlierVersionStored() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample("msg_1", body: Array(#"{"a":1}"#.utf8)))
            let head = try #require(try await bench.field("m", of: "msg_1"))
            #expect(head.hasSuffix("7\n"))
            let key = RedisArgument.string(Bench.eventKey("msg_1"))
            try await bench.connection.command("HSET", key, "m", .string(String(head.dropLast(2))))
            var requests = LeaseRequests(dispatcher: "d")
            let rule = LeaseRule(length: .seconds(20), window: Bench.window)
            let request = requests.begin()
            let lease = try await bench.ledger.lease(destination: "email", limit: 9, rule: rule, request: request).get()
            let due = try #require(lease.deliveries.first)
            #expect(due.bodyLength == nil)
            let event = try await bench.ledger.event(of: due)
            #expect(event.subject == "user_1" && event.type == "user.created")
            #expect(event.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            #expect(event.body == Array(#"{"a":1}"#.utf8))
        }
    }

    @Test func aLeaseThatRunsOutIsLeasedAgain() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            let first = try #require(try await bench.lease(length: .milliseconds(30)).deliveries.first)
            var second: LeasedDelivery?
            try await eventually("the end of the lease") {
                second = try await bench.lease().deliveries.first
                return second != nil
            }
            #expect(second?.attempt == 2)
            #expect(try await bench.settle(first, as: .delivered) == .overtaken)
            #expect(try await bench.pending() == 1)
            #expect(try await bench.settle(#require(second), as: .delivered) == .recorded)
            try await bench.checkInvariants()
        }
    }

    @Test func anAnswerAfterTheEndOfTheLeaseCountsUntilAnotherAttemptBegins() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample())
            let delivery = try #require(try await bench.lease().deliveries.first)
            try await bench.makeDue("msg_1")
            #expect(try await bench.settle(delivery, as: .delivered) == .recorded)
            #expect(try await bench.lease().deliveries.isEmpty)
        }
    }

    @Test func destinationsAreLeasedApart() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(to: ["email", "crm"]))
            #expect(try await bench.lease("email").deliveries.first?.attempt == 1)
            #expect(try await bench.lease("crm").deliveries.first?.attempt == 1)
            #expect(try await bench.lease("nobody").nextDue == nil)
        }
    }

    @Test func twoGatewaysNeverLeaseTheSame() async throws {
        try await Bench.with { bench async throws in
            let count = 400
            for number in 0..<count { _ = try await bench.claim(.sample("msg_\(number)")) }
            try await bench.redis.withConnection { connection in
                let other = Ledger(connection: connection, keyspace: Bench.keyspace)
                let own = bench.ledger
                async let left = own.leaseAll()
                async let right = other.leaseAll()
                let all = try await left + right
                #expect(all.count == count)
                #expect(Set(all.map(\.reference)).count == count)
                #expect(all.allSatisfy { $0.attempt == 1 })
            }
        }
    }

    @Test func aDeliveryWithoutItsEventIsForgotten() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample("gone"))
            _ = try await bench.claim(.sample("here"))
            let leased = try await bench.lease(limit: 2)
            let gone = try #require(leased.deliveries.first { $0.reference.id == "gone" })
            try await bench.delete(Bench.eventKey("gone"))
            #expect(try await bench.settle(gone, as: .delivered) == .overtaken, "there is nothing to record it on")
            for id in ["gone", "here"] { try await bench.makeDue(id) }
            #expect(try await bench.lease().deliveries.map(\.reference.id) == ["here"])
            #expect(try await bench.pending() == 1)
            try await bench.checkInvariants()
        }
    }

    @Test func worksWhileRedisIsOutOfMemory() async throws {
        try await Bench.with { bench async throws in
            _ = try await bench.claim(.sample(to: ["email", "crm", "analytics"]))
            try await bench.connection.command("CONFIG", "SET", "maxmemory", 1)
            // Unless what waits can still be delivered, a full Redis stays full for ever.
            #expect(try await bench.finish("email") == .recorded)
            #expect(try await bench.finish("crm", as: .retry(after: .seconds(9))) == .recorded)
            #expect(try await bench.finish("analytics", as: .dead) == .recorded)
            try await bench.connection.command("CONFIG", "SET", "maxmemory", 0)
            try await bench.checkInvariants()
        }
    }
}

extension Ledger {
    /// Leases a few at a time until nothing is due.
    fileprivate func leaseAll() async throws -> [LeasedDelivery] {
        var all: [LeasedDelivery] = []
        while true {
            let lease = try await lease(destination: "email", limit: 3, length: .seconds(60))
            if lease.deliveries.isEmpty { return all }
            all.append(contentsOf: lease.deliveries)
        }
    }
}
