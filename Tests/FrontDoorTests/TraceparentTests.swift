import TestSupport
import Testing

@testable import FrontDoor

@Suite struct TraceparentTests {
    static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    static let span = "00f067aa0ba902b7"

    @Test(arguments: [
        ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", true), ("00-\(trace)-\(span)-ff", true),
        ("", false), ("00", false), ("---", false), ("00-\(trace)-\(span)", false), ("00-\(trace)-\(span)-01-", false),
        ("00-\(trace)-\(span)-01-00", false), ("00-\(trace)-\(span)-1", false), ("01-\(trace)-\(span)-01", false),
        ("ff-\(trace)-\(span)-01", false), ("00-\(trace.uppercased())-\(span)-01", false),
        ("00-\(trace)-\(span.uppercased())-01", false), ("00-\(trace)-\(span)-0A", false),
        ("00-\(String(repeating: "0", count: 32))-\(span)-01", false),
        ("00-\(trace)-\(String(repeating: "0", count: 16))-01", false), ("00-\(trace)0-\(span)-01", false),
        ("00-\(trace.dropLast())g-\(span)-01", false), (" 00-\(trace)-\(span)-01", false),
        ("00-\(trace)-\(span)-01\n", false), ("00_\(trace)_\(span)_01", false),
    ])
    func isWellFormed(value: String, isValid: Bool) {
        #expect(Traceparent.isValid(value) == isValid)
    }

    @Test func aNewOneIsWellFormedSampledAndNew() {
        var random = SeededGenerator(seed: 1)
        let made = (0..<1000).map { _ in Traceparent.make(using: &random) }
        #expect(made.allSatisfy { Traceparent.isValid($0) && $0.hasSuffix("-01") })
        #expect(Set(made).count == made.count)
    }
}
