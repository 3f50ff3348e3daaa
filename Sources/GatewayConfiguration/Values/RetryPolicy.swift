/// When a failed attempt is repeated, and how often.
package struct RetryPolicy: Sendable, Hashable {
    /// How the delays follow one another.
    package enum Delays: Sendable, Hashable {
        /// `first`, then each time `factor` times as long, never longer than `max`; `attempts` requests in all.
        case exponential(attempts: Int, first: Duration, factor: Double, max: Duration)
        /// The delays one after another: one more attempt than there are delays.
        case schedule([Duration])
    }

    /// How the delays follow one another.
    package var delays: Delays
    /// The share of a delay, 0 to 1, by which it is made shorter or longer at random, so that deliveries which failed
    /// together do not come back together. With 0.2 a delay of 10 s becomes 8 s to 12 s.
    package var jitter: Double

    /// The most attempts that loading accepts.
    package static let maximumAttempts = 100
    /// The longest delay that loading accepts.
    package static let maximumDelay = Duration.seconds(7 * 24 * 3600)
    /// The jitter where none is given.
    package static let defaultJitter = 0.2
    /// The policy where none is given: 12 attempts over some 22 hours.
    package static let standard = exponential()

    /// Makes a policy, unchecked.
    package init(delays: Delays, jitter: Double = defaultJitter) {
        self.delays = delays
        self.jitter = jitter
    }

    /// A policy of growing delays.
    package static func exponential(
        attempts: Int = 12, first: Duration = .seconds(5), factor: Double = 3, max: Duration = .seconds(6 * 3600),
        jitter: Double = defaultJitter
    ) -> RetryPolicy {
        RetryPolicy(
            delays: .exponential(attempts: attempts, first: first, factor: factor, max: max), jitter: jitter)
    }

    /// A policy of fixed delays.
    package static func schedule(_ delays: [Duration], jitter: Double = defaultJitter) -> RetryPolicy {
        RetryPolicy(delays: .schedule(delays), jitter: jitter)
    }

    /// The number of requests that a delivery gets in all.
    package var attempts: Int {
        switch delays {
        case .exponential(let attempts, _, _, _): attempts
        case .schedule(let delays): delays.count + 1
        }
    }

    /// The time from the first to the last attempt without jitter and without the time that requests take.
    package var span: Duration {
        .seconds((1..<max(attempts, 1)).reduce(0) { $0 + plainSeconds(afterAttempt: $1) })
    }

    /// The time to wait after the failed attempt `n`, or nil if the attempts are used up.
    ///
    /// - Parameters:
    ///   - n: The number of the attempt that failed, from 1. A smaller number counts as 1.
    ///   - random: A number in 0..<1; 0 gives the shortest delay, 0.5 the one without jitter.
    package func delay(afterAttempt n: Int, random: Double) -> Duration? {
        let failed = max(n, 1)
        guard failed < attempts else { return nil }
        let share = 1 + jitter * (2 * min(max(random, 0), 1) - 1)
        return .seconds(max(plainSeconds(afterAttempt: failed) * share, 0))
    }

    /// The delay without jitter, in seconds. `failed` is below `attempts`.
    private func plainSeconds(afterAttempt failed: Int) -> Double {
        switch delays {
        case .exponential(_, let first, let factor, let longest):
            var seconds = first / .seconds(1)
            let bound = longest / .seconds(1)
            // Multiplied step by step up to the bound, so that no power overflows.
            for _ in 1..<failed where seconds < bound { seconds *= factor }
            return min(seconds, bound)
        case .schedule(let delays):
            return delays[failed - 1] / .seconds(1)
        }
    }
}
