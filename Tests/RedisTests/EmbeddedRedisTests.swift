import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct EmbeddedRedisTests {
    /// Runs `body` with a folder of its own.
    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        try await withPlace {
            let directory = try makeTemporaryDirectory()
            defer { removeDirectory(directory) }
            try await body(directory)
        }
    }

    /// Runs `body` while an embedded server runs, once it is ready, and ends it.
    private func withEmbedded(
        _ directory: String, _ body: (EmbeddedRedis, RedisConnection) async throws -> Void
    ) async throws {
        let embedded = try EmbeddedRedis(dataDirectory: directory, logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await embedded.run() }
            try await embedded.waitUntilReady()
            try await withConnection(to: embedded.endpoint) { redis in
                try await body(embedded, redis)
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func dataSurvivesStopAndStart() async throws {
        try await withDirectory { parent in
            let directory = parent + "/made/on demand \"here\""
            try await withEmbedded(directory) { embedded, redis in
                _ = try await redis.send(["SET", "k", "v"])
                let pid = try #require(embedded.processIdentifier)
                #expect(Glibc.kill(pid, 0) == 0)
                #expect(permissions(directory) == 0o700)
                #expect(permissions(directory + "/redis.sock") == 0o700)
            }
            #expect(permissions(directory + "/redis.sock") == nil, "the socket is gone")
            try await withEmbedded(directory) { _, redis in
                let value = try await redis.send(["GET", "k"]).string
                #expect(value == "v")
            }
        }
    }

    private func permissions(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test(arguments: [
        ("appendonly", "yes"), ("appendfsync", "always"), ("save", ""), ("maxmemory-policy", "noeviction"),
        ("port", "0"),
    ])
    func settings(name: String, value: String) async throws {
        try await withDirectory { directory in
            try await withEmbedded(directory) { _, redis in
                let reply = try await redis.send(["CONFIG", "GET", .string(name)])
                #expect(reply.array?.map(\.string) == [name, value])
            }
        }
    }

    @Test func serverSeesNothingOfTheEnvironment() async throws {
        try await withDirectory { directory in
            try await withEmbedded(directory) { embedded, _ in
                let pid = try #require(embedded.processIdentifier)
                let environment = try contents(of: "/proc/\(pid)/environ")
                #expect(!environment.contains("HOME="), "the variables of this process, some of which are secret")
                let arguments = try contents(of: "/proc/\(pid)/cmdline")
                #expect(arguments.contains("redis-server"))
            }
        }
    }

    @Test func serverInheritsNoDescriptor() async throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let name = try #require(link("/proc/self/fd/\(ends[0])"))
        try await withDirectory { directory in
            try await withEmbedded(directory) { embedded, _ in
                let pid = try #require(embedded.processIdentifier)
                let names = (0..<1024).compactMap { link("/proc/\(pid)/fd/\($0)") }
                #expect(names.count > 3)
                #expect(!names.contains(name), "a listening socket would outlive the gateway in the same way")
            }
        }
    }

    private func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func contents(of path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw SystemCallFailed(call: "fopen", code: errno) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test func killedServerIsStartedAgainWithItsData() async throws {
        try await withDirectory { directory in
            try await withEmbedded(directory) { embedded, redis in
                for round in 1...3 {
                    _ = try await redis.send(["INCR", "k"])
                    let pid = try #require(embedded.processIdentifier)
                    Glibc.kill(pid, SIGKILL)
                    try await eventually("another process") {
                        guard let now = embedded.processIdentifier else { return false }
                        return now != pid
                    }
                    try await eventually("the data") {
                        guard let reply = try? await redis.send(["GET", "k"]) else { return false }
                        #expect(reply.integer == Int64(round))
                        return true
                    }
                }
            }
        }
    }

    @Test func secondInstanceIsRefused() async throws {
        try await withDirectory { directory in
            try await withEmbedded(directory) { _, redis in
                let second = try EmbeddedRedis(dataDirectory: directory, logger: quietLogger)
                let error = try await embeddedError { try await second.run() }
                #expect(error.code == .dataDirectoryInUse)
                #expect(error.message.contains(directory))
                #expect(try await embeddedError { try await second.waitUntilReady() } == error)
                let reply = try await redis.send(["PING"])
                #expect(reply == .status("PONG"), "the first is not disturbed")
            }
        }
    }

    @Test(arguments: [false, true])
    func orphanIsEndedAndItsDataTakenOver(frozen: Bool) async throws {
        try await TestRedis.with(arguments: ["--appendfsync", "always"]) { orphan in
            try await withConnection(to: orphan.endpoint) { redis in
                _ = try await redis.send(["SET", "k", "v"])
            }
            if frozen { orphan.freeze() }
            try await withEmbedded(orphan.directory) { embedded, redis in
                #expect(embedded.processIdentifier != orphan.pid)
                let value = try await redis.send(["GET", "k"]).string
                #expect(value == "v")
                var status: CInt = 0
                #expect(waitpid(orphan.pid, &status, WNOHANG) == orphan.pid, "the orphan has ended")
            }
        }
    }

    @Test func missingServer() async throws {
        try await withDirectory { directory in
            let embedded = try EmbeddedRedis(
                dataDirectory: directory, logger: quietLogger, searchPath: directory + "/nowhere")
            let error = try await embeddedError { try await embedded.run() }
            #expect(error.code == .serverNotFound)
            #expect(error.message.contains("apt-get install redis-server") && error.message.contains("redis.url"))
        }
    }

    @Test func corruptFile() async throws {
        try await withDirectory { directory in
            try await withEmbedded(directory) { _, redis in
                _ = try await redis.send(["SET", "k", "v"])
            }
            let path = directory + "/appendonlydir/appendonly.aof.1.incr.aof"
            let file = try #require(fopen(path, "w"))
            fputs("this is not an append-only file\n", file)
            fclose(file)
            let embedded = try EmbeddedRedis(dataDirectory: directory, logger: quietLogger)
            let error = try await embeddedError { try await embedded.run() }
            #expect(error.code == .serverFailed)
            #expect(error.message.contains("Bad file format"), "\(error)")
        }
    }

    @Test func unusableDirectories() async throws {
        let long = "/tmp/" + String(repeating: "x", count: 100)
        let error = #expect(throws: EmbeddedRedisError.self) {
            try EmbeddedRedis(dataDirectory: long, logger: quietLogger)
        }
        #expect(error?.code == .pathTooLong && error?.message.contains("data_dir") == true)
        #expect(throws: EmbeddedRedisError.self) { try EmbeddedRedis(dataDirectory: "", logger: quietLogger) }
        for path in ["/proc/oncegate", "/dev/null", "/dev/null/x"] {
            let embedded = try EmbeddedRedis(dataDirectory: path, logger: quietLogger)
            let error = try await embeddedError { try await embedded.run() }
            #expect(error.code == .dataDirectoryUnusable)
        }
    }

    @Test func cancelledBeforeItIsReady() async throws {
        try await withDirectory { directory in
            let embedded = try EmbeddedRedis(dataDirectory: directory, logger: quietLogger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await embedded.run() }
                group.cancelAll()
                try await group.waitForAll()
            }
            let error = try await embeddedError { try await embedded.waitUntilReady() }
            #expect(error.code == .shuttingDown)
            #expect(embedded.processIdentifier == nil)
        }
    }

    @Test func quoting() {
        #expect(ServerConfiguration.quote("/a b") == "\"/a b\"")
        #expect(ServerConfiguration.quote("a\"b\\c\nd") == "\"a\\\"b\\\\c\\nd\"")
    }

    @Test func serverLog() {
        var log = ServerLog()
        #expect(log.append("12:M 24 Nov 2026 10:00:00.000 * Ready to accept connections") == nil)
        #expect(log.append("12:M 24 Nov 2026 10:00:00.000 # Out of # space") == "Out of # space")
        #expect(log.append("  ") == nil)
        for number in 0..<100 { _ = log.append("line \(number)") }
        #expect(log.lines.count == ServerLog.maximumLines && log.lines.last == "line 99")
        _ = log.append(String(repeating: "x", count: 10_000))
        #expect(log.lines.last?.utf8.count == ServerLog.maximumLineLength)
    }

    private func embeddedError(_ body: () async throws -> Void) async throws -> EmbeddedRedisError {
        try #require(await #expect(throws: EmbeddedRedisError.self) { try await body() })
    }
}
