import ArgumentParser
import GatewayConfiguration
import Logging
import ServiceLifecycle
import Telemetry
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the gateway.",
        discussion: "SIGTERM drains and exits; SIGHUP reloads the configuration.")

    /// How long the parts together may take to stop before what is left is cancelled.
    static let maximumShutdown = Duration.seconds(40)

    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        let loaded = try file.load()
        let log = loaded.configuration.log
        let output = bootstrapLogging(format: log.format == .json ? .json : .text, level: log.level.loggerLevel)
        let logger = Logger(label: "oncegate")
        warn(of: loaded, logger)
        let files = FileDescriptors.raiseLimit()
        if files < loaded.configuration.limits.connections + FileDescriptors.reserve {
            logger.warning(
                "too few open files are allowed for limits.connections",
                metadata: ["allowed": .stringConvertible(files)])
        }
        let gateway = try Gateway(configuration: loaded.configuration, logger: logger)
        logger.notice("starting", metadata: ["version": .string(Version.current)])
        let reload = Reload(file: file, gateway: gateway, initial: loaded.configuration, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [Running(output.run)] + gateway.services + [Running(reload.run)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quietened(logger))
        configuration.maximumGracefulShutdownDuration = Self.maximumShutdown
        try await ServiceGroup(configuration: configuration).run()
        logger.notice("stopped")
    }
}

/// A logger for libraries that tell of their own routine at levels at which Oncegate tells of events.
func quietened(_ logger: Logger) -> Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    return quiet
}

/// Logs what was probably not meant in a configuration.
private func warn(of loaded: GatewayConfiguration.Loaded, _ logger: Logger) {
    for problem in loaded.warnings {
        logger.warning("configuration", metadata: ["problem": .string(problem.description)])
    }
}

/// Reloads the configuration at SIGHUP: the new one is validated whole, then swapped; a bad one is refused.
struct Reload: Sendable {
    let file: ConfigurationFile
    let gateway: Gateway
    let initial: GatewayConfiguration
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                let loaded = try file.load()
                warn(of: loaded, logger)
                for key in loaded.configuration.keysThatNeedRestart(since: initial) {
                    logger.warning("takes effect at the next start", metadata: ["key": .string(key)])
                }
                try gateway.apply(loaded.configuration)
                logger.notice("configuration reloaded")
            } catch let problems as GatewayConfiguration.Problems {
                for problem in problems.problems {
                    logger.error("configuration refused", metadata: ["problem": .string("\(problem)")])
                }
            } catch {
                logger.error("configuration refused", metadata: ["problem": .string("\(error)")])
            }
        }
    }
}

extension GatewayConfiguration {
    /// The keys whose change a running gateway cannot follow.
    fileprivate func keysThatNeedRestart(since initial: GatewayConfiguration) -> [String] {
        var keys: [String] = []
        if listen != initial.listen { keys.append("listen") }
        if admin != initial.admin { keys.append("admin") }
        if redis != initial.redis { keys.append("redis") }
        if dataDirectory != initial.dataDirectory { keys.append("data_dir") }
        if log != initial.log { keys.append("log") }
        return keys
    }
}

extension GatewayConfiguration.Log.Level {
    fileprivate var loggerLevel: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
