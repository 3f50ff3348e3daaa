/// Whole numbers in decimal digits, without sign, separators or exponent.
enum WholeNumber {
    /// Reads at most 18 digits, which always fit into an `Int`; nil for anything else.
    static func parse(_ text: some StringProtocol) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isDigit) else { return nil }
        return Int(text)
    }
}

/// Decimal numbers such as `3`, `0.2`: digits, optionally a point and more digits.
enum DecimalNumber {
    /// Reads a number of at most 18 characters; nil for anything else, an exponent or a sign included.
    static func parse(_ text: String) -> Double? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 18, (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ASCII.isDigit) })
        else { return nil }
        return Double(text)
    }
}

/// Spans of time as a whole number and a unit: `500ms`, `15s`, `5m`, `24h`, `7d`.
package enum DurationText {
    private static let units: [(name: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads a span of time; nil for anything else, a number without a unit included.
    package static func parse(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text[digits.endIndex...]
        guard let number = WholeNumber.parse(digits), let unit = units.first(where: { $0.name == suffix }) else {
            return nil
        }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// Writes a span of time with the largest unit that needs no fraction: `90s`, `5m`. Parts of a millisecond are cut.
    package static func format(_ duration: Duration) -> String {
        let parts = duration.components
        let milliseconds = Int(parts.seconds) * 1000 + Int(parts.attoseconds / 1_000_000_000_000_000)
        guard milliseconds != 0 else { return "0s" }
        let unit = units.first { milliseconds % $0.milliseconds == 0 } ?? ("ms", 1)
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// Writes a span of time with its two largest units, for people: `22h 33m`.
    package static func approximate(_ duration: Duration) -> String {
        var milliseconds = Int(duration / .milliseconds(1))
        var parts: [String] = []
        for unit in units where parts.count < 2 {
            let count = milliseconds / unit.milliseconds
            milliseconds %= unit.milliseconds
            if count > 0 { parts.append("\(count)\(unit.name)") } else if !parts.isEmpty { break }
        }
        return parts.isEmpty ? "0s" : parts.joined(separator: " ")
    }
}

/// Sizes in bytes: `65536`, `64KiB`, `1MiB`, `1GiB`.
package enum SizeText {
    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1),
    ]

    /// Reads a size in bytes; nil for anything else, decimal units such as `MB` included.
    package static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text[digits.endIndex...]
        guard let number = WholeNumber.parse(digits), let unit = units.first(where: { $0.name == suffix }) else {
            return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : bytes
    }

    /// Writes a size with the largest unit that needs no fraction.
    package static func format(_ bytes: Int) -> String {
        guard bytes != 0 else { return "0" }
        let unit = units.first { bytes % $0.bytes == 0 } ?? ("", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
