import Testing

@testable import FrontDoor

@Suite struct RefusalLogTests {
    @Test func aSecondHasSoManyLinesAndTheNextSaysWhatWasLeftOut() {
        let log = RefusalLog()
        for _ in 0..<RefusalLog.maximumPerSecond { #expect(log.take(now: 7) == 0) }
        for _ in 0..<5 { #expect(log.take(now: 7) == nil) }
        #expect(log.take(now: 8) == 5)
        #expect(log.take(now: 8) == 0)
        // A clock that is set back is another second, too.
        #expect(log.take(now: 7) == 0)
    }
}
