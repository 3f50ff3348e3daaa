import ArgumentParser
import FrontDoor
import Telemetry

@main
struct Oncegate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oncegate",
        abstract: "The front door for webhooks: verifies, claims each event exactly once in Redis, answers at once, "
            + "and delivers to every service that a routing file names.",
        version: Version.current,
        subcommands: [
            Serve.self, Check.self, Init.self, Events.self, DeadLetters.self, Replay.self, Forget.self,
            Destinations.self, Send.self, Sign.self, Demo.self, Bench.self,
        ])

    static func main() async {
        HTTPTypes.instantiate()  // for every command that listens, whichever of its listeners is first
        await main(nil)
    }
}
