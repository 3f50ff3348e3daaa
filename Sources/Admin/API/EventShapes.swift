extension API {
    /// An event in a list.
    package struct Event: Codable, Sendable {
        /// The name of the source.
        package let source: String
        /// The sender's id.
        package let id: String
        /// The event's type.
        package let type: String
        /// What it is about, in the sender's words.
        @OrNull package var subject: String?
        /// When it was accepted.
        package let receivedAt: String
        /// The event's own time.
        package let time: String
        /// Where its deliveries stand, by destination.
        package let deliveries: [String: String]
    }

    /// A page of events.
    package struct EventPage: Codable, Sendable {
        /// The events: those with deliveries that wait, the latest first, then the finished ones.
        package var events: [Event]
        /// Where the next page begins; nil at the end.
        @OrNull package var cursor: String?
    }

    /// One event with its deliveries.
    package struct ShownEvent: Codable, Sendable {
        /// The name of the source.
        package let source: String
        /// The sender's id.
        package let id: String
        /// The event's type.
        package let type: String
        /// What it is about, in the sender's words.
        @OrNull package var subject: String?
        /// When it was accepted.
        package let receivedAt: String
        /// The event's own time.
        package let time: String
        /// The timestamp that was signed.
        package let signedAt: String
        /// The trace it belongs to.
        @OrNull package var traceparent: String?
        /// The content type that came with it.
        @OrNull package var contentType: String?
        /// Seconds until its claim lapses; nil where it has none.
        @OrNull package var claimExpiresInS: Int?
        /// Whether the bodies are left out because they carry one-time codes; nil where they are not.
        package let hidden: Bool?
        /// The raw body where it is text.
        package let body: String?
        /// The raw body where it is not.
        package let bodyBase64: String?
        /// Its deliveries, by destination in alphabetical order.
        package let deliveries: [ShownDelivery]
    }

    /// One delivery of an event.
    package struct ShownDelivery: Codable, Sendable {
        /// The destination.
        package let destination: String
        /// Where it stands.
        package let standing: String
        /// The number of the latest attempt.
        package let attempts: Int
        /// Whether it is a replay.
        package let replay: Bool
        /// When the next attempt is due; nil unless it waits for its time.
        package let nextAttemptAt: String?
        /// By when the attempt under way is over; nil where there is none.
        package let inFlightUntil: String?
        /// What happened, the latest first.
        package let history: [HistoryEntry]
        /// The beginning of the body of the last answer that was no success.
        package let lastAnswerBody: String?
    }

    /// What happened to a delivery.
    package struct HistoryEntry: Codable, Sendable {
        /// In a word, as in `delivered` or `retry`.
        package let what: String
        /// When.
        package let at: String
        /// The number of the attempt; 0 where it was none.
        package let attempt: Int
        /// How long it took, in milliseconds.
        package let ms: Int
        /// The answer in a few words.
        package let answer: String
    }
}
