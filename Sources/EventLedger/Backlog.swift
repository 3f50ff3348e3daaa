import Redis

/// What waits for one destination.
package struct Backlog: Sendable, Equatable {
    /// Deliveries not settled.
    package let pending: Int
    /// Dead letters.
    package let deadLetters: Int
    /// The age of the oldest pending event among the ``Ledger/backlogSample`` deliveries next due.
    package let oldestPending: Duration
    /// Whether the breaker is open.
    package let isBreakerOpen: Bool
}

extension Ledger {
    /// How many deliveries are looked at for the oldest: a scrape must not hold up Redis.
    package static let backlogSample = 256

    /// Measures what waits for a destination.
    /// - Throws: ``RedisError`` where Redis is away.
    package func backlog(destination: String) async throws -> Backlog {
        let keys = [keyspace.due(destination), keyspace.dead(destination), keyspace.breaker(destination)]
        let reply =
            try await connection.evaluate(
                Scripts.backlog, keys: keys.map { .string($0) },
                arguments: [.string(keyspace.events), .integer(Self.backlogSample)]
            ) as RedisValue
        guard case .array(let items) = reply, items.count == 4, let pending = items[0].integer,
            let dead = items[1].integer, let oldest = items[2].integer, let isOpen = items[3].integer
        else { throw LedgerError(script: "backlog") }
        return Backlog(
            pending: Int(pending), deadLetters: Int(dead), oldestPending: .milliseconds(oldest),
            isBreakerOpen: isOpen == 1)
    }
}
