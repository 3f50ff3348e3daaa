import EventLedger
import GatewayConfiguration

extension Settlement.Verdict {
    /// After how long what was leased and not sent falls due again, while the gateway goes on: at once would be a loop
    /// without a pause where it is at a limit of its own.
    static let handBackDelay = Duration.seconds(1)

    /// Decides what happens to a delivery after an attempt.
    ///
    /// A destination's `retry-after` puts the next attempt off, never brings it forward.
    /// - Parameters:
    ///   - attempt: the number of the attempt, from 1.
    ///   - isStopping: whether the gateway stops: what it has not sent is then for others, at once.
    ///   - random: a number in 0..<1, for the jitter; asked for where the attempt is to be repeated.
    package init(
        after outcome: AttemptOutcome, attempt: Int, retry: RetryPolicy, onUnknown: Destination.OnUnknown,
        isStopping: Bool = false, random: @autoclosure () -> Double
    ) {
        switch outcome {
        case .delivered: self = .delivered
        case .rejected, .unsendable: self = .dead
        case .failed(_, let retryAfter): self.init(attempt: attempt, retry: retry, random: random(), retryAfter)
        case .notMade: self = .release(after: isStopping ? .zero : Self.handBackDelay)
        case .unknown where onUnknown == .hold: self = .held
        case .unknown: self.init(attempt: attempt, retry: retry, random: random(), nil)
        }
    }

    private init(attempt: Int, retry: RetryPolicy, random: Double, _ retryAfter: Duration?) {
        guard let delay = retry.delay(afterAttempt: attempt, random: random) else {
            self = .dead
            return
        }
        self = .retry(after: max(delay, retryAfter ?? .zero))
    }
}

extension Health {
    /// What an outcome says of the destination: one that refuses an event works.
    package init(_ outcome: AttemptOutcome) {
        switch outcome {
        case .delivered, .rejected: self = .up
        case .failed, .unknown: self = .failing
        case .notMade, .unsendable: self = .untested
        }
    }
}
