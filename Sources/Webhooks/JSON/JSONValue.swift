/// One value of a validated JSON text, read only where it is asked for.
///
/// Where a key is repeated, the last one counts, as in ECMAScript's `JSON.parse`.
package struct JSONValue: Sendable {
    /// The kinds of JSON value.
    package enum Kind: Sendable { case object, array, string, number, boolean, null }

    private let document: [UInt8]
    /// The bytes of the value within its text, without white space around them.
    package let range: Range<Int>

    /// Validates a JSON text and gives its value.
    /// - Throws: ``JSONError`` with the first fault.
    package init(validating document: [UInt8]) throws(JSONError) {
        try JSONScanner.validate(document.span.bytes)
        self.init(validated: document)
    }

    /// The value of a text that ``JSONScanner/validate(_:)`` has accepted.
    init(validated document: [UInt8]) {
        let start = document.span.bytes.skippingWhiteSpace(0)
        var end = document.count
        while end > start, document[end - 1].isWhiteSpace { end -= 1 }
        self.init(document: document, range: start..<end)
    }

    init(document: [UInt8], range: Range<Int>) {
        self.document = document
        self.range = range
    }

    /// The value to the letter, as the sender wrote it.
    package var raw: ArraySlice<UInt8> { document[range] }

    /// What kind of value it is.
    package var kind: Kind {
        switch document[range.lowerBound] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }

    /// The text of a string, or nil for any other value. Escapes of lone surrogates read as U+FFFD.
    package var string: String? { kind == .string ? document.span.bytes.string(range) : nil }

    /// Whether it is the empty string.
    package var isEmptyString: Bool { kind == .string && range.count == 2 }

    /// The value of `true` or `false`, or nil for any other value.
    package var boolean: Bool? { kind == .boolean ? document[range.lowerBound] == UInt8(ascii: "t") : nil }

    /// A whole number without fraction and exponent that fits, or nil for any other value.
    package var integer: Int64? { kind == .number ? document.span.bytes.integer(range) : nil }

    /// The nearest double of a number, or nil for any other value; infinite where the number is too large.
    package var double: Double? { kind == .number ? document.span.bytes.double(range) : nil }

    /// The members of an object in their order, repeated keys and all, or nil for any other value.
    package var object: JSONObject? { kind == .object ? JSONObject(document: document, range: range) : nil }

    /// The elements of an array in their order, or nil for any other value.
    package var elements: [JSONValue]? {
        guard kind == .array else { return nil }
        var elements: [JSONValue] = []
        var cursor = JSONCursor(at: range.lowerBound, in: document.span.bytes)
        while let (_, value) = cursor?.next(in: document.span.bytes) {
            elements.append(JSONValue(document: document, range: value))
        }
        return elements
    }
}

/// The members of one object of a validated JSON text, found once.
package struct JSONObject: Sendable {
    // For one allocation in the common case: a user of 1.2 KB has 40 members.
    private static let typicalMemberLength = 24
    private static let maximumReserve = 64

    private let document: [UInt8]
    private var members: [(key: Range<Int>, value: Range<Int>)] = []

    fileprivate init(document: [UInt8], range: Range<Int>) {
        self.document = document
        members.reserveCapacity(min(range.count / Self.typicalMemberLength + 1, Self.maximumReserve))
        var cursor = JSONCursor(at: range.lowerBound, in: document.span.bytes)
        while let member = cursor?.next(in: document.span.bytes) { members.append(member) }
    }

    /// The value of a key, the last one where the key is repeated, or nil.
    package subscript(key: String) -> JSONValue? {
        let bytes = document.span.bytes
        for (name, value) in members.reversed() where bytes.string(name, is: key) {
            return JSONValue(document: document, range: value)
        }
        return nil
    }

    /// The keys in their order, repeated ones as often as they are there.
    package var keys: [String] { members.map { document.span.bytes.string($0.key) } }
}
