import Testing
import Webhooks

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_654_012_591_835, "2022-05-31T15:56:31.835Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
            (-2_203_977_600_000, "1900-02-28T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-11_644_473_600_000, "1601-01-01T00:00:00.000Z"), (1_735_689_599_009, "2024-12-31T23:59:59.009Z"),
        ] as [(Int64, String)])
    func writesRFC3339(milliseconds: Int64, expected: String) throws {
        #expect(try #require(Timestamp(milliseconds: milliseconds)).rfc3339 == expected)
    }

    @Test func refusesOtherYears() {
        for milliseconds in [-62_135_596_800_001, 253_402_300_800_000, .min, .max] as [Int64] {
            #expect(Timestamp(milliseconds: milliseconds) == nil)
        }
        for seconds in [-62_135_596_801, 253_402_300_800, .min, .max] as [Int64] {
            #expect(Timestamp(seconds: seconds) == nil)
        }
        #expect(Timestamp(seconds: 253_402_300_799)?.rfc3339 == "9999-12-31T23:59:59.000Z")
    }

    /// Every day of 1890 to 2110 against a calendar that counts.
    @Test func followsTheCalendar() throws {
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        var milliseconds: Int64 = -2_524_521_600_000
        for year in 1890...2110 {
            for (month, days) in [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in 1...days {
                    let expected = "\(year)-\(digits(month + 1))-\(digits(day))T00:00:00.000Z"
                    let text = try #require(Timestamp(milliseconds: milliseconds)).rfc3339
                    if text != expected { Issue.record("\(text), not \(expected)") }
                    milliseconds += 86_400_000
                }
            }
        }
    }
}
