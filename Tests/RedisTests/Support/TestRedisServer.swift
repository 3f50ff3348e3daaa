import Glibc
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import Redis

/// A redis-server of one test, in a temporary folder, on a Unix socket there.
final class TestRedisServer {
    let directory: String
    private let arguments: [String]
    private(set) var pid: pid_t = 0

    var socketPath: String { directory + "/redis.sock" }

    var endpoint: RedisEndpoint {
        get throws { try .unix(path: socketPath) }
    }

    init(arguments: [String] = []) throws {
        directory = try makeTemporaryDirectory()
        self.arguments = arguments
    }

    /// Starts the server. Whoever connects waits until it listens.
    func start() throws {
        let words =
            [
                "redis-server", "--port", "0", "--unixsocket", socketPath, "--dir", directory, "--save", "",
                "--appendonly", "yes", "--logfile", directory + "/redis.log",
            ] + arguments
        pid = try spawn(words)
    }

    /// Ends the server at once and reaps it.
    func kill() {
        guard pid > 0 else { return }
        Glibc.kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        pid = 0
    }

    /// Stops the server in its tracks without ending it.
    func freeze() {
        Glibc.kill(pid, SIGSTOP)
    }

    /// Lets a frozen server go on.
    func thaw() {
        Glibc.kill(pid, SIGCONT)
    }
}

/// Runs `body` with a redis-server of its own.
func withRedisServer(
    arguments: [String] = [], _ body: (TestRedisServer) async throws -> Void
) async throws {
    let server = try TestRedisServer(arguments: arguments)
    defer {
        server.kill()
        removeDirectory(server.directory)
    }
    try server.start()
    try await body(server)
}

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
    _ body: (TestRedisServer, RedisConnection) async throws -> Void
) async throws {
    try await withRedisServer(arguments: arguments) { server in
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

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

struct SystemCallFailed: Error {
    let call: String
    let code: CInt
}

/// Starts a process with the standard descriptors and no others: a socket of a test running at the same time would
/// stay open for as long as the process lives, since NIO does not mark sockets close-on-exec.
func spawn(_ words: [String]) throws -> pid_t {
    var argv = words.map { strdup($0) }
    defer { argv.forEach { free($0) } }
    argv.append(nil)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // glibc (2.34) declares this one for GNU sources only, so that Swift does not see it.
    typealias AddCloseFrom =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt
    let symbol = try #require(dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"))
    _ = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, 3)
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, words[0], &actions, nil, argv, environ)
    guard code == 0 else { throw SystemCallFailed(call: "posix_spawnp \(words[0])", code: code) }
    return pid
}

func makeTemporaryDirectory() throws -> String {
    var template = Array("/tmp/oncegate-redis-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemCallFailed(call: "mkdtemp", code: errno) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a folder and all in it.
func removeDirectory(_ path: String) {
    guard let pid = try? spawn(["rm", "-rf", path]) else { return }
    waitpid(pid, nil, 0)
}

/// Waits until `condition` holds; fails the test at the deadline.
func eventually(
    within limit: Duration = .seconds(10), _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard .now < deadline else {
            Issue.record("not in time: \(what)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(5))
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
