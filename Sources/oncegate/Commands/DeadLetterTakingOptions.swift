import Admin
import ArgumentParser

/// The options of the commands that replay and drop, which go on until all that is meant is done.
struct DeadLetterTakingOptions: ParsableArguments {
    @OptionGroup var connection: AdminConnection

    @OptionGroup var filter: DeadLetterOptions

    @Argument(help: "Those of the events with these ids.")
    var ids: [String] = []

    @Flag(help: "All of them; needed where neither a filter nor an id is given.")
    var all = false

    @Flag(help: "Count only, and change nothing.")
    var dryRun = false

    func validate() throws {
        guard all || !ids.isEmpty || !filter.isEmpty else {
            throw ValidationError("say which with a filter or ids, or --all")
        }
    }

    /// Asks for one batch after the other.
    /// - Parameters:
    ///   - path: the last segment of the API's path.
    ///   - done: what is done, for people.
    func run(to: String?, path: String, done: String) async throws {
        let total = try await AdminClient.with(connection) { client in
            var total = DeadLetterTotal()
            for request in requests(to: to) {
                var request = request
                repeat {
                    let answer: API.DeadLetterAnswer = try await client.post(["dead-letters", path], request)
                    total.add(answer)
                    request.cursor = answer.cursor
                    if request.cursor != nil {
                        printError("\(total.answer.done) of \(total.answer.matched) \(done)…")
                    }
                } while request.cursor != nil && !total.isFull
            }
            return total
        }
        if connection.json {
            try printJSON(total.answer)
        } else {
            for skipped in total.answer.skipped { printError(skipped.sentence) }
            print(
                dryRun
                    ? "\(total.answer.matched) match; nothing was changed"
                    : "\(total.answer.done) of \(total.answer.matched) \(done)")
        }
        guard total.answer.skipped.isEmpty else { throw ExitCode.failure }
    }

    /// The requests to begin with: ids go in portions.
    private func requests(to: String?) -> [API.DeadLetterRequest] {
        var request = filter.request
        request.to = to
        request.dryRun = dryRun
        guard !ids.isEmpty else { return [request] }
        return stride(from: 0, to: ids.count, by: API.maximumIDs).map { start in
            var portion = request
            portion.ids = Array(ids[start..<min(start + API.maximumIDs, ids.count)])
            return portion
        }
    }
}

/// What several requests have done together.
private struct DeadLetterTotal {
    private(set) var answer = API.DeadLetterAnswer()

    /// Whether there was no room for one: there is none for the others.
    private(set) var isFull = false

    mutating func add(_ other: API.DeadLetterAnswer) {
        answer.matched += other.matched
        answer.done += other.done
        answer.skipped += other.skipped.prefix(API.maximumSkipped - answer.skipped.count)
        answer.cursor = other.cursor
        isFull = isFull || other.skipped.contains { $0.reason == API.Skipped.full }
    }
}

extension API.Skipped {
    /// What happened, for people.
    fileprivate var sentence: String {
        let name = destination.map { "\(id) at \($0)" } ?? id
        let words =
            switch reason {
            case Self.orphaned: "that destination is not configured; --to names another"
            case Self.full: "too many deliveries are pending (`max_pending`); try again later"
            case Self.gone: "it is not there any more"
            case Self.unknownEvent: "nothing is kept of it"
            case Self.nothingDead: "nothing of it waits for a person"
            default: "it is \(reason) meanwhile"
            }
        return "\(name): \(words)".onOneLine
    }
}
