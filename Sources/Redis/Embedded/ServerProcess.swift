import Logging
import Subprocess

/// One life of a redis-server process.
struct ServerProcess: Sendable {
    /// How a life ended.
    struct Ending: Sendable {
        let status: String
        let excerpt: String
    }

    let directory: DataDirectory
    let executable: String
    /// Where to look for the executable; nil for the `PATH` of this process.
    let searchPath: String?
    let logger: Logger

    /// How long the server may take to write its data out after SIGTERM, before SIGKILL.
    static let gracePeriod = Duration.seconds(10)

    /// Runs the server until it ends. Cancellation ends it with SIGTERM and, after the grace period, SIGKILL.
    ///
    /// - Parameter started: Called with the process id once the process exists.
    /// - Throws: `serverNotFound` where there is no such executable.
    func run(started: @Sendable (Int32) -> Void) async throws -> Ending {
        var options = PlatformOptions()
        // A Ctrl-C at the terminal goes to the whole foreground group, and the gateway needs its Redis to drain.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: Self.gracePeriod)]
        // Of this process' environment, which may hold secrets, the server gets the search path alone.
        let environment = searchPath.map { Environment.custom(["PATH": $0]) } ?? Environment.custom([:])
        do {
            let result = try await Subprocess.run(
                .name(executable), arguments: ["-"], environment: environment, platformOptions: options,
                input: .string(ServerConfiguration(directory: directory).text), output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                started(execution.processIdentifier.value)
                return try await read(execution.standardOutput)
            }
            return Ending(status: "\(result.terminationStatus)", excerpt: result.closureResult.excerpt)
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw EmbeddedRedisError(
                .serverNotFound,
                "There is no redis-server to run. Install it (apt-get install redis-server), or set redis.url to a "
                    + "Redis that runs elsewhere.")
        }
    }

    private func read(_ output: SubprocessOutputSequence) async throws -> ServerLog {
        var log = ServerLog()
        do {
            for try await line in output.strings() {
                if let warning = log.append(line) {
                    logger.warning("redis-server warns", metadata: ["text": "\(warning)"])
                }
            }
        } catch let error as SubprocessError where !Task.isCancelled {
            // Reading is cut short when the process ends while a child of it keeps the pipe open.
            logger.debug("reading the output of redis-server ended", metadata: ["reason": "\(error)"])
        }
        return log
    }
}
