import Foundation
import Synchronization

/// What the demo prints: in colour on a terminal, plainly elsewhere.
struct DemoReport: Sendable {
    private enum Style: String {
        case bold = "1"
        case dim = "2"
        case green = "32"
        case yellow = "33"
        case red = "31"
    }

    private let isColoured = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    private let start = ContinuousClock.now

    private func styled(_ text: String, _ style: Style) -> String {
        isColoured ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
    }

    /// A number, aligned to the right.
    private func aligned(_ number: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - number.count)) + number
    }

    /// Says what runs and where.
    func opening(_ stage: DemoStage) {
        print(styled("Oncegate demo", .bold), "— an embedded Redis, the gateway and three services on this machine\n")
        print("  sender ──POST──► \(stage.url)")
        print("                     verify ► claim once in Redis and queue ► answer")
        for route in stage.configuration.routes {
            let events = route.events.map(\.text).joined(separator: ", ")
            print("                     \(padded(events, 16)) ──► \(route.destinations.joined(separator: ", "))")
        }
        print("\n  The crm service will answer its first \(DemoStory.crmFailures) requests with 503.")
    }

    /// Begins a part of the account.
    func heading(_ title: String, _ note: String) {
        fflush(nil)  // what has been told so far is seen at once through a pipe, too
        print("\n\(styled(title, .bold)) \(styled("(\(note))", .dim))")
    }

    /// Tells how the copies of an event were answered.
    func arrival(_ event: OutgoingEvent, answers: [SenderAnswer]) {
        let words = Dictionary(grouping: answers, by: \.summary).map { (word: $0.key, count: $0.value.count) }
        let text = words.sorted { $0.word > $1.word }.map { "\($0.count) × \($0.word)" }.joined(separator: ", ")
        let isRight = answers.filter { $0.word == "accepted" }.count == 1 && answers.allSatisfy(\.isSuccess)
        print("  \(mark(isRight)) \(padded(event.sample.type, 32))\(event.id)  \(text)")
    }

    /// Tells how a forgery was answered.
    func refusal(_ what: String, answer: SenderAnswer) {
        print("  \(mark(!answer.isSuccess)) \(padded(what, 36))\(answer.summary)")
    }

    private func mark(_ isRight: Bool) -> String {
        isRight ? styled("✓", .green) : styled("✗", .red)
    }

    /// Tells what each service received, in order, and ends with a table.
    /// - Returns: whether every service has every event that is routed to it, exactly once, and nothing else.
    func deliveries(to services: [ToyService], expected: [String: Set<String>]) -> Bool {
        heading("What each service received", "as CloudEvents, with the sender's id on every attempt")
        for service in services {
            for request in service.requests { print(line(of: request)) }
        }
        print()
        return table(services, expected: expected)
    }

    private func line(of request: ReceivedRequest) -> String {
        let isDelivered = request.status == 200
        let status = styled(String(request.status), isDelivered ? .green : .yellow)
        let again = isDelivered ? "" : styled("  → tried again", .yellow)
        return "  \(padded(request.service, 10)) \(padded(request.type, 32))\(padded(request.about, 18)) "
            + "attempt \(request.attempt)  \(status)\(again)"
    }

    private func table(_ services: [ToyService], expected: [String: Set<String>]) -> Bool {
        let titles = ["service", "events routed", "delivered", "failed attempts", "missing", "delivered twice"]
        var rows: [[String]] = []
        var isRight = true
        for service in services {
            let wanted = expected[service.name, default: []]
            let delivered = service.requests.filter { $0.status == 200 }.map(\.id)
            let missing = wanted.subtracting(delivered).count
            let surplus = delivered.count - Set(delivered).intersection(wanted).count
            isRight = isRight && missing == 0 && surplus == 0
            rows.append(
                [service.name]
                    + [wanted.count, delivered.count, service.requests.count - delivered.count, missing, surplus]
                    .map(String.init))
        }
        let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            "  " + zip(cells, widths).map { Int($0) == nil ? padded($0, $1) : aligned($0, $1) }.joined(separator: "   ")
        }
        print(styled(line(titles), .bold))
        print("  " + widths.map { String(repeating: "─", count: $0) }.joined(separator: "   "))
        for row in rows { print(line(row)) }
        return isRight
    }

    /// Says how it went.
    func closing(isRight: Bool) {
        let seconds = (start.duration(to: .now) / .seconds(1) * 10).rounded() / 10
        if isRight {
            print("\n\(mark(true)) Every service has every event that is routed to it, exactly once. (\(seconds) s)")
            print("  Everything that ran has stopped, and its folder is gone. Next: oncegate init")
        } else {
            print("\n\(mark(false)) Not every event arrived exactly once: that is a bug, please report it.")
        }
    }
}
