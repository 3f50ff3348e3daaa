import ArgumentParser
import Foundation
import GatewayConfiguration
import Redis

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate the configuration and print the effective routes.",
        discussion: "Every problem is printed as FILE:LINE:COLUMN: message, and the exit code is then 1.")

    @OptionGroup var file: ConfigurationFile

    func run() throws {
        do {
            let loaded = try file.load()
            if let redis = loaded.configuration.redis { try Self.check(redis) }
            print(ConfigurationSummary(loaded))
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
}

/// Prints a line to standard error.
func printError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
