import EventLedger
import GatewayConfiguration
import Testing

@testable import Delivery

@Suite struct NextStepTests {
    static let policy = RetryPolicy.exponential(
        attempts: 4, first: .seconds(10), factor: 3, max: .seconds(60), jitter: 0.2)
    static let latest = 0.999_999_999_999

    private func verdict(
        _ outcome: AttemptOutcome, attempt: Int = 1, random: Double = 0.5, retry: RetryPolicy = policy,
        onUnknown: Destination.OnUnknown = .retry, isStopping: Bool = false
    ) -> Settlement.Verdict {
        Settlement.Verdict(
            after: outcome, attempt: attempt, retry: retry, onUnknown: onUnknown, isStopping: isStopping,
            random: random)
    }

    private func delay(_ verdict: Settlement.Verdict) -> Double? {
        if case .retry(let delay) = verdict { delay / .seconds(1) } else { nil }
    }

    @Test(arguments: [1, 4, 100])
    func whatIsDecidedNeedsNoPolicy(attempt: Int) {
        #expect(verdict(.delivered(status: 204), attempt: attempt) == .delivered)
        #expect(verdict(.rejected(answer: "410"), attempt: attempt) == .dead)
    }

    @Test(arguments: [AttemptOutcome.failed(answer: "500", retryAfter: nil), .unknown(answer: "timeout")])
    func repeatsUntilTheAttemptsAreUsedUp(outcome: AttemptOutcome) throws {
        for (attempt, seconds) in [(1, 10.0), (2, 30), (3, 60)] {
            let plain = try #require(delay(verdict(outcome, attempt: attempt)))
            #expect(abs(plain - seconds) < 0.001)
        }
        #expect(verdict(outcome, attempt: 4) == .dead)
        #expect(verdict(outcome, attempt: 5) == .dead, "leases that ran out have used up more")
    }

    @Test(arguments: [(0.0, 8.0), (0.5, 10), (latest, 12)] as [(Double, Double)])
    func jitterSpreads(random: Double, seconds: Double) throws {
        let spread = try #require(delay(verdict(.failed(answer: "500", retryAfter: nil), random: random)))
        #expect(abs(spread - seconds) < 0.001)
    }

    @Test(
        arguments: [
            (0, 0.0, 8.0), (0, 0.5, 10), (9, 0.0, 9), (9, 0.5, 10), (11, latest, 12), (3600, latest, 3600),
        ] as [(Int, Double, Double)])
    func aWishForLaterPutsOffAndNeverBringsForward(wish: Int, random: Double, seconds: Double) throws {
        let wished = AttemptOutcome.failed(answer: "429", retryAfter: .seconds(wish))
        let result = try #require(delay(verdict(wished, random: random)))
        #expect(abs(result - seconds) < 0.001)
    }

    @Test func aWishForLaterBuysNoAttempt() {
        #expect(verdict(.failed(answer: "429", retryAfter: .seconds(5)), attempt: 4) == .dead)
    }

    @Test(arguments: [1, 4, 5])
    func whatWasNeverSentUsesNoAttemptUp(attempt: Int) {
        #expect(verdict(.notMade(answer: "shutDown"), attempt: attempt) == .release(after: .seconds(1)))
        let stopping = verdict(.notMade(answer: "shutDown"), isStopping: true)
        #expect(stopping == .release(after: .zero), "it is for others, at once")
    }

    @Test(arguments: [1, 4, 5])
    func whatMayHaveArrivedIsHeldWhereItMustNotComeTwice(attempt: Int) {
        #expect(verdict(.unknown(answer: "timeout"), attempt: attempt, onUnknown: .hold) == .held)
        let failed = AttemptOutcome.failed(answer: "connect", retryAfter: nil)
        #expect(verdict(failed, attempt: 1, onUnknown: .hold) == verdict(failed, attempt: 1), "that one was not sent")
        #expect(verdict(.notMade(answer: "tooLate"), onUnknown: .hold) == .release(after: .seconds(1)))
    }

    @Test func withoutRepetitionTheFirstFailureIsTheLast() {
        let once = RetryPolicy.exponential(attempts: 1)
        #expect(verdict(.failed(answer: "500", retryAfter: nil), retry: once) == .dead)
        #expect(verdict(.delivered(status: 200), retry: once) == .delivered)
    }
}
