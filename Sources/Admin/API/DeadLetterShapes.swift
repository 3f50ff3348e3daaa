extension API {
    /// Which deliveries that wait for a person are meant, and what shall become of them.
    ///
    /// What is not given does not restrict. Durations are written as in the configuration, as in `1h`.
    package struct DeadLetterRequest: Codable, Sendable, Equatable {
        /// Those of this destination.
        package var destination: String?
        /// Dead letters (`dead`) or deliveries of unknown outcome (`unknown`).
        package var standing: String?
        /// Those of events of this source.
        package var source: String?
        /// Those of events whose type matches this pattern.
        package var type: String?
        /// Those that have waited for longer than this.
        package var olderThan: String?
        /// Those that have waited for less than this.
        package var newerThan: String?
        /// The destination to send them to instead; for a replay only.
        package var to: String?
        /// The events, at most ``API/maximumIDs``; they are then looked up, and one request does all.
        package var ids: [String]?
        /// Whether to count only.
        package var dryRun: Bool?
        /// Where the answer before left off.
        package var cursor: String?

        /// Means everything that waits for a person.
        package init() {}
    }

    /// What one request has done to deliveries that wait for a person.
    package struct DeadLetterAnswer: Codable, Sendable {
        /// How many the filter covered.
        package var matched: Int
        /// How many were replayed or dropped.
        package var done: Int
        /// Those left alone, the first ``API/maximumSkipped`` of them.
        package var skipped: [Skipped]
        /// Where the next request goes on; nil when all were looked at.
        @OrNull package var cursor: String?

        /// Tells of nothing yet.
        package init() {
            (matched, done, skipped, cursor) = (0, 0, [], nil)
        }
    }

    /// A delivery that was left alone.
    package struct Skipped: Codable, Sendable {
        /// The name of the source, where the event is known.
        @OrNull package var source: String?
        /// The sender's id.
        package let id: String
        /// The destination, where there is a delivery.
        @OrNull package var destination: String?
        /// Why, in a word: `orphaned`, `full`, `gone`, `unknown`, or where it stands instead.
        package let reason: String

        /// The reason of a delivery whose destination is not configured.
        package static let orphaned = "orphaned"
        /// The reason of a delivery that would exceed `max_pending`.
        package static let full = "full"
        /// The reason of a delivery that is not there any more.
        package static let gone = "gone"
        /// The reason of an event that nothing is kept of.
        package static let unknownEvent = "unknown_event"
        /// The reason of an event of which nothing waits for a person.
        package static let nothingDead = "no_dead_letter"
    }
}
