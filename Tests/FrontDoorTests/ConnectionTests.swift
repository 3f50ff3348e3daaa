import EventLedger
import GatewayConfiguration
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Redis
import Telemetry
import TestSupport
import Testing

@testable import FrontDoor

/// What a sender meets that is slow, greedy or one too many.
@Suite struct ConnectionTests {
    @Test(arguments: [
        "P", "POST /hook HTTP/1.1\r\nhost: a\r\nsvix-id: m",
        "POST /hook HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n{",
    ])
    func aRequestThatTricklesInIsAnswered(beginning: String) async throws {
        try await TestDoor.with(limits: .init(requestTimeout: .milliseconds(100))) { door, _ in
            let client = try await door.connect()
            client.send(beginning)
            let answer = try await client.untilEnd()
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            #expect(answer.contains("connection: close\r\n"))
            #expect(answer.hasSuffix(#"{"error":"Request timeout"}"#))
            await client.close()
        }
    }

    @Test func oneConnectionTooManyIsToldToComeAgain() async throws {
        try await TestDoor.with(limits: .init(connections: 1)) { door, _ in
            let first = try await door.connect()
            first.send("GET /hook HTTP/1.1\r\nhost: a\r\n\r\n")
            try await eventually("the first answer") { try await first.text().contains("405") }
            let second = try await door.connect()
            let answer = try await second.untilEnd()
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.contains("retry-after: 5\r\n"))
            first.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            try await eventually("another answer") { try await first.text().contains("404") }
            await first.close()
            await second.close()
            // The place is free again.
            try await eventually("a free place") {
                let third = try await door.connect()
                third.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                let answer = try await third.untilEnd()
                await third.close()
                return answer.hasPrefix("HTTP/1.1 404 ")
            }
        }
    }

    @Test(arguments: [
        ("nonsense\r\n\r\n", "400"),
        ("POST /hook HTTP/1.1\r\nhost: a\r\nx: \(String(repeating: "a", count: 40_000))", "431"),
    ])
    func whatIsNoRequestIsAnswered(bytes: String, status: String) async throws {
        try await TestDoor.with { door, _ in
            let client = try await door.connect()
            client.send(bytes)
            #expect(try await client.untilEnd().hasPrefix("HTTP/1.1 \(status) "))
            await client.close()
        }
    }

    @Test func aSenderThatReadsNoAnswersIsNotReadFrom() async throws {
        try await TestDoor.with { door, _ in
            let client = try await door.connect(receiveBuffer: 4096)
            try await client.setReading(false)
            // Some 12 MB of answers, more than the kernel holds for a sender that does not read.
            let count = 120_000
            client.send(String(repeating: "GET / HTTP/1.1\r\nhost: a\r\n\r\n", count: count))
            var answered = 0
            var lastProgress = ContinuousClock.now
            try await eventually(within: .seconds(60), "it stops") {
                let now = door.refusals
                if now != answered {
                    answered = now
                    lastProgress = .now
                }
                return answered == count || .now > lastProgress + .seconds(2)
            }
            #expect(answered > 0)
            #expect(answered < count, "answers that nobody reads wait in memory")
            await client.close()
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await TestRedis.with { redis in
            try await TestDoor.with(redis: redis) { door, _ in
                let client = try await door.connect()
                let ids = (1...20).map { "msg_\($0)" }
                let requests = try ids.map { try TestDoor.request(id: $0) }
                client.send(requests.joined() + (try TestDoor.request(id: "msg_1", close: true)))
                let answers = try await client.untilEnd().split(separator: #"{"status":""#).dropFirst()
                #expect(
                    answers.map { String($0.prefix { $0 != "}" }) }
                        == ids.map { #"accepted","id":"\#($0)""# } + [#"duplicate","id":"msg_1""#])
                await client.close()
            }
        }
    }

    @Test func whileRedisIsAwayTheSenderKeepsTheEvent() async throws {
        try await TestDoor.with { door, _ in
            let client = try await door.connect()
            client.send(try TestDoor.request())
            try await eventually("an answer") { try await client.text().contains("Temporarily") }
            #expect(try await client.text().hasPrefix("HTTP/1.1 503 "))
            await client.close()
        }
    }
}

/// The end of a door.
@Suite struct DrainTests {
    @Test func whatIsIdleIsClosedAndWhatIsUnderWayIsAnswered() async throws {
        try await TestRedis.with { redis in
            let frozen = Frozen(redis)
            try await TestDoor.with(redis: redis) { door, drain in
                let idle = try await door.connect()
                let busy = try await door.connect()
                busy.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                try await eventually("an answer") { try await busy.text().contains("404") }
                #expect(door.frontDoor.reasonClosed == nil)
                frozen.freeze()
                busy.send(try TestDoor.request())
                // The request has arrived once its connection no longer counts as idle: it outlives the drain.
                try await eventually("the claim is under way") {
                    let probe = try await door.connect()
                    probe.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                    let answer = try await probe.untilEnd()
                    await probe.close()
                    return answer.contains("404")
                }
                drain()
                #expect(try await idle.untilEnd().isEmpty)
                #expect(door.frontDoor.reasonClosed != nil)
                frozen.thaw()
                let answers = try await busy.untilEnd()
                #expect(answers.contains(#"{"status":"accepted","id":"msg_1"}"#))
                #expect(answers.contains("connection: close\r\n"))
                await idle.close()
                await busy.close()
            }
        }
    }

    /// A connection can be accepted at the very moment at which the door closes, too late for the look at those that
    /// are open: it must not hold up the end.
    @Test func aConnectionThatOpensWhileTheDoorDrainsIsTurnedAway() async throws {
        let loop = EmbeddedEventLoop()
        let door = try Door(
            configuration: try TestDoor.configuration(), metrics: Metrics(version: "test"), logger: quietLogger,
            clock: { TestDoor.now }, onQueued: { _ in }, opening: { _, _ in nil })
        let redis = RedisConnection(endpoint: try .unix(path: "/nonexistent"), eventLoop: loop, logger: quietLogger)
        let clock = RequestClock()
        let wire = WireHandler(clock: clock)
        let handler = RequestHandler(
            door: door, ledger: Ledger(connection: redis, keyspace: Keyspace(prefix: "og")),
            connections: LoopConnections(eventLoop: loop), clock: clock, wire: wire,
            gate: RequestGate(clock: clock, wire: wire, maximumBody: 1024))
        let channel = EmbeddedChannel(handlers: [wire, handler], loop: loop)
        door.beginDraining()
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        loop.advanceTime(by: RequestHandler.lingerTime)
        #expect(!channel.isActive)
        await door.waitUntilDrained()
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}

/// A server that another task may stop and let go on.
struct Frozen: @unchecked Sendable {
    // Unchecked Sendable: freezing and thawing only read the process id, which does not change meanwhile.
    private let redis: TestRedis

    init(_ redis: TestRedis) {
        self.redis = redis
    }

    func freeze() { redis.freeze() }
    func thaw() { redis.thaw() }
}
