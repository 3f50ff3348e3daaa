import EventLedger
import Logging
import NIOPosix
import Redis

extension RedisConnection {
    /// Has `body` ask a Redis something over a connection that lasts no longer.
    /// - Parameter patience: How long the connection, and each reply, may take.
    /// - Throws: `RedisError` where there is no connection in that time, and what `body` throws.
    static func briefly<Answer: Sendable>(
        to endpoint: RedisEndpoint, patience: Duration, _ body: (RedisConnection) async throws -> Answer
    ) async throws -> Answer {
        var limits = RedisLimits()
        limits.commandTimeout = .init(patience)
        limits.connectTimeout = .init(patience)
        let connection = RedisConnection(
            endpoint: endpoint, scripts: Ledger.scripts, eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: Logger(label: "brief") { _ in SwiftLogNoOpLogHandler() }, limits: limits)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await connection.run() }
            defer { group.cancelAll() }
            try await connection.waitUntilConnected(deadline: .now + patience)
            return try await body(connection)
        }
    }
}
