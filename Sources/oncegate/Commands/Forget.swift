import Admin
import ArgumentParser

struct Forget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forget one event and its dead letters, so that its sender can send it again.")

    @OptionGroup var connection: AdminConnection

    @OptionGroup var event: EventOption

    func run() async throws {
        let answer: API.ForgetAnswer = try await AdminClient.with(connection) { client in
            try await client.post(["events", event.id, "forget"], API.ForgetRequest(source: event.source))
        }
        if connection.json { return try printJSON(answer) }
        print("\(answer.id) of \(answer.source) is forgotten")
    }
}
