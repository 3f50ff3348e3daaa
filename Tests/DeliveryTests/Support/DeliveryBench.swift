import EventLedger
import GatewayConfiguration
import NIOCore
import NIOPosix
import Redis
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Delivery

/// Dispatchers of one test over a Redis of its own.
struct DeliveryBench {
    let redis: TestRedis
    let connection: RedisConnection
    let ledger: Ledger
    let dispatchers: Dispatchers
    /// Asks the dispatchers to end, as a cancellation does.
    let cancel: @Sendable () -> Void
    /// Returns once they have ended.
    let ended: @Sendable () async throws -> Void

    static func with(_ destinations: [Destination], _ body: (DeliveryBench) async throws -> Void) async throws {
        let words = ["--slowlog-log-slower-than", "0", "--slowlog-max-len", "100000"]
        try await TestRedis.with(arguments: words) { redis in
            try await redis.withConnection { connection in
                let ledger = Ledger(connection: connection, keyspace: Keyspace(prefix: "og"))
                let dispatchers = Dispatchers(
                    configuration: configuration(destinations), ledger: ledger, eventLoop: connection.eventLoop,
                    metrics: Metrics(version: "test"), logger: quietLogger, clock: { 1_700_000_000 })
                let (hasEnded, running) = start(dispatchers)
                let bench = DeliveryBench(
                    redis: redis, connection: connection, ledger: ledger, dispatchers: dispatchers,
                    cancel: { running.cancel() },
                    ended: {
                        try await eventually("the end of the dispatchers") { hasEnded.value }
                        try await running.value
                    })
                do {
                    try await body(bench)
                } catch {
                    running.cancel()
                    try? await bench.ended()
                    throw error
                }
                running.cancel()
                try await bench.ended()
            }
        }
    }

    /// Whether a task has come to its end, so that waiting for it can be given up.
    private final class Flag: Sendable {
        private let flag = Atomic(false)
        var value: Bool { flag.load(ordering: .acquiring) }
        func set() { flag.store(true, ordering: .releasing) }
    }

    private static func start(_ dispatchers: Dispatchers) -> (Flag, Task<Void, any Error>) {
        let hasEnded = Flag()
        let running = Task {
            defer { hasEnded.set() }
            try await dispatchers.run()
        }
        return (hasEnded, running)
    }

    static func configuration(_ destinations: [Destination]) -> GatewayConfiguration {
        GatewayConfiguration(sources: [], destinations: destinations, routes: [])
    }

    func claim(_ ids: some Sequence<String>, to destinations: [String] = ["email"], notify: Bool = true) async throws {
        for id in ids {
            let event = NewEvent(
                reference: EventReference(source: "clerk", id: id), head: .sample,
                body: ByteBuffer(string: #"{"type":"user.created"}"#),
                targets: destinations.map { NewEvent.Target(name: $0) })
            let limits = ClaimLimits(window: 86_400, maximumPending: 10_000)
            #expect(try await ledger.claim(event, limits: limits).get() == .claimed)
        }
        if notify { dispatchers.notify(destinations) }
    }

    func pending(_ destination: String = "email") async throws -> Int {
        try await ledger.backlog(destination: destination).pending
    }

    func deadLetters(_ destination: String = "email") async throws -> Int {
        try await ledger.backlog(destination: destination).deadLetters
    }

    func field(_ name: String, of id: String) async throws -> String? {
        try await connection.command("HGET", .string("og:{0}:event:clerk:\(id)"), .string(name)).string
    }

    /// What is recorded of a delivery.
    func record(_ id: String, at destination: String = "email") async throws -> DeliveryRecord? {
        try await ledger.event(EventReference(source: "clerk", id: id))?.listed.deliveries[destination]
    }

    /// Moves a delivery out of reach, so that it falls due when a test says so.
    func putOff(_ id: String, at destination: String = "email") async throws {
        try await connection.command(
            "ZADD", .string("og:{0}:due:\(destination)"), "XX", "9000000000000000", .string("clerk:\(id)"))
    }

    /// Lets it fall due, over the connection that the dispatchers lease over, without waiting for the reply.
    func makeDue(_ id: String, at destination: String = "email") -> EventLoopFuture<RedisValue> {
        connection.send(["ZADD", .string("og:{0}:due:\(destination)"), "XX", "0", .string("clerk:\(id)")])
    }
}

extension EventHead {
    static let sample = EventHead(
        type: "user.created", subject: nil, contentType: nil,
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", signedTimestamp: 1_700_000_000,
        time: 1_700_000_000_000)
}

extension Destination {
    static func sample(
        _ name: String = "email", at service: HTTPService, attempts: Int = 12, concurrency: Int = 32
    ) -> Destination {
        Destination(
            name: name, url: service.url, concurrency: concurrency,
            retry: .exponential(attempts: attempts, first: .milliseconds(1), factor: 1, max: .milliseconds(1)))
    }
}
