import Logging
import NIOPosix
import Redis

extension RedisConnection {
    /// Has `body` ask a Redis something over a connection that lasts no longer.
    /// - Parameters:
    ///   - scripts: Those that `body` calls; they are loaded first.
    ///   - patience: How long the connection, and each reply, may take.
    /// - Throws: `RedisError` where there is no connection in that time, and what `body` throws.
    static func briefly<Answer: Sendable>(
        to endpoint: RedisEndpoint, scripts: [RedisScript] = [], patience: Duration,
        _ body: (RedisConnection) async throws -> Answer
    ) async throws -> Answer {
        var limits = RedisLimits()
        limits.commandTimeout = .init(patience)
        limits.connectTimeout = .init(patience)
        let connection = RedisConnection(
            endpoint: endpoint, scripts: scripts, eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: Logger(label: "brief") { _ in SwiftLogNoOpLogHandler() }, limits: limits)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await connection.run() }
            defer { group.cancelAll() }
            try await connection.waitUntilConnected(deadline: .now + patience)
            return try await body(connection)
        }
    }
}
