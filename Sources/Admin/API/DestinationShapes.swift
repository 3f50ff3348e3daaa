extension API {
    /// A destination and what waits for it.
    package struct Destination: Codable, Sendable {
        /// Its name.
        package let name: String
        /// Whether it is configured; where it is not, something is still kept for it.
        package let configured: Bool
        /// Whether a person has paused deliveries to it.
        package let paused: Bool
        /// Whether the breaker holds deliveries back.
        package let breakerOpen: Bool
        /// Deliveries not settled.
        package let pending: Int
        /// Dead letters.
        package let dead: Int
        /// Deliveries of unknown outcome that wait for a person.
        package let unknown: Int
        /// The age of the oldest pending event, in seconds.
        package let oldestPendingS: Double
    }

    /// All destinations.
    package struct DestinationList: Codable, Sendable {
        /// The configured ones in their order, then the others in alphabetical order.
        package let destinations: [Destination]
    }

    /// Whether a destination is paused.
    package struct PauseAnswer: Codable, Sendable {
        /// Its name.
        package let name: String
        /// Whether deliveries to it are paused now.
        package let paused: Bool
    }

    /// Asks for what waits for a destination to be dropped or moved.
    package struct DrainRequest: Codable, Sendable {
        /// The destination to move it to; for a move only.
        package var to: String?
        /// Whether to count only.
        package var dryRun: Bool?

        /// Says where to, and whether to count only.
        package init(to: String? = nil, dryRun: Bool? = nil) {
            self.to = to
            self.dryRun = dryRun
        }
    }

    /// What one request has done to what waits for a destination.
    package struct DrainAnswer: Codable, Sendable {
        /// How many were dropped or moved.
        package var done: Int
        /// How many still wait.
        package var pending: Int
        /// Whether another request can do more.
        package var more: Bool

        /// Tells of so many.
        package init(done: Int, pending: Int, more: Bool) {
            self.done = done
            self.pending = pending
            self.more = more
        }
    }

    /// Asks for something that needs no further words.
    package struct EmptyRequest: Codable, Sendable {
        /// Nothing.
        package init() {}
    }
}
