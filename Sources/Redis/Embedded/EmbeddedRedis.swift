import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A private redis-server that belongs to this gateway alone, for installations without a Redis of their own.
///
/// It listens on a Unix socket in the data folder that only the owner may use, and writes every command to disk before
/// it answers. It is started again when it dies, and ends with ``run()``.
package final class EmbeddedRedis: Sendable {
    /// Where the server listens.
    package let endpoint: RedisEndpoint

    private let directory: DataDirectory
    private let process: ServerProcess
    private let logger: Logger
    private let wasRun = Atomic(false)
    private let state = Mutex(State())

    private struct State {
        var processIdentifier: Int32?
        var isReady = false
        var waiters: [EventLoopPromise<Void>] = []
        var ending: (any Error)?
    }

    /// The wait before a server that died is started again; it doubles with each failure in a row.
    static let firstRestartDelay = Duration.milliseconds(50)
    /// The longest wait before a server that died is started again.
    static let maximumRestartDelay = Duration.seconds(5)
    /// So many starts in a row without the server becoming ready, after it once was, are the end.
    static let maximumFailedStarts = 8
    /// The longest that a server may take to load its data.
    static let longestLoading = Duration.seconds(86_400)

    /// Prepares a server; nothing is made or started before ``run()``.
    ///
    /// - Parameters:
    ///   - dataDirectory: The folder for the data, made with mode 0700 where it does not exist.
    ///   - logger: Receives the server's warnings and one line for each start and end.
    ///   - executable: The name of the program.
    ///   - searchPath: The folders to look for it, as in `PATH`; nil for the `PATH` of this process.
    /// - Throws: An ``EmbeddedRedisError`` with the code `pathTooLong` or `dataDirectoryUnusable`.
    package init(
        dataDirectory: String, logger: Logger, executable: String = "redis-server", searchPath: String? = nil
    ) throws(EmbeddedRedisError) {
        directory = try DataDirectory(dataDirectory)
        endpoint = directory.endpoint
        self.logger = logger
        process = ServerProcess(
            directory: directory, executable: executable, searchPath: searchPath, logger: logger)
    }

    /// The process id of the server while it runs; nil between two lives.
    package var processIdentifier: Int32? {
        state.withLock { $0.processIdentifier }
    }

    /// Returns once the server has loaded its data and answers. Waits for as long as ``run()`` has not ended, also when
    /// that has not begun.
    ///
    /// - Throws: What ``run()`` ended with if it ends before that.
    package func waitUntilReady() async throws {
        let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
        state.withLock { state in
            if state.isReady {
                promise.succeed()
            } else if let ending = state.ending {
                promise.fail(ending)
            } else {
                state.waiters.append(promise)
            }
        }
        try await promise.futureResult.get()
    }
}

extension EmbeddedRedis: Service {
    /// Runs the server, again whenever it dies, until the task is cancelled or the service group shuts down gracefully.
    ///
    /// Then the server gets SIGTERM and, after ten seconds, SIGKILL. Call it once, and end it after all that use the
    /// server: in a service group, list it before them.
    ///
    /// - Throws: An ``EmbeddedRedisError``: where the folder cannot be used or is in use, where no redis-server is
    ///   installed, and where the server does not start; the last with the end of its output.
    package func run() async throws {
        precondition(!wasRun.exchange(true, ordering: .relaxed), "an embedded Redis runs once")
        do {
            try await cancelWhenGracefulShutdown { try await self.supervise() }
            finish(EmbeddedRedisError(.shuttingDown, "The private Redis is shutting down."))
        } catch {
            finish(error)
            throw error
        }
    }

    private func supervise() async throws {
        if try directory.create() {
            logger.warning("others than the owner can enter data_dir", metadata: ["path": "\(directory.path)"])
        }
        let lock = try DataDirectoryLock(directory)
        do {
            if try await OrphanedServer(directory: directory).end() {
                logger.warning("ended the redis-server that an earlier gateway left behind")
            }
            try await keepRunning()
        } catch {
            // Whatever being cut short in the middle looks like, it is what was asked for.
            if !Task.isCancelled { throw error }
        }
        // A server that had to be killed leaves its socket behind.
        directory.removeSocket()
        // Held until here, where the server has ended.
        _ = consume lock
    }

    private func keepRunning() async throws {
        var delay = ReconnectDelay(first: Self.firstRestartDelay, maximum: Self.maximumRestartDelay)
        var failedStarts = 0
        var wasEverReady = false
        while !Task.isCancelled {
            let (becameReady, ending) = try await liveOnce()
            guard !Task.isCancelled else { return }
            wasEverReady = wasEverReady || becameReady
            failedStarts = becameReady ? 0 : failedStarts + 1
            guard wasEverReady, failedStarts < Self.maximumFailedStarts else {
                throw EmbeddedRedisError(
                    .serverFailed, "redis-server does not start (\(ending.status)). Its last lines:\n\(ending.excerpt)")
            }
            logger.error("redis-server died; starting it again", metadata: ["status": "\(ending.status)"])
            if becameReady { delay.reset() }
            // The pause between two lives; it grows while the server dies at once.
            try await Task.sleep(for: delay.advance())
        }
    }

    /// Runs the server once, and tells the waiters when it is ready.
    private func liveOnce() async throws -> (becameReady: Bool, ending: ServerProcess.Ending) {
        defer {
            state.withLock { state in
                state.processIdentifier = nil
                state.isReady = false
            }
        }
        return try await withThrowingTaskGroup(of: ServerProcess.Ending?.self) { group in
            group.addTask { [process] in
                try await process.run { identifier in
                    self.state.withLock { $0.processIdentifier = identifier }
                }
            }
            group.addTask {
                await self.announceReadiness()
                return nil
            }
            var ending: ServerProcess.Ending?
            while ending == nil, let result = try await group.next() {
                ending = result
            }
            // Ends the connection that asks whether the server is ready.
            group.cancelAll()
            let becameReady = state.withLock { $0.isReady }
            guard let ending else { throw CancellationError() }
            return (becameReady, ending)
        }
    }

    /// Asks the server until it answers, however long it takes to load its data.
    private func announceReadiness() async {
        let quiet = Logger(label: "redis-readiness") { _ in SwiftLogNoOpLogHandler() }
        let connection = RedisConnection(
            endpoint: endpoint, eventLoop: MultiThreadedEventLoopGroup.singleton.any(), logger: quiet)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // A Unix socket needs no certificates, which is all that this could fail for.
                try? await connection.run()
            }
            let connected: Void? = try? await connection.waitUntilConnected(deadline: .now + Self.longestLoading)
            if connected != nil {
                becomeReady()
            }
            group.cancelAll()
        }
    }

    private func becomeReady() {
        logger.info("the private redis-server is ready", metadata: ["endpoint": "\(endpoint)"])
        let waiters = state.withLock { state in
            state.isReady = true
            defer { state.waiters = [] }
            return state.waiters
        }
        waiters.forEach { $0.succeed() }
    }

    private func finish(_ ending: any Error) {
        let waiters = state.withLock { state in
            state.ending = ending
            defer { state.waiters = [] }
            return state.waiters
        }
        waiters.forEach { $0.fail(ending) }
    }
}
