import Admin
import ArgumentParser
import GatewayConfiguration

struct DeadLetters: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Look at, replay and drop deliveries that were given up, or whose outcome is unknown.",
        subcommands: [DeadLettersList.self, DeadLettersReplay.self, DeadLettersDrop.self])
}

/// The options that say which deliveries are meant.
struct DeadLetterOptions: ParsableArguments {
    @Option(help: "Those of this destination; it need not be configured any more.")
    var destination: String?

    @Option(help: "Those of events whose type matches this pattern, as in 'user.*'.")
    var type: String?

    @Option(help: "Those of events of this source.")
    var source: String?

    @Option(help: "Dead letters (dead) or deliveries of unknown outcome (unknown) only.")
    var standing: String?

    @Option(help: "Those that have waited for longer than this, as in 1h.")
    var olderThan: String?

    @Option(help: "Those that have waited for less than this.")
    var newerThan: String?

    func validate() throws {
        for text in [olderThan, newerThan].compactMap({ $0 }) where DurationText.parse(text) == nil {
            throw ValidationError("\(text) is no duration, such as 90s or 1h")
        }
    }

    /// Whether nothing is restricted.
    var isEmpty: Bool { request == API.DeadLetterRequest() }

    /// What to ask the API for.
    var request: API.DeadLetterRequest {
        var request = API.DeadLetterRequest()
        request.destination = destination
        request.type = type
        request.source = source
        request.standing = standing
        request.olderThan = olderThan
        request.newerThan = newerThan
        return request
    }
}

struct DeadLettersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List them, by destination, those that wait longest first.")

    @OptionGroup var connection: AdminConnection

    @OptionGroup var filter: DeadLetterOptions

    @Option(help: "How many at the most.")
    var limit = API.defaultLimit

    @Flag(help: "Show answers to events that carry one-time codes, too.")
    var reveal = false

    /// How much of the body of an answer has a place in the table.
    private static let answerLength = 60

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        let request = filter.request
        let page = try await AdminClient.with(connection) { client in
            try await client.pages(of: \API.DeadLetterPage.deadLetters, \.cursor, limit: limit) { size, cursor in
                try await client.get(
                    ["dead-letters"],
                    [
                        ("destination", request.destination), ("standing", request.standing),
                        ("source", request.source), ("type", request.type), ("older_than", request.olderThan),
                        ("newer_than", request.newerThan), ("reveal", reveal ? "true" : nil), ("limit", "\(size)"),
                        ("cursor", cursor),
                    ])
            }
        }
        if connection.json { return try printJSON(page) }
        printTable(
            ["SINCE", "DESTINATION", "STANDING", "SOURCE", "ID", "TYPE", "SUBJECT", "ATTEMPTS", "REASON", "ANSWER"],
            page.deadLetters.map { letter in
                let answer = letter.hidden == true ? "(hidden)" : letter.lastAnswerBody ?? ""
                return [
                    letter.since ?? "", letter.destination, letter.standing, letter.source, letter.id, letter.type,
                    letter.subject ?? "", "\(letter.attempts)", letter.reason ?? "",
                    answer.onOneLine.shortened(to: Self.answerLength),
                ]
            }, orElse: "no dead letters")
        printMore(page.cursor)
    }
}

struct DeadLettersReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Have them delivered again, with the ids they had.")

    @OptionGroup var taking: DeadLetterTakingOptions

    @Option(help: "Send them to this destination instead of their own.")
    var to: String?

    func run() async throws {
        try await taking.run(to: to, path: "replay", done: "replayed")
    }
}

struct DeadLettersDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "drop", abstract: "Give them up for good.")

    @OptionGroup var taking: DeadLetterTakingOptions

    func run() async throws {
        try await taking.run(to: nil, path: "drop", done: "dropped")
    }
}
