import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct FaultTests {
    @Test func restartIsOverWithinTwoSeconds() async throws {
        try await withRedis(scripts: [ConnectionTests.double]) { server, redis in
            _ = try await redis.send(["SET", "k", "v"])
            server.kill()
            try await eventually("notice") { !redis.status.isConnected }
            let error = try await redisError { _ = try await redis.send(["GET", "k"]) }
            #expect(error.code == .notConnected && !error.mayHaveExecuted)
            let restart = ContinuousClock.now
            try server.start()
            try await redis.waitUntilConnected(deadline: restart + .seconds(2))
            try #expect(await redis.send(["GET", "k"]).string == "v")
            let reply = try await redis.evaluate(ConnectionTests.double, keys: ["k"], arguments: [1])
            #expect(reply.array?.count == 4)
        }
    }

    @Test func restartsUnderLoadResolveEveryCommandOnce() async throws {
        // Without fsync always, redis-server can answer before it writes, and a kill then takes what it has answered.
        try await withRedis(arguments: ["--appendfsync", "always"]) { server, redis in
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await load.run(redis) }
                }
                for _ in 0..<3 {
                    let goal = load.confirmed.load(ordering: .relaxed) + 50
                    try await eventually("load") { load.confirmed.load(ordering: .relaxed) >= goal }
                    server.kill()
                    try server.start()
                    try await redis.waitUntilConnected(deadline: .now + .seconds(10))
                }
                load.stopped.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
            let confirmed = load.confirmed.load(ordering: .relaxed)
            let unknown = load.unknown.load(ordering: .relaxed)
            // Every INCR that was answered is in the file; those whose fate is unknown may be.
            let counter = try await redis.send(["GET", "counter"]).integer ?? 0
            #expect((Int64(confirmed)...Int64(confirmed + unknown)).contains(counter))
        }
    }

    /// Increments a counter and keeps count of the answers.
    private final class Load: Sendable {
        let stopped = Atomic(false)
        let confirmed = Atomic(0)
        let unknown = Atomic(0)

        func run(_ redis: RedisConnection) async throws {
            while !stopped.load(ordering: .relaxed) {
                do throws(RedisError) {
                    _ = try await redis.send(["INCR", "counter"])
                    confirmed.add(1, ordering: .relaxed)
                } catch {
                    guard error.isRetryable else { throw error }
                    if error.mayHaveExecuted { unknown.add(1, ordering: .relaxed) }
                    try await redis.waitUntilConnected(deadline: .now + .seconds(10))
                }
            }
        }
    }

    @Test func frozenServer() async throws {
        // With the limits that the product has.
        try await withRedis(limits: RedisLimits()) { server, redis in
            server.freeze()
            let took = Mutex(Duration.zero)
            let isTooLate = Mutex(false)
            let answer = redis.eventLoop.flatSubmit {
                // Measured on the loop: the threads of the tests have other tests to wait for. That two seconds are
                // kept is told by a timer on the same loop: which of two timers is first does not depend on how busy
                // the machine is.
                let start = ContinuousClock.now
                let answer: EventLoopFuture<RedisValue> = redis.send(["PING"])
                let limit = redis.eventLoop.scheduleTask(in: .seconds(2)) { isTooLate.withLock { $0 = true } }
                answer.whenComplete { _ in
                    took.withLock { $0 = ContinuousClock.now - start }
                    limit.cancel()
                }
                return answer
            }
            let error = try await redisError { _ = try await answer.get() }
            #expect(error.code == .timeout && error.mayHaveExecuted && error.isRetryable)
            #expect(took.withLock { $0 } >= .milliseconds(1_500))
            #expect(!isTooLate.withLock { $0 })
            #expect(!redis.status.isConnected)
            server.thaw()
            try await redis.waitUntilConnected(deadline: .now + .seconds(5))
            try #expect(await redis.send(["PING"]) == .status("PONG"))
        }
    }

    @Test func timeoutOfOneFailsAllThatWait() async throws {
        var limits = RedisLimits()
        limits.commandTimeout = .milliseconds(200)
        try await withRedis(limits: limits) { server, redis in
            server.freeze()
            let futures = (0..<100).map { _ in redis.send(["PING"]) as EventLoopFuture<RedisValue> }
            for future in futures {
                let error = try await redisError { _ = try await future.get() }
                #expect(error.code == .timeout)
            }
            server.thaw()
        }
    }

    @Test func hostWithAnAddressWhereNothingListens() async throws {
        // The server listens on 127.0.0.1 alone, and the name usually stands for ::1 as well.
        try await withLyingServer(.reply(":1\r\n")) { server in
            let port = try #require(server.channel.localAddress?.port)
            try await withConnection(to: RedisEndpoint(url: "redis://localhost:\(port)")) { redis in
                let reply = try await redis.send(["PING"])
                #expect(reply == .integer(1))
            }
        }
    }

    @Test func unknownHost() async throws {
        try await withConnection(to: RedisEndpoint(url: "redis://does-not-exist.invalid"), connects: false) { redis in
            try await eventually("a reason") {
                if case .connecting(let reason?) = redis.status { reason.code == .notConnected } else { false }
            }
        }
    }

    @Test func noServer() async throws {
        let directory = try makeTemporaryDirectory()
        defer { removeDirectory(directory) }
        try await withConnection(to: .unix(path: directory + "/none"), connects: false) { redis in
            let error = try await redisError { try await redis.waitUntilConnected(deadline: .now + .milliseconds(200)) }
            #expect(error.code == .notConnected)
            try await eventually("a reason") { redis.status != .connecting(reason: nil) }
        }
    }

    @Test func waitingIsCancelled() async throws {
        try await withConnection(to: .unix(path: "/nonexistent/redis.sock"), connects: false) { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        try await redis.waitUntilConnected(deadline: .now + .seconds(60))
                    }
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    @Test func endOfRunFailsWaiters() async throws {
        let redis = RedisConnection(
            endpoint: try .unix(path: "/nonexistent/redis.sock"),
            eventLoop: MultiThreadedEventLoopGroup.singleton.any(), logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let error = try await redisError {
                    try await redis.waitUntilConnected(deadline: .now + .seconds(60))
                }
                #expect(error.code == .shuttingDown)
            }
            let running = Task { try await redis.run() }
            running.cancel()
            try await running.value
            try await group.waitForAll()
        }
    }

    @Test(arguments: [
        ("$100\r\nhalf", RedisError.Code.connectionLost),
        ("*3\r\n:1\r\n", .connectionLost),
        ("", .connectionLost),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", .protocolViolation),
    ])
    func cutInMidReply(sent: String, code: RedisError.Code) async throws {
        try await withLyingServer(.replyThenClose(sent)) { server in
            try await withConnection(to: server.endpoint) { redis in
                let futures = try await redis.eventLoop.submit {
                    (0..<3).map { _ in redis.send(["PING"]) as EventLoopFuture<RedisValue> }
                }.get()
                for future in futures {
                    let error = try await redisError { _ = try await future.get() }
                    #expect(error.code == code)
                    #expect(error.mayHaveExecuted && error.isRetryable, "\(error)")
                }
                // And again: the connection comes back each time.
                try await redis.waitUntilConnected(deadline: .now + .seconds(5))
            }
        }
    }

    @Test func firstReplyCountsBeforeTheGarbage() async throws {
        try await withLyingServer(.reply(":1\r\n?!\r\n")) { server in
            try await withConnection(to: server.endpoint) { redis in
                let (first, second) = try await redis.eventLoop.submit {
                    (
                        redis.send(["PING"]) as EventLoopFuture<RedisValue>,
                        redis.send(["PING"]) as EventLoopFuture<RedisValue>
                    )
                }.get()
                try #expect(await first.get() == .integer(1))
                let error = try await redisError { _ = try await second.get() }
                #expect(error.code == .protocolViolation)
            }
        }
    }

    @Test func unaskedReplyEndsTheConnection() async throws {
        try await withLyingServer(.unasked(":1\r\n")) { server in
            try await withConnection(to: server.endpoint, connects: false) { redis in
                try await eventually("a protocol violation") {
                    if case .connecting(let reason?) = redis.status { reason.code == .protocolViolation } else { false }
                }
            }
        }
    }

    @Test(arguments: [
        ("+OK\r\n-LOADING Redis is loading the dataset in memory\r\n", "LOADING"),
        ("-ERR max number of clients reached\r\n", "did not answer"),
        ("+OK\r\n", "did not answer"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "not RESP"),
    ])
    func handshakeThatDoesNotSucceed(sent: String, reason: String) async throws {
        var limits = RedisLimits()
        limits.commandTimeout = .milliseconds(100)
        try await withLyingServer(.handshake(sent)) { server in
            try await withConnection(to: server.endpoint, limits: limits, connects: false) { redis in
                try await eventually("the reason in the status") {
                    if case .connecting(let error?) = redis.status { error.message.contains(reason) } else { false }
                }
            }
        }
    }

    @Test func oversizedReply() async throws {
        var limits = RedisLimits.patient
        limits.maximumReplyBytes = 100_000
        try await withRedis(limits: limits) { _, redis in
            _ = try await redis.send(["SETRANGE", "k", 1_000_000, "x"])
            let error = try await redisError { _ = try await redis.send(["GET", "k"]) }
            #expect(error.code == .protocolViolation)
            try await redis.waitUntilConnected(deadline: .now + .seconds(5))
        }
    }

    @Test func connectionKilledByTheServer() async throws {
        try await withRedis { _, redis in
            // The reply still comes, and then the end.
            let killed = try await redis.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"])
            #expect(killed == .integer(1))
            try await eventually("notice") { redis.status != .connected }
            try await redis.waitUntilConnected(deadline: .now + .seconds(5))
            try #expect(await redis.send(["PING"]) == .status("PONG"))
        }
    }

    @Test func commandsSentFromRepliesAreSafe() async throws {
        try await withLyingServer(.reply(":1\r\n?!\r\n")) { server in
            try await withConnection(to: server.endpoint) { redis in
                // The failure of the second command sends a third, while the connection is being closed.
                let third = redis.eventLoop.flatSubmit {
                    let first: EventLoopFuture<RedisValue> = redis.send(["PING"])
                    let second: EventLoopFuture<RedisValue> = redis.send(["PING"])
                    return first.flatMap { _ in second }.flatMapError { _ in redis.send(["PING"]) }
                }
                let error = try await redisError { _ = try await third.get() }
                #expect(error.code == .notConnected && !error.mayHaveExecuted)
            }
        }
    }
}
