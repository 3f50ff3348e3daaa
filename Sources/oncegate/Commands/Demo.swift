import ArgumentParser
import Foundation
import Webhooks

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show everything at once on this machine: nothing to configure, nothing left behind.",
        discussion: "Runs an embedded Redis, the gateway and three toy services, sends real sample events with "
            + "duplicates and forgeries, and shows what each service received.")

    func run() async throws {
        let report = DemoReport()
        let isRight = try await DemoStage.with(failures: DemoStory.crmFailures) { stage in
            report.opening(stage)
            let sender = Sender(url: stage.url, key: try SigningKey(Secret(DemoStory.secret)))
            try sender.start()
            let events = DemoStory.types.compactMap(Sample.of).map { OutgoingEvent(id: EventID.make(), sample: $0) }
            await sendCopies(of: events, with: sender, report)
            await sendIntruders(with: sender, report)
            await sender.stop()
            let expected = expectedDeliveries(of: events, stage)
            let inTime = await stage.waitForDeliveries(of: expected, within: DemoStory.patience)
            return report.deliveries(to: stage.services, expected: expected) && inTime
        }
        report.closing(isRight: isRight)
        guard isRight else { throw ExitCode.failure }
    }

    /// Sends every event several times at once, as impatient senders do.
    private func sendCopies(of events: [OutgoingEvent], with sender: Sender, _ report: DemoReport) async {
        report.heading("What came in", "\(DemoStory.copies) copies of each event, all at the same time")
        let copies = events.flatMap { repeatElement($0, count: DemoStory.copies) }
        var answers: [String: [SenderAnswer]] = [:]
        await sender.send(copies, parallel: copies.count) { event, answer in
            answers[event.id, default: []].append(answer)
        }
        for event in events { report.arrival(event, answers: answers[event.id, default: []]) }
    }

    private func sendIntruders(with sender: Sender, _ report: DemoReport) async {
        report.heading("What was refused", "nothing of it reaches Redis")
        guard let sample = Sample.of("user.created") else { return }
        let now = Int64(Date().timeIntervalSince1970)
        for intruder in DemoStory.intruders(key: sender.key, sample: sample, now: now) {
            report.refusal(intruder.what, answer: await sender.post(intruder.body, headers: intruder.headers))
        }
    }

    /// The ids that each service must receive, by the routes.
    private func expectedDeliveries(of events: [OutgoingEvent], _ stage: DemoStage) -> [String: Set<String>] {
        let routes = RoutingTable(stage.configuration.routes)
        var expected: [String: Set<String>] = [:]
        for event in events {
            for name in routes.destinations(source: "clerk", type: event.sample.type) {
                expected[name, default: []].insert(event.id)
            }
        }
        return expected
    }
}
