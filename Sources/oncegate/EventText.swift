import Admin
import GatewayConfiguration

/// An event as `oncegate events show` prints it.
struct EventText: CustomStringConvertible {
    private let event: API.ShownEvent

    init(_ event: API.ShownEvent) {
        self.event = event
    }

    var description: String {
        var blocks = [head]
        for delivery in event.deliveries { blocks.append(Self.lines(of: delivery)) }
        blocks.append(body)
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var head: [String] {
        let claim = event.claimExpiresInS.map { "lapses in \(DurationText.approximate(.seconds($0)))" } ?? "lapsed"
        let rows = [
            ["id", event.id], ["source", event.source], ["type", event.type], ["subject", event.subject ?? "-"],
            ["received at", event.receivedAt], ["time", event.time], ["signed at", event.signedAt],
            ["content type", event.contentType ?? "-"], ["traceparent", event.traceparent ?? "-"], ["claim", claim],
        ]
        return TextTable.lines(rows.map { $0.map(\.onOneLine) })
    }

    private static func lines(of delivery: API.ShownDelivery) -> [String] {
        var title = "\(delivery.destination): \(delivery.standing), attempts \(delivery.attempts)"
        if delivery.replay { title += ", replay" }
        if let time = delivery.nextAttemptAt { title += ", next at \(time)" }
        if let time = delivery.inFlightUntil { title += ", under way until \(time)" }
        let rows = delivery.history.map { entry in
            [entry.at, entry.attempt == 0 ? "" : "\(entry.attempt)", entry.what, "\(entry.ms) ms", entry.answer]
        }
        var lines = [title]
        if !rows.isEmpty {
            let cells = [["AT", "ATTEMPT", "WHAT", "TOOK", "ANSWER"]] + rows.map { $0.map(\.onOneLine) }
            lines += TextTable.lines(cells).map { "  \($0)" }
        }
        if let body = delivery.lastAnswerBody { lines += ["  answered:", body.printable] }
        return lines
    }

    private var body: [String] {
        if event.hidden == true { return ["body: hidden, for it carries a one-time code; --reveal shows it"] }
        if let body = event.body { return ["body:", body.printable] }
        return ["body, in base64:", event.bodyBase64 ?? ""]
    }
}
