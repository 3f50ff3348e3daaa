extension API {
    /// Asks for an event to be delivered again.
    package struct ReplayRequest: Codable, Sendable {
        /// The source; needed where several have an event of that id.
        package var source: String?
        /// The only destination; nil means all that the event went to.
        package var to: String?

        /// Names source and destination.
        package init(source: String? = nil, to: String? = nil) {
            self.source = source
            self.to = to
        }
    }

    /// What became of a replay.
    package struct ReplayAnswer: Codable, Sendable {
        /// The name of the source.
        package let source: String
        /// The sender's id.
        package let id: String
        /// What happened at each destination.
        package let deliveries: [Replayed]
    }

    /// What a replay did at one destination.
    package struct Replayed: Codable, Sendable {
        /// The destination.
        package let destination: String
        /// `queued`, `pending` where it waits already, `orphaned`, `full` or `gone`.
        package let result: String

        /// The result of a delivery that now waits for its turn.
        package static let queued = "queued"
    }

    /// Asks for an event to be forgotten.
    package struct ForgetRequest: Codable, Sendable {
        /// The source; needed where several have an event of that id.
        package var source: String?

        /// Names the source.
        package init(source: String? = nil) {
            self.source = source
        }
    }

    /// Says that an event is forgotten.
    package struct ForgetAnswer: Codable, Sendable {
        /// The name of the source.
        package let source: String
        /// The sender's id.
        package let id: String
        /// Always true.
        package let forgotten: Bool
    }
}
