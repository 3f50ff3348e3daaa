import EventLedger

/// A destination and what waits for it.
package struct SurveyedDestination: Sendable {
    /// Its name.
    package let name: String
    /// Whether it is configured.
    package let isConfigured: Bool
    /// What waits.
    package let backlog: Backlog
}

extension Ledger {
    /// Measures what waits for every destination: the configured ones in their order, then those that are not configured
    /// any more and that something is kept for.
    /// - Throws: ``RedisError`` where Redis is away.
    package func survey(configured: [String]) async throws -> [SurveyedDestination] {
        var surveyed: [SurveyedDestination] = []
        for name in configured {
            surveyed.append(
                SurveyedDestination(name: name, isConfigured: true, backlog: try await backlog(destination: name)))
        }
        for name in try await knownDestinations() where !configured.contains(name) {
            let backlog = try await backlog(destination: name)
            // A name stays for a while after the last of what was kept has gone.
            guard !backlog.isEmpty || backlog.isPaused else { continue }
            surveyed.append(SurveyedDestination(name: name, isConfigured: false, backlog: backlog))
        }
        return surveyed
    }
}
