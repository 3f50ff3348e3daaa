import Admin
import ArgumentParser

struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have one event delivered again, with the id it had.",
        discussion: "Without --to it goes to every destination that it went to and at which it is not pending.")

    @OptionGroup var connection: AdminConnection

    @OptionGroup var event: EventOption

    @Option(help: "Deliver it to this destination only, even if no route ever sent it there.")
    var to: String?

    func run() async throws {
        let answer: API.ReplayAnswer = try await AdminClient.with(connection) { client in
            try await client.post(
                ["events", event.id, "replay"], API.ReplayRequest(source: event.source, to: to))
        }
        if connection.json {
            try printJSON(answer)
        } else {
            printTable(
                ["DESTINATION", "RESULT"], answer.deliveries.map { [$0.destination, $0.result] },
                orElse: "\(answer.id) went to no destination: name one with --to")
        }
        guard answer.deliveries.contains(where: { $0.result == API.Replayed.queued }) else { throw ExitCode.failure }
    }
}
