import ArgumentParser
import Curl
import Foundation
import Webhooks

struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign and send sample Clerk events, and print each answer and a summary.",
        discussion: "Without --type and --file the samples of all \(Sample.all.count) types are sent in turn.")

    /// The most requests in flight.
    static let maximumParallel = 1024

    @Option(help: "Where to post: http://127.0.0.1:8080/webhooks/clerk")
    var url: String

    @OptionGroup var secret: SecretOption

    @OptionGroup var scheme: SchemeOption

    @Option(help: "Send the sample of this type; with --file, the type of senders that have it in a header.")
    var type: String?

    @Option(help: "Send the body in this file, byte for byte.")
    var file: String?

    @Option(help: "The id of the event (default: a new one for each event).")
    var id: String?

    @Option(help: "How many events to send.")
    var count = 1

    @Option(help: "How many times to repeat each event under the same id.")
    var duplicates = 0

    @Option(help: "How many requests to have in flight.")
    var parallel = 1

    func validate() throws {
        if file == nil, let type, Sample.of(type) == nil {
            throw ValidationError(
                "no sample of type \(type); there are \(Sample.all.map(\.type).joined(separator: ", "))")
        }
        if let id, !Verifier.isUsable(id: id) {
            throw ValidationError("an id is 1 to \(Verifier.maximumIDLength) visible ASCII characters without a dot")
        }
        if id != nil, count > 1 { throw ValidationError("--id names one event: it excludes --count") }
        guard count > 0, duplicates >= 0 else { throw ValidationError("--count and --duplicates cannot be negative") }
        guard (1...Self.maximumParallel).contains(parallel) else {
            throw ValidationError("--parallel is 1 to \(Self.maximumParallel)")
        }
    }

    func run() async throws {
        let key = try secret.key(scheme.scheme())
        let samples = try samples()
        let sender = Sender(url: url, key: key)
        try sender.start()
        let events = (0..<count).lazy.flatMap { index in
            let event = OutgoingEvent(id: id ?? EventID.make(), sample: samples[index % samples.count])
            return repeatElement(event, count: 1 + duplicates)
        }
        var tally = Tally()
        await sender.send(events, parallel: parallel) { event, answer in
            print("\(answer.summary)  \(event.id)  \(event.sample.type)")
            tally.count(answer)
        }
        await sender.stop()
        print(tally.summary)
        guard tally.failed == 0 else { throw ExitCode.failure }
    }

    private func samples() throws -> [Sample] {
        guard let file else { return type.flatMap(Sample.of).map { [$0] } ?? Sample.all }
        guard let data = FileManager.default.contents(atPath: file) else { throw CommandError("cannot read \(file)") }
        let body = Array(data)
        return [Sample(type: type ?? (try? Envelope.parse(body.span.bytes).type) ?? "(no type)", body: body)]
    }
}

/// How many requests were answered how.
private struct Tally {
    private var counts: [String: Int] = [:]
    private var total = 0
    /// Requests not answered 2xx.
    private(set) var failed = 0

    mutating func count(_ answer: SenderAnswer) {
        counts[answer.word, default: 0] += 1
        total += 1
        if !answer.isSuccess { failed += 1 }
    }

    var summary: String {
        let parts = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return "\(total) requests: " + parts.joined(separator: ", ")
    }
}
