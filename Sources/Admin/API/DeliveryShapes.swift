extension API {
    /// A delivery in a list.
    package struct Delivery: Codable, Sendable {
        /// The destination.
        package let destination: String
        /// Where it stands: `pending`, `dead` or `unknown`.
        package let standing: String
        /// The name of the source.
        package let source: String
        /// The sender's id.
        package let id: String
        /// The event's type.
        package let type: String
        /// What it is about, in the sender's words.
        @OrNull package var subject: String?
        /// When the event was accepted.
        package let receivedAt: String
        /// When a pending delivery is due, or the lease of its attempt ends; nil for the others.
        package let dueAt: String?
        /// Since when it waits for a person; nil for a pending delivery.
        package let since: String?
        /// The number of the latest attempt.
        package let attempts: Int
        /// Whether it is a replay.
        package let replay: Bool
        /// What was answered last, in a few words.
        @OrNull package var reason: String?
        /// Whether the body of the answer is left out because it may repeat a one-time code; nil where it is not.
        package let hidden: Bool?
        /// The beginning of the body of the last answer that was no success.
        package let lastAnswerBody: String?
    }

    /// A page of deliveries.
    package struct DeliveryPage: Codable, Sendable {
        /// The deliveries, the earliest due first.
        package var deliveries: [Delivery]
        /// Where the next page begins; nil at the end.
        @OrNull package var cursor: String?
    }

    /// A page of what waits for a person.
    package struct DeadLetterPage: Codable, Sendable {
        /// Dead letters and deliveries of unknown outcome, by destination, those that wait longest first.
        package var deadLetters: [Delivery]
        /// Where the next page begins; nil at the end.
        @OrNull package var cursor: String?
    }
}
