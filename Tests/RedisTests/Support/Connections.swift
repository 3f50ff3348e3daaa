import NIOPosix
import TestSupport
import Testing

@testable import Redis

/// Runs `body` while a connection is being kept up, and once it is connected unless `connects` is false.
func withConnection(
    to endpoint: RedisEndpoint, scripts: [RedisScript] = [], limits: RedisLimits = .patient,
    connects: Bool = true, _ body: (RedisConnection) async throws -> Void
) async throws {
    let connection = RedisConnection(
        endpoint: endpoint, scripts: scripts, eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
        logger: quietLogger, limits: limits)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await connection.run() }
        if connects {
            try await connection.waitUntilConnected(deadline: .now + .seconds(10))
        }
        try await body(connection)
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// Runs `body` with a redis-server and a connection to it.
func withRedis(
    arguments: [String] = [], scripts: [RedisScript] = [], limits: RedisLimits = .patient,
    _ body: (TestRedis, RedisConnection) async throws -> Void
) async throws {
    try await TestRedis.with(arguments: arguments) { server in
        try await withConnection(to: server.endpoint, scripts: scripts, limits: limits) { connection in
            try await body(server, connection)
        }
    }
}

extension RedisLimits {
    /// The default limits, but for a command timeout that a machine busy with other tests does not exceed.
    static var patient: RedisLimits {
        var limits = RedisLimits()
        limits.commandTimeout = .seconds(20)
        return limits
    }
}

/// Runs `body` and returns the error of Redis that it throws.
func redisError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> RedisError {
    try #require(
        await #expect(throws: RedisError.self, sourceLocation: sourceLocation) { try await body() },
        sourceLocation: sourceLocation)
}
