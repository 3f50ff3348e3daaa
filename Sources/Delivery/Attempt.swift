import Curl
import EventLedger
import GatewayConfiguration
import Logging
import Telemetry

/// An attempt whose transfer has ended.
struct EndedAttempt: Sendable {
    let delivery: LeasedDelivery
    let result: Result<HTTPResponse, TransferError>
    /// The claim that leased the delivery, where it is not known whether it did; then it was not sent.
    var doubtfulClaim: ClaimMark?

    /// How long the transfer took.
    var duration: Duration {
        switch result {
        case .success(let response): response.duration
        case .failure(let error): error.duration
        }
    }

    /// The beginning of the body of an answer that was no success.
    private var answerBody: [UInt8] {
        guard case .success(let response) = result, !(200..<300).contains(response.status) else { return [] }
        return response.bodyPrefix
    }

    /// Decides what follows.
    func judged(
        by destination: Destination, isStopping: Bool, now: Int64, random: @autoclosure () -> Double
    ) -> JudgedAttempt {
        let outcome = AttemptOutcome(result, now: now)
        var verdict = Settlement.Verdict(
            after: outcome, attempt: delivery.attempt, retry: destination.retry, onUnknown: destination.onUnknown,
            isStopping: isStopping, random: random())
        if let doubtfulClaim, case .release(let delay) = verdict {
            verdict = .unlease(after: delay, claim: doubtfulClaim)
        }
        return JudgedAttempt(
            ended: self, outcome: outcome,
            settlement: Settlement(
                reference: delivery.reference, token: delivery.token, verdict: verdict, answer: outcome.answer,
                answerBody: answerBody, duration: duration, health: Health(outcome)))
    }
}

/// An ended attempt and what was decided on it.
struct JudgedAttempt: Sendable {
    let ended: EndedAttempt
    let outcome: AttemptOutcome
    let settlement: Settlement

    /// Counts the attempt and writes its line in the log.
    func report(
        _ result: SettlementResult, to logger: Logger, _ metrics: DestinationMetrics, destination: String
    ) {
        // Built for a line that is written only: most attempts of a busy gateway have none.
        func metadata(_ further: Logger.Metadata = [:]) -> Logger.Metadata {
            let own = self.metadata(destination: destination)
            return further.isEmpty ? own : own.merging(further) { $1 }
        }
        // The claim had leased nothing, and nothing was handed back.
        if ended.doubtfulClaim != nil, result == .overtaken { return }
        if case .notMade = outcome {
            return logger.notice("not sent, handed back", metadata: metadata())
        }
        metrics.duration(ended.duration)
        switch result {
        case .recorded: break
        case .spared:
            metrics.count(isUnknown ? .unknown : .retried)
            return logger.warning("probe failed, will be repeated", metadata: metadata())
        case .overtaken:
            metrics.count(.overtaken)
            return logger.warning(
                "attempt overtaken by a later one; its answer changes nothing", metadata: metadata())
        }
        switch settlement.verdict {
        case .delivered:
            metrics.count(.delivered)
            logger.info("delivered", metadata: metadata())
        case .retry(let delay):
            metrics.count(isUnknown ? .unknown : .retried)
            let seconds = (delay / .seconds(1) * 1000).rounded() / 1000
            logger.warning(
                "attempt failed, will be repeated", metadata: metadata(["retry_in_s": .stringConvertible(seconds)]))
        case .release, .unlease: break  // what was not made is told of above
        case .held:
            metrics.count(.held)
            logger.error("outcome unknown, held for a person", metadata: metadata())
        case .dead:
            metrics.count(.dead)
            logger.error("dead letter", metadata: metadata())
        }
    }

    private func metadata(destination: String) -> Logger.Metadata {
        let delivery = ended.delivery
        return [
            "source": .string(delivery.event.source), "id": .string(delivery.event.id), "type": .string(delivery.type),
            "destination": .string(destination), "attempt": .stringConvertible(delivery.attempt),
            "answer": .string(outcome.answer), "ms": .stringConvertible(Int(ended.duration / .milliseconds(1))),
        ]
    }

    private var isUnknown: Bool {
        if case .unknown = outcome { true } else { false }
    }
}
