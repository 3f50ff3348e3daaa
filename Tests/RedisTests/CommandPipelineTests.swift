import NIOCore
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1))) struct CommandPipelineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let lost = RedisError(code: .connectionLost, message: "lost", mayHaveExecuted: true)

    private func pipeline(_ change: (inout RedisLimits) -> Void = { _ in }) -> CommandPipeline<Int> {
        var limits = RedisLimits()
        change(&limits)
        return CommandPipeline(limits: limits)
    }

    @Test func repliesGoToTheOldest() {
        var pipeline = pipeline()
        #expect(pipeline.append(1, bytes: 10, now: start).needsFlush)
        #expect(!pipeline.append(2, bytes: 10, now: start).needsFlush)
        pipeline.flushed()
        #expect(pipeline.append(3, bytes: 10, now: start).needsFlush)
        #expect(pipeline.takeOldest() == 1)
        #expect(pipeline.takeOldest() == 2)
        #expect(pipeline.takeOldest() == nil, "a reply to a command that was not sent")
        pipeline.flushed()
        #expect(pipeline.takeOldest() == 3)
        #expect(pipeline.takeOldest() == nil)
    }

    @Test func oneTimerForTheOldest() {
        var pipeline = pipeline { $0.commandTimeout = .seconds(1) }
        #expect(pipeline.append(1, bytes: 1, now: start).startTimer == start + .seconds(1))
        #expect(pipeline.append(2, bytes: 1, now: start + .milliseconds(300)).startTimer == nil)
        pipeline.flushed()
        #expect(pipeline.takeOldest() == 1)
        #expect(pipeline.timerFired(now: start + .seconds(1)) == .wait(until: start + .milliseconds(1300)))
        guard case .expired(let error) = pipeline.timerFired(now: start + .milliseconds(1300)) else {
            Issue.record("the oldest command has waited for a second")
            return
        }
        #expect(error.code == .timeout)
    }

    @Test func noTimerWhenIdle() {
        var pipeline = pipeline()
        #expect(pipeline.append(1, bytes: 1, now: start).startTimer != nil)
        pipeline.flushed()
        #expect(pipeline.takeOldest() == 1)
        #expect(pipeline.timerFired(now: start + .seconds(9)) == .idle)
        #expect(pipeline.append(2, bytes: 1, now: start).startTimer != nil)
    }

    @Test func closingTellsSentFromUnsent() {
        var pipeline = pipeline()
        _ = pipeline.append(1, bytes: 1, now: start)
        pipeline.flushed()
        _ = pipeline.append(2, bytes: 1, now: start)
        let failed = pipeline.close(lost)
        #expect(failed.map(\.token) == [1, 2])
        #expect(failed.map(\.error.mayHaveExecuted) == [true, false])
        #expect(pipeline.close(lost).isEmpty)
        #expect(pipeline.refusal(ofCommandWith: 1)?.code == .connectionLost)
        #expect(pipeline.refusal(ofCommandWith: 1)?.mayHaveExecuted == false)
    }

    @Test func bounds() {
        var pipeline = pipeline {
            $0.maximumPendingCommands = 2
            $0.maximumPendingBytes = 100
            $0.maximumCommandBytes = 90
        }
        #expect(pipeline.refusal(ofCommandWith: 91)?.code == .commandTooLarge)
        #expect(pipeline.refusal(ofCommandWith: 90) == nil)
        _ = pipeline.append(1, bytes: 90, now: start)
        #expect(pipeline.refusal(ofCommandWith: 11)?.code == .tooManyPending)
        #expect(pipeline.refusal(ofCommandWith: 10) == nil)
        _ = pipeline.append(2, bytes: 1, now: start)
        #expect(pipeline.refusal(ofCommandWith: 1)?.code == .tooManyPending)
        pipeline.flushed()
        #expect(pipeline.takeOldest() == 1)
        #expect(pipeline.refusal(ofCommandWith: 90) == nil)
    }

    @Test func draining() {
        var pipeline = pipeline()
        _ = pipeline.append(1, bytes: 1, now: start)
        pipeline.flushed()
        pipeline.drain()
        #expect(pipeline.refusal(ofCommandWith: 1)?.code == .shuttingDown)
        #expect(!pipeline.isDrained)
        #expect(pipeline.takeOldest() == 1)
        #expect(pipeline.isDrained)
    }

    @Test func reconnectDelays() {
        var delay = ReconnectDelay(first: .milliseconds(20), maximum: .milliseconds(500))
        let delays = (0..<7).map { _ in delay.advance(jitter: 0) }
        #expect(delays == [20, 40, 80, 160, 320, 500, 500].map { .milliseconds($0) })
        #expect(delay.advance(jitter: 1) == .milliseconds(375))
        delay.reset()
        #expect(delay.advance(jitter: 0) == .milliseconds(20))
    }
}
