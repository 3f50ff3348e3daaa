import Admin
import EventLedger
import FrontDoor
import GatewayConfiguration
import NIOCore
import NIOPosix
import Redis
import Synchronization
import TestSupport
import Testing
import Webhooks

/// A listener with its API over a Redis of its own.
struct AdminBench: Sendable {
    let port: Int
    let ledger: Ledger
    let connection: RedisConnection
    let configuration: Configuration
    let notified: Notified

    static let token = "a-token-of-the-tests"

    /// The configuration in force, which a test can change.
    final class Configuration: Sendable {
        private let current: Mutex<GatewayConfiguration>

        init(_ configuration: GatewayConfiguration) { current = Mutex(configuration) }

        var value: GatewayConfiguration {
            get { current.withLock { $0 } }
            set { current.withLock { $0 = newValue } }
        }
    }

    /// The destinations of which dispatchers were told.
    final class Notified: Sendable {
        private let all = Mutex<[String]>([])

        var names: [String] { all.withLock { $0 } }

        func add(_ names: [String]) { all.withLock { $0 += names } }
    }

    /// Runs `body` with a listener whose Redis is up.
    static func with(
        destinations: [String] = ["email", "crm"], sources: [String] = ["clerk"], token: String? = Self.token,
        _ body: @Sendable (AdminBench, TestRedis) async throws -> Void
    ) async throws {
        try await TestRedis.with { redis in
            try await redis.withConnection { connection in
                let ledger = Ledger(connection: connection, keyspace: Keyspace(prefix: "og"))
                let configuration = Configuration(.sample(destinations: destinations, sources: sources))
                let notified = Notified()
                let api = AdminAPI(
                    ledger: ledger, token: token.map { Secret($0) }, configuration: { configuration.value },
                    notify: { notified.add($0) }, logger: quietLogger)
                try await withListener(api) { port in
                    let bench = AdminBench(
                        port: port, ledger: ledger, connection: connection, configuration: configuration,
                        notified: notified)
                    try await body(bench, redis)
                }
            }
        }
    }

    /// Runs `body` with the port of a listener.
    static func withListener(
        _ api: AdminAPI = .withoutRedis, readiness: @escaping @Sendable () async -> Readiness = { .ready },
        metrics: @escaping @Sendable () async -> String = { "" }, _ body: (Int) async throws -> Void
    ) async throws {
        HTTPTypes.instantiate()
        let (ports, bound) = AsyncStream<Int>.makeStream()
        let listener = AdminListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), group: MultiThreadedEventLoopGroup.singleton,
            logger: quietLogger, readiness: readiness, metrics: metrics, api: api, onBound: { bound.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { bound.finish() }
                try await listener.run()
            }
            var iterator = ports.makeAsyncIterator()
            try await body(#require(await iterator.next(), "the listener must open"))
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

extension AdminAPI {
    /// An API whose Redis is away.
    static var withoutRedis: AdminAPI {
        let connection = RedisConnection(
            endpoint: RedisEndpoint.away, eventLoop: MultiThreadedEventLoopGroup.singleton.any(), logger: quietLogger)
        let configuration = GatewayConfiguration.sample(destinations: ["email"], sources: ["clerk"])
        return AdminAPI(
            ledger: Ledger(connection: connection, keyspace: Keyspace(prefix: "og")), token: nil,
            configuration: { configuration }, notify: { _ in }, logger: quietLogger)
    }
}

extension RedisEndpoint {
    fileprivate static var away: RedisEndpoint {
        guard let endpoint = try? RedisEndpoint.unix(path: "/nowhere") else { preconditionFailure("a short path") }
        return endpoint
    }
}

extension GatewayConfiguration {
    /// A configuration of destinations and sources with these names.
    static func sample(destinations: [String], sources: [String]) -> GatewayConfiguration {
        guard let everything = try? EventPattern("**") else { preconditionFailure("a pattern") }
        let secret = Secret("whsec_c3lzdGVtLXRlc3RzLXNpZ25pbmcta2V5LTEyMzQ=")
        return GatewayConfiguration(
            sources: sources.compactMap { try? Source(name: $0, path: "/\($0)", secrets: [secret]) },
            destinations: destinations.map { Destination(name: $0, url: "http://127.0.0.1:1/\($0)") },
            routes: [Route(source: nil, events: [everything], destinations: destinations)])
    }
}
