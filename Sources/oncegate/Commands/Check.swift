import ArgumentParser
import Foundation
import GatewayConfiguration
import Redis

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate the configuration and print the effective routes.",
        discussion: "Every problem is printed as FILE:LINE:COLUMN: message, and the exit code is then 1. "
            + "Where Redis answers, it is asked what is kept for destinations that are not configured any more.")

    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        do {
            let loaded = try file.load()
            if let redis = loaded.configuration.redis { try Self.check(redis) }
            print(ConfigurationSummary(loaded))
            await Self.printOrphans(of: loaded.configuration)
        } catch let problems as GatewayConfiguration.Problems {
            for warning in problems.warnings { printError("\(warning) (warning)") }
            for problem in problems.problems { printError("\(problem)") }
            throw ExitCode.failure
        }
    }

    /// Reads the Redis URL as `serve` will.
    private static func check(_ redis: RedisSettings) throws {
        do {
            _ = try RedisEndpoint(url: redis.url.revealed)
        } catch {
            throw CommandError("redis.url: \(error)")
        }
    }

    /// Warns of destinations that are not configured although something is kept for them. A Redis that does not answer
    /// is no mistake of the configuration.
    private static func printOrphans(of configuration: GatewayConfiguration) async {
        do {
            let orphans = try await Orphans.find(for: configuration)
            if !orphans.isEmpty { print() }
            for orphan in orphans { print(orphan.warning) }
        } catch {
            printError("note: not asked for destinations that are not configured any more: \(error)")
        }
    }
}

/// Prints a line to standard error.
func printError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
