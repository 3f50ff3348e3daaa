import Logging

/// The bytes of one log line while it is put together.
struct LogLine {
    /// The longest text of a message or value, in bytes; the rest is replaced by an ellipsis.
    static let maximumTextBytes = 8 * 1024
    /// How deep arrays and dictionaries are shown.
    static let maximumDepth = 8

    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Adds text with everything escaped, JSON's way, that is not to reach a terminal or would end a JSON string.
    mutating func appendEscaped(_ text: String) {
        var text = text
        let isDone = text.withUTF8 { utf8 in
            // Nearly all text is like this, and is then copied in one piece.
            guard utf8.count <= Self.maximumTextBytes, utf8.allSatisfy(Self.isPlain) else { return false }
            bytes.append(contentsOf: utf8)
            return true
        }
        if !isDone { appendEscapedBytewise(text) }
    }

    /// Whether a byte stands for itself, in ASCII.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func appendEscapedBytewise(_ text: String) {
        var previous: UInt8 = 0
        for byte in text.utf8.prefix(Self.maximumTextBytes) {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\r"): append("\\r")
            case UInt8(ascii: "\t"): append("\\t")
            case 0..<0x20, 0x7F: appendCode(byte)
            // U+0080 to U+009F, which some terminals obey like escape sequences, are C2 80 to C2 9F in UTF-8.
            case 0x80...0x9F where previous == 0xC2:
                bytes.removeLast()
                appendCode(byte)
            default: bytes.append(byte)
            }
            previous = byte
        }
        if text.utf8.count > Self.maximumTextBytes { cutToScalar() }
    }

    /// Adds text in quotes.
    mutating func appendString(_ text: String) {
        append("\"")
        appendEscaped(text)
        append("\"")
    }

    /// Adds a time as RFC 3339 has it, in UTC, with milliseconds.
    mutating func append(_ time: LogTime, separator: String = "T", zone: String = "Z") {
        appendNumber(time.year, digits: 4)
        append("-")
        appendNumber(time.month, digits: 2)
        append("-")
        appendNumber(time.day, digits: 2)
        append(separator)
        appendNumber(time.hour, digits: 2)
        append(":")
        appendNumber(time.minute, digits: 2)
        append(":")
        appendNumber(time.second, digits: 2)
        append(".")
        appendNumber(time.millisecond, digits: 3)
        append(zone)
    }

    private mutating func appendNumber(_ number: Int, digits: Int) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func appendCode(_ byte: UInt8) {
        let digits = Array("0123456789abcdef".utf8)
        append("\\u00")
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 0xF)])
    }

    /// Takes an incomplete scalar off the end and marks the place.
    private mutating func cutToScalar() {
        while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
        if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        append("…")
    }
}

extension LogLine {
    /// Adds a metadata value as JSON.
    mutating func appendJSON(_ value: Logger.Metadata.Value, depth: Int = 0) {
        guard depth < Self.maximumDepth else { return append("null") }
        switch value {
        case .string(let text): appendString(text)
        case .stringConvertible(let value): appendJSON(value)
        case .array(let values):
            append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { append(",") }
                appendJSON(value, depth: depth + 1)
            }
            append("]")
        case .dictionary(let values):
            append("{")
            for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                appendString(key)
                append(":")
                appendJSON(value, depth: depth + 1)
            }
            append("}")
        }
    }

    private mutating func appendJSON(_ value: any CustomStringConvertible) {
        switch value {
        case let number as Int: append("\(number)")
        case let number as any BinaryInteger: append("\(number)")
        case let number as Double where number.isFinite: append("\(number)")
        case let flag as Bool: append(flag ? "true" : "false")
        default: appendString(value.description)
        }
    }
}

extension Logger.Metadata {
    /// What a line shows: the handler's own, the provider's, and the event's, of which the later ones win.
    static func merged(_ own: Self, _ provider: Logger.MetadataProvider?, _ event: LogEvent) -> [Element] {
        var merged = own
        if let provided = provider?.get() { merged.add(provided) }
        if let metadata = event.metadata { merged.add(metadata) }
        if let error = event.error { merged["error"] = .string("\(error)") }
        return merged.sorted { $0.key < $1.key }
    }

    private mutating func add(_ further: Self) {
        // Most lines have but one of the three: then nothing is copied.
        if isEmpty { self = further } else { merge(further) { $1 } }
    }
}
