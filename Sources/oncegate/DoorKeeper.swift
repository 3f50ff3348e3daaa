import FrontDoor
import Redis

/// Opens the front door once Redis has been looked at.
///
/// A Redis that does not answer keeps the door from being of use, but not from opening: senders are told to try again,
/// and the look is made up for when Redis is there.
struct DoorKeeper: Sendable {
    /// How long the door waits for Redis before it opens without.
    static let patience = Duration.seconds(1)
    /// How long one wait for Redis lasts while the door is open without.
    static let recheckTime = Duration.seconds(60)

    let frontDoor: FrontDoor
    let connection: RedisConnection
    let check: StartupCheck

    func run() async throws {
        let isChecked = try await check(before: .now + Self.patience)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await frontDoor.run()
                return true
            }
            if !isChecked {
                group.addTask {
                    do {
                        while try await !check(before: .now + Self.recheckTime) {
                            // A Redis that is there and answers with errors must not be asked in a loop without a pause.
                            try await Task.sleep(for: Self.patience)
                        }
                    } catch is CancellationError {
                        // The door has closed before Redis was there.
                    }
                    return false
                }
            }
            for try await isClosed in group where isClosed { group.cancelAll() }
        }
    }

    /// Looks at Redis if it answers in time.
    /// - Returns: whether it was looked at.
    /// - Throws: `CommandError` where it must not be used, or `CancellationError`.
    private func check(before deadline: ContinuousClock.Instant) async throws -> Bool {
        try Task.checkCancellation()
        do {
            try await connection.waitUntilConnected(deadline: deadline)
            try await check.run()
            return true
        } catch is RedisError {
            return false
        }
    }
}
