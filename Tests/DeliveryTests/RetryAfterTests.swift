import Testing

@testable import Delivery

@Suite struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    static let example: Int64 = 784_111_777

    @Test(
        arguments: [
            ("0", .zero), ("1", .seconds(1)), ("007", .seconds(7)), ("3600", .seconds(3600)), ("3601", .seconds(3600)),
            ("99999999999999999999999999", .seconds(3600)), ("9223372036854775807", .seconds(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(60)), ("Sunday, 06-Nov-94 08:49:37 GMT", .seconds(60)),
            ("Sun Nov  6 08:49:37 1994", .seconds(60)), ("Sun, 06 Nov 1994 09:48:37 GMT", .seconds(3600)),
            ("Mon, 06 Nov 2034 08:49:37 GMT", .seconds(3600)), ("Sat, 05 Nov 1994 08:49:37 GMT", .zero),
            ("Thu, 01 Jan 1970 00:00:00 GMT", .zero),
            ("", nil), ("soon", nil), ("-", nil), ("1.5", nil), ("٣", nil), ("Sun, 99 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Duration?)])
    func isSecondsOrADate(value: String, delay: Duration?) {
        #expect(RetryAfter.delay(value, now: Self.example - 60) == delay)
    }

    @Test(arguments: ["-1", "-3600", "+5", "5s", "1e3", "0x10", "12 34"])
    func whateverElseNeverExceedsTheBound(value: String) {
        let delay = RetryAfter.delay(value, now: Self.example)
        #expect((Duration.zero...RetryAfter.maximum).contains(delay ?? .zero))
    }
}
