import NIOCore
import Testing

@testable import FrontDoor

@Suite struct RequestClockTests {
    private let timeout = TimeAmount.seconds(10)

    private func isLate(_ clock: RequestClock, after seconds: Int64) -> Bool {
        clock.isLate(now: clock.start + .seconds(seconds), requestTimeout: timeout, idleTimeout: .seconds(75))
    }

    @Test func betweenRequestsTheConnectionIsKept() {
        let clock = RequestClock()
        #expect(clock.isIdle)
        #expect(!isLate(clock, after: 75))
        #expect(isLate(clock, after: 76))
    }

    @Test func theHandshakeOfTLSHasTheTimeOfARequest() {
        let clock = RequestClock(isHandshaking: true)
        #expect(!isLate(clock, after: 10))
        #expect(isLate(clock, after: 11))
        clock.handshakeEnded()
        #expect(clock.isIdle)
        #expect(!isLate(clock, after: 11))
    }

    @Test func requestsAreCountedUntilTheyAreAnswered() {
        let clock = RequestClock()
        #expect(clock.requestParsed() == 1)
        #expect(clock.requestParsed() == 2)
        clock.answered()
        #expect(clock.requestParsed() == 2)
        for _ in 0..<9 { clock.answered() }
        #expect(clock.requestParsed() == 1)
    }

    @Test func aRequestIsTimedFromItsFirstByte() {
        let clock = RequestClock()
        clock.bytesArrived()
        let start = clock.start
        #expect(!clock.isIdle)
        #expect(!isLate(clock, after: 10))
        #expect(isLate(clock, after: 11))
        clock.bytesArrived()
        #expect(clock.start == start, "trickling buys no time")
    }

    @Test func theSenderIsNotLateWhileItWaits() {
        let clock = RequestClock()
        clock.bytesArrived()
        let start = clock.start
        clock.requestEnded()
        #expect(!isLate(clock, after: 1000))
        #expect(!clock.isIdle)
        #expect(clock.start == start, "the whole request is measured")
    }

    @Test func anAnswerBeginsTheWaitAnew() {
        let clock = RequestClock()
        clock.bytesArrived()
        clock.requestEnded()
        clock.answered()
        #expect(clock.isIdle)
        #expect(!isLate(clock, after: 75))
    }
}
