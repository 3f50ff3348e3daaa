import Admin
import EventLedger
import Foundation
import GatewayConfiguration
import Logging
import Redis

/// Destinations that are not configured although something is kept for them.
enum Orphans {
    /// How long Redis has to answer.
    static let patience = Duration.seconds(1)

    /// Asks the Redis of a configuration; an embedded one only while its gateway runs.
    /// - Throws: `RedisError` where it does not answer.
    static func find(for configuration: GatewayConfiguration) async throws -> [SurveyedDestination] {
        guard let endpoint = try endpoint(of: configuration) else { return [] }
        return try await RedisConnection.briefly(
            to: endpoint, scripts: Ledger.scripts, patience: patience
        ) { connection in
            let ledger = Ledger(connection: connection, keyspace: Keyspace(configuration))
            let surveyed = try await ledger.survey(configured: configuration.destinations.map(\.name))
            return surveyed.filter { !$0.isConfigured }
        }
    }

    private static func endpoint(of configuration: GatewayConfiguration) throws -> RedisEndpoint? {
        if let redis = configuration.redis { return try RedisEndpoint(url: redis.url.revealed) }
        let directory = configuration.dataDirectory
        guard FileManager.default.fileExists(atPath: directory + "/redis.sock") else { return nil }
        let quiet = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
        return try EmbeddedRedis(dataDirectory: directory, logger: quiet).endpoint
    }
}

extension SurveyedDestination {
    /// What is kept, and what to do about it.
    fileprivate var kept: (what: [String], advice: [String]) {
        var (what, advice): ([String], [String]) = ([], [])
        if backlog.pending > 0 {
            what.append("\(backlog.pending) pending")
            advice.append("`oncegate destinations move \(name) --to OTHER` or `oncegate destinations drop \(name)`")
        }
        if backlog.deadLetters > 0 { what.append("\(backlog.deadLetters) dead") }
        if backlog.held > 0 { what.append("\(backlog.held) unknown") }
        if backlog.deadLetters + backlog.held > 0 {
            advice.append(
                "`oncegate dead-letters replay --destination \(name) --to OTHER` or "
                    + "`oncegate dead-letters drop --destination \(name)`")
        }
        if backlog.isPaused {
            what.append("a pause")
            advice.append("`oncegate destinations resume \(name)`")
        }
        return (what, advice)
    }

    /// The line that `oncegate check` prints.
    var warning: String {
        let (what, advice) = kept
        return "warning: the destination \(name) is not configured, but Redis keeps "
            + "\(what.joined(separator: ", ")) for it: \(advice.joined(separator: "; "))"
    }
}
