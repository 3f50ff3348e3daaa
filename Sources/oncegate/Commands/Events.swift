import Admin
import ArgumentParser

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at events and their deliveries.", subcommands: [EventsList.self, EventsShow.self])
}

struct EventsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List events: those with deliveries that wait, then the finished ones.")

    @OptionGroup var connection: AdminConnection

    @Option(help: "Those of this source.")
    var source: String?

    @Option(help: "Those whose type matches this pattern, as in 'user.*'.")
    var type: String?

    @Option(help: "Those with a delivery that stands there, as in dead or pending.")
    var standing: String?

    @Option(help: "How many at the most.")
    var limit = API.defaultLimit

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        let page = try await AdminClient.with(connection) { client in
            try await client.pages(of: \API.EventPage.events, \.cursor, limit: limit) { size, cursor in
                try await client.get(
                    ["events"],
                    [
                        ("source", source), ("type", type), ("standing", standing), ("limit", "\(size)"),
                        ("cursor", cursor),
                    ])
            }
        }
        if connection.json { return try printJSON(page) }
        printTable(
            ["RECEIVED", "SOURCE", "ID", "TYPE", "SUBJECT", "DELIVERIES"],
            page.events.map { event in
                let deliveries = event.deliveries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                return [
                    event.receivedAt, event.source, event.id, event.type, event.subject ?? "",
                    deliveries.joined(separator: ", "),
                ]
            }, orElse: "no events")
        printMore(page.cursor)
    }
}

struct EventsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one event with its body and the attempts of its deliveries.")

    @OptionGroup var connection: AdminConnection

    @OptionGroup var event: EventOption

    @Flag(help: "Show bodies that carry one-time codes, too.")
    var reveal = false

    func run() async throws {
        let shown = try await AdminClient.with(connection) { client in
            try await client.get(
                ["events", event.id], [("source", event.source), ("reveal", reveal ? "true" : nil)],
                as: API.ShownEvent.self)
        }
        if connection.json { return try printJSON(shown) }
        print(EventText(shown))
    }
}

/// The options that name one event.
struct EventOption: ParsableArguments {
    @Argument(help: "The id of the event.")
    var id: String

    @Option(help: "Its source; needed where several have an event of that id.")
    var source: String?
}
