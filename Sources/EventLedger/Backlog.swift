import Redis

/// What waits for one destination.
package struct Backlog: Sendable, Equatable {
    /// Deliveries not settled.
    package let pending: Int
    /// Dead letters.
    package let deadLetters: Int
    /// Deliveries of unknown outcome that wait for a person.
    package let held: Int
    /// The age of the oldest pending event among the ``Ledger/backlogSample`` deliveries next due.
    package let oldestPending: Duration
    /// Whether the breaker is open.
    package let isBreakerOpen: Bool
    /// Whether a person has paused deliveries.
    package let isPaused: Bool

    /// Whether nothing waits, neither for its turn nor for a person.
    package var isEmpty: Bool { pending == 0 && deadLetters == 0 && held == 0 }
}

extension Ledger {
    /// How many deliveries are looked at for the oldest: a scrape must not hold up Redis.
    package static let backlogSample = 256

    /// Measures what waits for a destination.
    /// - Throws: ``RedisError`` where Redis is away.
    package func backlog(destination: String) async throws -> Backlog {
        let items = try await list(
            Scripts.backlog,
            keys: [
                keyspace.due(destination), keyspace.behind, keyspace.dead(destination), keyspace.held(destination),
                keyspace.breaker(destination), keyspace.paused,
            ],
            arguments: [.string(keyspace.base), .string(destination), .integer(Self.backlogSample)])
        let numbers = items.compactMap(\.integer).map { Int($0) }
        guard numbers.count == 6 else { throw LedgerError(script: "backlog") }
        return Backlog(
            pending: numbers[0], deadLetters: numbers[1], held: numbers[2], oldestPending: .milliseconds(numbers[3]),
            isBreakerOpen: numbers[4] == 1, isPaused: numbers[5] == 1)
    }

    /// The names of the destinations that something is kept for, configured or not, in alphabetical order.
    /// - Throws: ``RedisError`` where Redis is away.
    package func knownDestinations() async throws -> [String] {
        let kept = try await connection.send(["SMEMBERS", .string(keyspace.destinations)]) as RedisValue
        let paused = try await connection.send(["HKEYS", .string(keyspace.paused)]) as RedisValue
        return Set([kept, paused].flatMap { $0.array ?? [] }.compactMap(\.string)).sorted()
    }

    /// Keeps deliveries of a destination from being leased, by any process, until it is resumed.
    /// - Throws: ``RedisError`` where Redis is away.
    package func pause(destination: String) async throws {
        _ = try await connection.send(["HSET", .string(keyspace.paused), .string(destination), "1"]) as RedisValue
    }

    /// Lets deliveries of a destination be leased again.
    /// - Returns: whether it was paused.
    /// - Throws: ``RedisError`` where Redis is away.
    package func resume(destination: String) async throws -> Bool {
        try await connection.send(["HDEL", .string(keyspace.paused), .string(destination)]) as RedisValue == .integer(1)
    }
}
