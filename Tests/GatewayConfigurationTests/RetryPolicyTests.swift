import GatewayConfiguration
import Testing

@Suite struct RetryPolicyTests {
    @Test func exponentialDelaysGrowToTheirBound() {
        let policy = RetryPolicy.exponential(
            attempts: 6, first: .seconds(5), factor: 3, max: .seconds(100), jitter: 0.2)
        let delays = (1...6).map { policy.delay(afterAttempt: $0, random: 0.5) }
        #expect(delays == [.seconds(5), .seconds(15), .seconds(45), .seconds(100), .seconds(100), nil])
        #expect(policy.span == .seconds(265))
    }

    @Test func scheduleHasOneMoreAttemptThanDelays() {
        let policy = RetryPolicy.schedule([.seconds(5), .seconds(300)], jitter: 0)
        #expect(policy.attempts == 3)
        #expect((1...4).map { policy.delay(afterAttempt: $0, random: 0.9) } == [.seconds(5), .seconds(300), nil, nil])
    }

    @Test(arguments: [(0.0, 8.0), (0.25, 9.0), (0.5, 10.0), (0.75, 11.0), (1.0, 12.0), (-1.0, 8.0), (7.0, 12.0)])
    func jitterIsAShareOfTheDelay(random: Double, seconds: Double) throws {
        let policy = RetryPolicy.schedule([.seconds(10)], jitter: 0.2)
        let delay = try #require(policy.delay(afterAttempt: 1, random: random))
        #expect(abs(delay / .seconds(1) - seconds) < 1e-6)
    }

    @Test(arguments: [0.0, 0.5, 0.999])
    func extremesStayFinite(random: Double) throws {
        let policy = RetryPolicy.exponential(
            attempts: 100, first: .seconds(604_800), factor: 100, max: .seconds(604_800), jitter: 1)
        let delay = try #require(policy.delay(afterAttempt: 99, random: random))
        #expect(delay >= .zero && delay <= .seconds(2 * 604_800))
        #expect(policy.delay(afterAttempt: 100, random: random) == nil)
        #expect(policy.delay(afterAttempt: Int.max, random: random) == nil)
    }

    @Test func aSingleAttemptIsNeverRepeated() {
        #expect(RetryPolicy.exponential(attempts: 1).delay(afterAttempt: 1, random: 0.5) == nil)
        #expect(RetryPolicy.exponential(attempts: 2).delay(afterAttempt: 0, random: 0.5) == .seconds(5))
        #expect(RetryPolicy.exponential(attempts: 1).span == .zero)
    }

    @Test func theDefaultTakesMostOfADay() {
        #expect(RetryPolicy.standard.attempts == 12)
        #expect(RetryPolicy.standard.span == .seconds(81_200))
    }
}
