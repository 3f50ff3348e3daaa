import Admin
import ArgumentParser

/// The options of the commands that clear what waits for a destination, which go on until nothing is left.
struct DrainingOptions: ParsableArguments {
    @OptionGroup var connection: AdminConnection

    @Argument(help: "The destination.")
    var name: String

    @Flag(help: "Count only, and change nothing.")
    var dryRun = false

    /// Asks for one batch after the other.
    /// - Parameters:
    ///   - path: the last segment of the API's path.
    ///   - done: what is done, for people.
    func run(path: String, to: String?, done: String) async throws {
        let total = try await AdminClient.with(connection) { client in
            var total = API.DrainAnswer(done: 0, pending: 0, more: true)
            while total.more {
                let answer: API.DrainAnswer = try await client.post(
                    ["destinations", name, path], API.DrainRequest(to: to, dryRun: dryRun))
                total.done += answer.done
                total.pending = answer.pending
                total.more = answer.more
                if total.more { printError("\(total.done) \(done), \(total.pending) to go…") }
            }
            return total
        }
        if connection.json {
            try printJSON(total)
        } else if dryRun {
            print("\(total.pending) wait for \(name); nothing was changed")
        } else {
            print("\(total.done) \(done), \(total.pending) left")
        }
        guard dryRun || total.pending == 0 else { throw ExitCode.failure }
    }
}
