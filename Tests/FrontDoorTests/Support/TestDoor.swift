import EventLedger
import GatewayConfiguration
import NIOCore
import NIOPosix
import Redis
import Telemetry
import TestSupport
import Testing
import Webhooks

@testable import FrontDoor

/// A front door of one test on a port of its own.
struct TestDoor: Sendable {
    let frontDoor: FrontDoor
    let port: Int
    let metrics: Metrics

    static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    static let now: Int64 = 1_700_000_000

    /// A source `clerk` at `/hook`, and a route of `user.*` to `email`.
    static func configuration(limits: GatewayConfiguration.Limits = .init()) throws -> GatewayConfiguration {
        GatewayConfiguration(
            listen: ListenAddress(host: "127.0.0.1", port: 0), limits: limits,
            sources: [try Source(name: "clerk", path: "/hook", secrets: [secret])],
            destinations: [Destination(name: "email", url: "http://127.0.0.1:1/")],
            routes: [try route("user.*", to: "email")])
    }

    static func route(_ pattern: String, to destination: String) throws -> Route {
        Route(source: nil, events: [try EventPattern(pattern)], destinations: [destination])
    }

    /// Runs `body` with an open door whose Redis is given, or away where none is.
    ///
    /// `body` is handed a function that begins the end, too: the door drains as at a shutdown.
    static func with(
        limits: GatewayConfiguration.Limits = .init(), redis: TestRedis? = nil,
        _ body: @Sendable (TestDoor, @Sendable () -> Void) async throws -> Void
    ) async throws {
        HTTPTypes.instantiate()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        if let redis {
            try await redis.withConnection(on: loop) { try await run(group, $0, limits: limits, body) }
        } else {
            let connection = RedisConnection(
                endpoint: try .unix(path: "/nonexistent"), eventLoop: loop, logger: quietLogger)
            try await run(group, connection, limits: limits, body)
        }
        try await group.shutdownGracefully()
    }

    private static func run(
        _ group: MultiThreadedEventLoopGroup, _ connection: RedisConnection, limits: GatewayConfiguration.Limits,
        _ body: @Sendable (TestDoor, @Sendable () -> Void) async throws -> Void
    ) async throws {
        let metrics = Metrics(version: "test")
        let (ports, bound) = AsyncStream<Int>.makeStream()
        let ledger = Ledger(connection: connection, keyspace: Keyspace(prefix: "og"))
        let frontDoor = try FrontDoor(
            configuration: try configuration(limits: limits), group: group,
            lanes: [FrontDoor.Lane(eventLoop: connection.eventLoop, ledger: ledger)], metrics: metrics,
            logger: quietLogger, clock: { now }, onBound: { bound.yield($0) }, onQueued: { _ in })
        let door = Task {
            defer { bound.finish() }
            try await frontDoor.run()
        }
        do {
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next(), "the door must open")
            try await body(TestDoor(frontDoor: frontDoor, port: port, metrics: metrics)) { door.cancel() }
        } catch {
            door.cancel()
            _ = await door.result
            throw error
        }
        door.cancel()
        try await door.value
    }

    /// How many requests for unknown paths were answered.
    var refusals: Int {
        let start = #"oncegate_events_total{source="",outcome="unknown_path"} "#
        let lines = metrics.text(Gauges(isRedisUp: false)).split(separator: "\n")
        return lines.first { $0.hasPrefix(start) }.flatMap { Int($0.dropFirst(start.count)) } ?? 0
    }

    func connect(receiveBuffer: Int? = nil) async throws -> RawClient {
        try await RawClient.connect(to: port, receiveBuffer: receiveBuffer)
    }

    /// A signed request as it stands on the wire.
    static func request(
        id: String = "msg_1", body: String = #"{"type":"user.created","data":{"id":"user_1"}}"#, close: Bool = false
    ) throws -> String {
        let timestamp = String(now)
        let signature = try SigningKey(secret).signature(
            id: id, timestamp: timestamp, body: Array(body.utf8).span.bytes)
        return """
            POST /hook HTTP/1.1\r
            host: localhost\r
            content-length: \(body.utf8.count)\r
            svix-id: \(id)\r
            svix-timestamp: \(timestamp)\r
            svix-signature: \(signature)\r
            \(close ? "connection: close\r\n" : "")\r
            \(body)
            """
    }
}
