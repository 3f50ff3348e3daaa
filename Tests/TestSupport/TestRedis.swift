import EventLedger
import Glibc
import Logging
import NIOCore
import NIOPosix
import Redis

/// A redis-server of one test, in a temporary folder, on a Unix socket there.
package final class TestRedis {
    /// The folder that the server keeps its data in.
    package let directory: String
    private let arguments: [String]
    /// The process of the server, 0 while there is none.
    package private(set) var pid: pid_t = 0

    /// - Parameter arguments: further words of the server's command line.
    package init(arguments: [String] = []) throws {
        directory = try makeTemporaryDirectory()
        self.arguments = arguments
    }

    /// The path of the server's socket.
    package var socketPath: String { directory + "/redis.sock" }

    /// What a connection is told to reach the server by.
    /// - Throws: nothing that this path gives rise to.
    package var endpoint: RedisEndpoint {
        get throws { try .unix(path: socketPath) }
    }

    /// Starts the server. Whoever connects waits until it listens. What an earlier start kept is there again.
    package func start() throws {
        pid = try spawn(
            [
                "redis-server", "--port", "0", "--unixsocket", socketPath, "--dir", directory, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always", "--logfile", directory + "/redis.log",
            ] + arguments)
    }

    /// Ends the server at once and reaps it.
    package func kill() {
        guard pid > 0 else { return }
        Glibc.kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        pid = 0
    }

    /// Stops the server in its tracks without ending it: it does nothing any more when this returns.
    package func freeze() {
        guard pid > 0 else { return }
        Glibc.kill(pid, SIGSTOP)
        // kill(2) may return before the process has stopped, which waitpid(2) tells of.
        while waitpid(pid, nil, WUNTRACED) < 0, errno == EINTR {}
    }

    /// Lets a frozen server go on.
    package func thaw() { Glibc.kill(pid, SIGCONT) }

    /// Runs `body` with a redis-server of its own, which is gone afterwards.
    package static func with(arguments: [String] = [], _ body: (TestRedis) async throws -> Void) async throws {
        try await withPlace {
            let server = try TestRedis(arguments: arguments)
            defer {
                server.kill()
                removeDirectory(server.directory)
            }
            try server.start()
            try await body(server)
        }
    }

    /// Runs `body` with a connection that is kept up meanwhile, once it is connected.
    package func withConnection(
        on eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(),
        _ body: (RedisConnection) async throws -> Void
    ) async throws {
        var limits = RedisLimits()
        limits.commandTimeout = .seconds(20)  // a machine busy with other tests does not exceed it
        let connection = RedisConnection(
            endpoint: try endpoint, scripts: Ledger.scripts, eventLoop: eventLoop, logger: quietLogger,
            limits: limits)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await connection.run() }
            try await connection.waitUntilConnected(deadline: .now + .seconds(15))
            try await body(connection)
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

/// A logger that writes nothing.
package let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension RedisConnection {
    /// Sends a command and waits for the reply.
    @discardableResult
    package func command(_ words: RedisArgument...) async throws -> RedisValue {
        try await send(words) as RedisValue
    }

    /// Sends a command whose reply is a list of texts.
    package func texts(_ words: RedisArgument...) async throws -> [String] {
        (try await send(words) as RedisValue).array?.compactMap(\.string) ?? []
    }
}
