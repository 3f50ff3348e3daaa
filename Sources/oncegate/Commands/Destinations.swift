import Admin
import ArgumentParser
import GatewayConfiguration

struct Destinations: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at destinations, pause and resume them, and clear what waits for them.",
        subcommands: [
            DestinationsList.self, DestinationsPause.self, DestinationsResume.self, DestinationsDrop.self,
            DestinationsMove.self,
        ])
}

struct DestinationsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List destinations, those too that are not configured any more.")

    @OptionGroup var connection: AdminConnection

    func run() async throws {
        let list: API.DestinationList = try await AdminClient.with(connection) { try await $0.get(["destinations"]) }
        if connection.json { return try printJSON(list) }
        printTable(
            ["DESTINATION", "STATE", "PENDING", "OLDEST", "DEAD", "UNKNOWN"],
            list.destinations.map { destination in
                [
                    destination.name, destination.states.joined(separator: ", "), "\(destination.pending)",
                    destination.pending == 0
                        ? "-" : DurationText.approximate(.seconds(destination.oldestPendingS)),
                    "\(destination.dead)", "\(destination.unknown)",
                ]
            }, orElse: "no destinations")
    }
}

extension API.Destination {
    /// What is special about it, in words.
    fileprivate var states: [String] {
        let states = [configured ? nil : "orphaned", paused ? "paused" : nil, breakerOpen ? "breaker open" : nil]
        let special = states.compactMap { $0 }
        return special.isEmpty ? ["active"] : special
    }
}

struct DestinationsPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold deliveries back, in all gateways, until they are resumed.")

    @OptionGroup var connection: AdminConnection

    @Argument(help: "The destination.")
    var name: String

    func run() async throws {
        let answer: API.PauseAnswer = try await AdminClient.with(connection) {
            try await $0.post(["destinations", name, "pause"], API.EmptyRequest())
        }
        if connection.json { return try printJSON(answer) }
        print("\(answer.name) is paused; attempts under way finish")
    }
}

struct DestinationsResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let deliveries go on.")

    @OptionGroup var connection: AdminConnection

    @Argument(help: "The destination.")
    var name: String

    func run() async throws {
        let answer: API.PauseAnswer = try await AdminClient.with(connection) {
            try await $0.post(["destinations", name, "resume"], API.EmptyRequest())
        }
        if connection.json { return try printJSON(answer) }
        print("\(answer.name) is not paused")
    }
}

struct DestinationsDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Drop all deliveries that wait for a destination that is paused or not configured any more.",
        discussion: "Dead letters are dropped with `oncegate dead-letters drop`.")

    @OptionGroup var draining: DrainingOptions

    func run() async throws {
        try await draining.run(path: "drop", to: nil, done: "dropped")
    }
}

struct DestinationsMove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Move all deliveries that wait for a destination that is paused or not configured any more.",
        discussion: "Dead letters are moved with `oncegate dead-letters replay --to`.")

    @OptionGroup var draining: DrainingOptions

    @Option(help: "The configured destination to move them to.")
    var to: String

    func run() async throws {
        try await draining.run(path: "move", to: to, done: "moved to \(to)")
    }
}
