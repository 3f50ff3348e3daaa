import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    static let double = RedisScript(name: "double", source: "return {KEYS[1], ARGV[1] * 2, #KEYS, #ARGV}")
    static let failing = RedisScript(name: "failing", source: "return redis.error_reply('ONCEGATE_FULL no room')")

    @Test func repliesOfEveryKind() async throws {
        try await withRedis { _, redis in
            try #expect(await redis.send(["SET", "k", 41]) == .status("OK"))
            try #expect(await redis.send(["INCR", "k"]) == .integer(42))
            try #expect(await redis.send(["GET", "k"]).integer == 42)
            try #expect(await redis.send(["GET", "absent"]) == .null)
            try #expect(await redis.send(["RPUSH", "l", "a", "", "c"]) == .integer(3))
            try #expect(await redis.send(["LRANGE", "l", 0, -1]).array?.map(\.string) == ["a", "", "c"])
            try #expect(await redis.send(["CLIENT", "GETNAME"]).string == "oncegate")
            #expect(redis.status == .connected)
        }
    }

    @Test func tenThousandCommandsInOrder() async throws {
        try await withRedis { _, redis in
            let count = 10_000
            // From the event loop: all of them are one turn, hence one write.
            let futures = try await redis.eventLoop.submit {
                (0..<count).map { redis.send(["ECHO", .integer($0)]) as EventLoopFuture<RedisValue> }
            }.get()
            for (index, future) in futures.enumerated() {
                try #expect(await future.get().integer == Int64(index))
            }
        }
    }

    @Test func commandsFromManyTasks() async throws {
        try await withRedis { _, redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<20 {
                    group.addTask {
                        for index in 0..<100 {
                            let word = "\(task)-\(index)"
                            try #expect(await redis.send(["ECHO", .string(word)]).string == word)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: [0, 1, 255, 65_536, 3_000_000])
    func binarySafeValues(length: Int) async throws {
        try await withRedis { _, redis in
            let value = ByteBuffer(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            let key = ByteBuffer(bytes: [0, 13, 10, 36, 255])
            try #expect(await redis.send(["SET", .bytes(key), .bytes(value)]) == .status("OK"))
            try #expect(await redis.send(["GET", .bytes(key)]) == .bulk(value))
            try #expect(await redis.send(["STRLEN", .bytes(key)]).integer == Int64(length))
        }
    }

    @Test func serverErrorsFailTheCommandAndNothingElse() async throws {
        try await withRedis { _, redis in
            _ = try await redis.send(["SET", "text", "x"])
            let error = try await redisError { _ = try await redis.send(["LPUSH", "text", "y"]) }
            guard case .server(let server) = error.code else {
                Issue.record("expected a server error, not \(error)")
                return
            }
            #expect(server.prefix == "WRONGTYPE")
            #expect(!error.isRetryable && error.mayHaveExecuted)
            try #expect(await redis.send(["GET", "text"]).string == "x")
            #expect(redis.status == .connected)
        }
    }

    @Test func readOnlyReplicaAndFullMemoryKeepTheConnection() async throws {
        try await withRedis { _, redis in
            _ = try await redis.send(["REPLICAOF", "127.0.0.1", 1])
            let readOnly = try await redisError { _ = try await redis.send(["SET", "k", "v"]) }
            #expect(prefix(readOnly) == "READONLY" && readOnly.isRetryable)
            _ = try await redis.send(["REPLICAOF", "NO", "ONE"])
            _ = try await redis.send(["CONFIG", "SET", "maxmemory", 1])
            let full = try await redisError { _ = try await redis.send(["SET", "k", "v"]) }
            #expect(prefix(full) == "OOM" && full.isRetryable)
            _ = try await redis.send(["CONFIG", "SET", "maxmemory", 0])
            try #expect(await redis.send(["SET", "k", "v"]) == .status("OK"))
        }
    }

    private func prefix(_ error: RedisError) -> String? {
        if case .server(let server) = error.code { server.prefix } else { nil }
    }

    @Test func scripts() async throws {
        try await withRedis(scripts: [Self.double, Self.failing]) { _, redis in
            let reply = try await redis.evaluate(Self.double, keys: ["k"], arguments: [21, "x"])
            #expect(reply == .array([.bulk(ByteBuffer(string: "k")), .integer(42), .integer(1), .integer(2)]))
            let error = try await redisError { _ = try await redis.evaluate(Self.failing, keys: [], arguments: []) }
            #expect(prefix(error) == "ONCEGATE_FULL")
            try #expect(await calls(of: "eval", redis) == 0, "loaded by the handshake, called by digest")
        }
    }

    @Test func scriptsThatRedisHasForgotten() async throws {
        try await withRedis(scripts: [Self.double]) { _, redis in
            _ = try await redis.send(["SCRIPT", "FLUSH"])
            for number in 1...3 {
                let reply = try await redis.evaluate(Self.double, keys: ["k"], arguments: [.integer(number)])
                #expect(reply.array?.dropFirst().first == .integer(Int64(2 * number)))
            }
            try #expect(await calls(of: "eval", redis) == 1, "sent in full once, known again after that")
        }
    }

    @Test func scriptsThatWereNotRegistered() async throws {
        try await withRedis { _, redis in
            let reply = try await redis.evaluate(Self.double, keys: ["k"], arguments: [4])
            #expect(reply.array?.dropFirst().first == .integer(8))
        }
    }

    private func calls(of command: String, _ redis: RedisConnection) async throws -> Int {
        let text = try await redis.send(["INFO", "commandstats"]).string ?? ""
        guard let start = text.firstRange(of: "cmdstat_\(command):calls=")?.upperBound else { return 0 }
        return Int(text[start...].prefix { $0.isNumber }) ?? -1
    }

    @Test func commandsOfOneTurnLeaveTogether() async throws {
        try await withRedis { _, redis in
            let before = try await readEvents(redis)
            let futures = try await redis.eventLoop.submit {
                (0..<50).map { _ in redis.send(["PING"]) as EventLoopFuture<RedisValue> }
            }.get()
            for future in futures { _ = try await future.get() }
            // One read for the fifty, one for the INFO that asks.
            try #expect(await readEvents(redis) - before == 2)
        }
    }

    private func readEvents(_ redis: RedisConnection) async throws -> Int {
        let text = try await redis.send(["INFO", "stats"]).string ?? ""
        let start = try #require(text.firstRange(of: "total_reads_processed:")?.upperBound)
        return try #require(Int(text[start...].prefix { $0.isNumber }))
    }

    @Test func databases() async throws {
        try await TestRedis.with { server in
            try await withConnection(to: server.endpoint) { zero in
                try await withConnection(to: RedisEndpoint(url: "unix://\(server.socketPath)?db=3")) { three in
                    _ = try await three.send(["SET", "k", "three"])
                    try #expect(await zero.send(["GET", "k"]) == .null)
                    _ = try await zero.send(["SELECT", 3])
                    try #expect(await zero.send(["GET", "k"]).string == "three")
                }
            }
            let missing = try RedisEndpoint(url: "unix://\(server.socketPath)?db=99")
            try await expectRefusal(of: missing, saying: "database number")
        }
    }

    @Test func users() async throws {
        let arguments = ["--requirepass", "pass%word", "--user", "gate", "on", ">s3cret~*:/", "~*", "&*", "+@all"]
        try await TestRedis.with(arguments: arguments) { server in
            let base = "unix://\(server.socketPath)"
            try await withConnection(to: RedisEndpoint(url: base + "?password=pass%25word")) { redis in
                try #expect(await redis.send(["ACL", "WHOAMI"]).string == "default")
            }
            try await withConnection(to: RedisEndpoint(url: base + "?user=gate&password=s3cret~*:/")) { redis in
                try #expect(await redis.send(["ACL", "WHOAMI"]).string == "gate")
            }
            try await expectRefusal(of: RedisEndpoint(url: base + "?password=hunter2"), saying: "WRONGPASS")
            try await expectRefusal(of: RedisEndpoint(url: base + "?user=gate&password=hunter2"), saying: "WRONGPASS")
            try await expectRefusal(of: RedisEndpoint(url: base), saying: "NOAUTH")
        }
    }

    /// Expects that the connection never comes up and that its status says why, without the password.
    private func expectRefusal(of endpoint: RedisEndpoint, saying reason: String) async throws {
        try await withConnection(to: endpoint, connects: false) { redis in
            try await eventually("a refusal in the status") { status(redis).contains(reason) }
            let error = try await redisError { _ = try await redis.send(["PING"]) }
            #expect(error.code == .notConnected && !error.mayHaveExecuted && error.isRetryable)
            #expect(error.message.contains(reason) && !error.message.contains("hunter2"))
            let waiting = try await redisError {
                try await redis.waitUntilConnected(deadline: .now + .milliseconds(100))
            }
            #expect(waiting.code == .notConnected && waiting.message.contains(reason))
        }
    }

    private func status(_ redis: RedisConnection) -> String {
        if case .connecting(let reason?) = redis.status { reason.message } else { "" }
    }

    @Test func bounds() async throws {
        var limits = RedisLimits.patient
        limits.maximumPendingCommands = 10
        limits.maximumCommandBytes = 1000
        try await withRedis(limits: limits) { _, redis in
            let futures = try await redis.eventLoop.submit {
                (0..<11).map { _ in redis.send(["PING"]) as EventLoopFuture<RedisValue> }
            }.get()
            for future in futures.prefix(10) {
                try #expect(await future.get() == .status("PONG"))
            }
            let refused = try await redisError { _ = try await futures[10].get() }
            #expect(refused.code == .tooManyPending && !refused.mayHaveExecuted && refused.isRetryable)
            let large = RedisArgument.bytes(ByteBuffer(repeating: 0, count: 1001))
            let tooLarge = try await redisError { _ = try await redis.send(["SET", "k", large]) }
            #expect(tooLarge.code == .commandTooLarge && !tooLarge.isRetryable)
            try #expect(await redis.send(["PING"]) == .status("PONG"))
        }
    }

    @Test func gracefulShutdownWaitsForRepliesUnderWay() async throws {
        try await TestRedis.with { server in
            let redis = RedisConnection(
                endpoint: try server.endpoint, eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
                logger: quietLogger)
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: redis)], logger: quietLogger))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await redis.waitUntilConnected(deadline: .now + .seconds(10))
                // Answered only after half a second.
                let slow: EventLoopFuture<RedisValue> = redis.send(["BLPOP", "nothing", "0.5"])
                _ = try await redis.eventLoop.submit {}.get()
                await group.triggerGracefulShutdown()
                try await eventually("shutting down") {
                    // One that was sent before the shutdown is answered, after the slow one.
                    do throws(RedisError) {
                        _ = try await redis.send(["PING"])
                        return false
                    } catch {
                        return error.code == .shuttingDown
                    }
                }
                try #expect(await slow.get() == .null)
                try await tasks.waitForAll()
            }
        }
    }
}
