import EventLedger
import NIOCore
import Redis
import TestSupport
import Testing
import Webhooks

@testable import Delivery

@Suite struct StoredEventsTests {
    /// Stored events over a Redis of their own, used on the event loop of its connection.
    private struct Stage: Sendable {
        let connection: RedisConnection
        let ledger: Ledger
        let events: NIOLoopBoundBox<StoredEvents>

        static func with(_ body: (Stage) async throws -> Void) async throws {
            try await TestRedis.with { redis in
                try await redis.withConnection { connection in
                    let ledger = Ledger(connection: connection, keyspace: Keyspace(prefix: "og"))
                    let events = NIOLoopBoundBox.makeBoxSendingValue(
                        StoredEvents(ledger: ledger), eventLoop: connection.eventLoop)
                    try await body(Stage(connection: connection, ledger: ledger, events: events))
                }
            }
        }

        func claim(_ id: String, body: String, to destinations: [String] = ["email"]) async throws {
            try await claim([id], to: destinations) { _ in body }
        }

        func claim(
            _ ids: [String], to destinations: [String] = ["email"], body: (String) -> String = { $0 }
        ) async throws {
            let limits = ClaimLimits(window: 86_400, maximumPending: 100_000)
            let claims = ids.map { id in
                let event = NewEvent(
                    reference: EventReference(source: "clerk", id: id), head: .sample,
                    body: ByteBuffer(string: body(id)), targets: destinations.map { NewEvent.Target(name: $0) })
                return ledger.claim(event, limits: limits)
            }
            for claim in claims { #expect(try await claim.get() == .claimed) }
        }

        func lease(_ destination: String = "email") async throws -> [DueDelivery] {
            var requests = LeaseRequests(dispatcher: String(UInt64.random(in: 0 ... .max)))
            let rule = LeaseRule(length: .seconds(60), window: 86_400)
            var all: [DueDelivery] = []
            while true {
                let request = requests.begin()
                let lease = try await ledger.lease(
                    destination: destination, limit: 1000, rule: rule, request: request
                ).get()
                requests.end()
                guard !lease.deliveries.isEmpty else { return all }
                all += lease.deliveries
            }
        }

        /// Finds the events of deliveries, and tells how many bodies were asked for at once.
        /// - Parameter cut: whether Redis ends the connection before it gets to them.
        func find(
            _ due: [DueDelivery], cut: Bool = false
        ) async throws -> (results: [Result<Event, StoredEventError>], underWay: Int) {
            let loop = connection.eventLoop
            let (found, underWay) = try await loop.submit {
                if cut { _ = connection.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"]) as EventLoopFuture }
                let promise = loop.makePromise(of: [Result<Event, StoredEventError>].self)
                events.value.find(due) { promise.succeed($0) }
                return (promise.futureResult, events.value.underWay.count)
            }.get()
            return (try await found.get(), underWay)
        }

        func bodies(_ due: [DueDelivery]) async throws -> [String] {
            try await find(due).results.map { String(decoding: try $0.get().body, as: UTF8.self) }
        }

        func kept() async throws -> Int { try await connection.eventLoop.submit { events.value.count }.get() }

        /// How often Redis was asked for a body.
        func reads() async throws -> Int {
            let text = try await connection.command("INFO", "commandstats").string ?? ""
            let line = text.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_hget:") }
            let calls = line?.split(separator: ",").first?.split(separator: "=").last
            return calls.flatMap { Int($0) } ?? 0
        }
    }

    @Test func oneReadServesAllDestinationsOfAnEvent() async throws {
        try await Stage.with { stage in
            let ids = (0..<20).map { "msg_\($0)" }
            try await stage.claim(ids, to: ["email", "crm", "analytics"]) { "body of \($0)" }
            let (email, crm, analytics) = try await (
                stage.lease("email"), stage.lease("crm"), stage.lease("analytics")
            )
            let before = try await stage.reads()
            // Two ask before there is an answer, a third one later.
            async let first = stage.bodies(email)
            async let second = stage.bodies(crm)
            let found = try await [(email, first), (crm, second), (analytics, stage.bodies(analytics))]
            for (due, bodies) in found {
                #expect(Set(due.map(\.reference.id)) == Set(ids))
                #expect(bodies == due.map { "body of \($0.reference.id)" })
            }
            #expect(try await stage.reads() - before == ids.count)
        }
    }

    @Test func tellsAnEventFromOneThatWasSentAnew() async throws {
        try await Stage.with { stage in
            try await stage.claim("msg_1", body: "old")
            #expect(try await stage.bodies(stage.lease()) == ["old"])
            let time = try await stage.connection.texts("TIME")
            try await stage.connection.command("FLUSHALL")
            try await eventually("another millisecond") {
                let now = try await stage.connection.texts("TIME")
                return now[0] != time[0] || (Int(now[1]) ?? 0) / 1000 > (Int(time[1]) ?? 0) / 1000
            }
            try await stage.claim("msg_1", body: "new")
            #expect(try await stage.bodies(stage.lease()) == ["new"])
        }
    }

    @Test func asksForNoMoreAtOnceThanItsBoundsAllow() async throws {
        try await Stage.with { stage in
            let many = StoredEvents.maximumReads + 10
            try await stage.claim((0..<many).map { "msg_\($0)" })
            let small = try await stage.find(stage.lease())
            #expect(small.underWay == StoredEvents.maximumReads)
            #expect(small.results.count == many && small.results.allSatisfy { (try? $0.get()) != nil })

            let length = StoredEvents.maximumReadBytes / 2
            for number in 0..<5 {
                try await stage.claim("long_\(number)", body: String(repeating: "\(number)", count: length))
            }
            let long = try await stage.find(stage.lease())
            #expect(long.underWay == 2)
            #expect(try long.results.map { try $0.get().body.count } == [Int](repeating: length, count: 5))

            try await stage.claim("huge", body: String(repeating: "x", count: StoredEvents.maximumReadBytes + 1))
            let huge = try await stage.find(stage.lease())
            #expect(huge.underWay == 1, "one alone may exceed the bound")
            #expect(try huge.results.map { try $0.get().body.count } == [StoredEvents.maximumReadBytes + 1])
        }
    }

    @Test(arguments: ["9223372036854775807", "-9223372036854775807", "99999999999999999999", ""])
    func believesNoLengthThatCannotBe(length: String) async throws {
        try await Stage.with { stage in
            let ids = ["a", "b", "c"]
            try await stage.claim(ids)
            for id in ids {
                let key = RedisArgument.string("og:{0}:event:clerk:\(id)")
                let head = try #require(try await stage.connection.command("HGET", key, "m").string)
                #expect(head.hasSuffix("1\n"))
                let other = RedisArgument.string(head.dropLast(2) + length + "\n")
                try await stage.connection.command("HSET", key, "m", other)
            }
            #expect(try await Set(stage.bodies(stage.lease())) == Set(ids))
        }
    }

    @Test func keepsNoMoreThanItsBoundsAllow() async throws {
        try await Stage.with { stage in
            let many = StoredEvents.maximumCount + 10
            try await stage.claim((0..<many).map { "msg_\($0)" }, to: ["email", "crm"]) { _ in "x" }
            _ = try await stage.bodies(stage.lease())
            #expect(try await stage.kept() == StoredEvents.maximumCount)
            // What has left is read again.
            #expect(try await stage.bodies(stage.lease("crm")) == [String](repeating: "x", count: many))
            let length = StoredEvents.maximumBytes / 2
            for number in 0..<3 {
                try await stage.claim("long_\(number)", body: String(repeating: "y", count: length))
            }
            _ = try await stage.bodies(stage.lease())
            #expect(try await stage.kept() == 2)
        }
    }

    @Test func whatIsNotThereIsSaidOfThatEventAlone() async throws {
        try await Stage.with { stage in
            try await stage.claim(["a", "b", "c"])
            let due = try await stage.lease()
            try await stage.connection.command("HDEL", "og:{0}:event:clerk:b", "b")
            let results = try await stage.find(due).results
            #expect(try results[0].get().id == "a" && results[2].get().id == "c")
            #expect(results[1] == .failure(.damaged("the body of the event is gone")))
        }
    }

    @Test func asksAnewWhereRedisGaveNoAnswer() async throws {
        try await Stage.with { stage in
            let ids = (0..<20 * StoredEvents.maximumReads).map { "msg_\($0)" }
            try await stage.claim(ids)
            let due = try await stage.lease()
            let results = try await stage.find(due, cut: true).results
            #expect(results == due.map { _ in .failure(.unanswered) })
            try await eventually("a connection") { stage.connection.status.isConnected }
            #expect(try await Set(stage.bodies(due)) == Set(ids))
        }
    }
}
