/// A time that RFC 3339 can write: in the years 0001 to 9999, to the millisecond.
package struct Timestamp: Sendable, Hashable {
    /// Milliseconds since 1970.
    package let milliseconds: Int64

    /// 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z.
    private static let years: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
    /// The magnitude below which senders' numbers are taken as seconds: 10^11 ms is in 1973, 10^11 s in 5138.
    private static let leastMilliseconds: Int64 = 100_000_000_000

    /// Takes milliseconds since 1970; nil beyond the years that RFC 3339 can write.
    package init?(milliseconds: Int64) {
        guard Self.years.contains(milliseconds) else { return nil }
        self.milliseconds = milliseconds
    }

    /// Takes seconds since 1970; nil beyond the years that RFC 3339 can write.
    package init?(seconds: Int64) {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return nil }
        self.init(milliseconds: milliseconds)
    }

    /// Takes the JSON number in a range of a validated text as seconds or milliseconds, by its magnitude; a decimal is
    /// rounded to the nearest millisecond. Nil for any other value, and beyond the years that RFC 3339 can write.
    init?(number range: Range<Int>, in bytes: RawSpan) {
        let first = bytes.byte(range.lowerBound)
        guard first.isDigit || first == UInt8(ascii: "-") else { return nil }
        if let whole = bytes.integer(range) {
            if whole.magnitude < Self.leastMilliseconds.magnitude {
                self.init(seconds: whole)
            } else {
                self.init(milliseconds: whole)
            }
        } else {
            guard let number = bytes.double(range) else { return nil }
            let isSeconds = number.magnitude < Double(Self.leastMilliseconds)
            guard let rounded = Int64(exactly: (isSeconds ? number * 1000 : number).rounded()) else { return nil }
            self.init(milliseconds: rounded)
        }
    }

    /// The time in UTC with milliseconds, as in `2022-05-31T15:56:31.835Z` (RFC 3339 section 5.6).
    package var rfc3339: String {
        let (days, time) = milliseconds.quotientAndRemainder(flooringBy: 86_400_000)
        let (year, month, day) = Self.civilDate(days: days)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ value: Int64, digits: Int, _ after: Unicode.Scalar) {
            var divisor: Int64 = digits == 4 ? 1000 : digits == 3 ? 100 : 10
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: after))
        }
        append(year, digits: 4, "-")
        append(month, digits: 2, "-")
        append(day, digits: 2, "T")
        append(time / 3_600_000, digits: 2, ":")
        append(time / 60_000 % 60, digits: 2, ":")
        append(time / 1000 % 60, digits: 2, ".")
        append(time % 1000, digits: 3, "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// The date of the proleptic Gregorian calendar, a number of days after 1970-01-01.
    ///
    /// The calendar repeats every 400 years (146,097 days). Years are counted from March, so that the leap day is the
    /// last of the year and a month's first day is a linear function of its number.
    private static func civilDate(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(flooringBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    /// Division that rounds towards negative infinity, so that the remainder of a positive divisor is never negative.
    fileprivate func quotientAndRemainder(flooringBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Timestamp {
    /// Takes a JSON number as seconds or milliseconds, by its magnitude; nil for any other value.
    init?(_ value: JSONValue) {
        let number = value.raw
        self.init(number: 0..<number.count, in: number.span.bytes)
    }
}
