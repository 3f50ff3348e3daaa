import Redis

extension Ledger {
    /// How many finished events leave in one call at the most: it bounds the time for which the script holds up Redis.
    package static let maximumTrim = 500

    /// Lets finished events leave that are older, or more, than are kept, and forgets destinations that nothing is kept for.
    ///
    /// Settlements do the same a few at a time; this is for when there are none.
    /// - Returns: how many have left; ``maximumTrim`` where there may be more.
    /// - Throws: ``RedisError`` where Redis is away.
    package func trim(bounds: HistoryBounds) async throws -> Int {
        try await number(
            Scripts.trim, keys: [keyspace.destinations],
            arguments: [
                .string(keyspace.base), .integer(bounds.time.milliseconds), .integer(bounds.events),
                .integer(Self.maximumTrim),
            ])
    }
}
