/// A strict validator of JSON texts (RFC 8259) over raw bytes.
///
/// Oncegate has a reader of its own because it must pass values on to the letter: integers beyond 64 bits, `1.0`,
/// escapes, lone surrogates, repeated keys and the order of keys. Decoders such as Foundation's give values without
/// their spelling. What this one accepts can be read lazily with ``JSONValue``, which does not check again.
///
/// Beyond the grammar it demands well-formed UTF-8 and refuses a byte order mark (sections 8.1 and 9). Escapes of lone
/// surrogates are within the grammar (section 8.2) and accepted. It does not recurse and does not allocate.
package struct JSONScanner {
    /// The most arrays and objects within each other.
    package static let maximumDepth = 512

    var position = 0
    private var depth = 0
    /// One bit for each open container: set for an object.
    private var objects = InlineArray<8, UInt64>(repeating: 0)

    private init() {}

    /// Checks that the bytes are one JSON text.
    /// - Throws: ``JSONError`` with the first fault.
    package static func validate(_ bytes: RawSpan) throws(JSONError) {
        var scanner = JSONScanner()
        try scanner.scanText(bytes)
    }

    private mutating func scanText(_ bytes: RawSpan) throws(JSONError) {
        var isComplete = false
        while !isComplete {
            position = bytes.skippingWhiteSpace(position)
            if try scanValueOrOpening(bytes) { isComplete = try scanClosings(bytes) }
        }
        guard position == bytes.byteCount else { throw JSONError(.trailingData, at: position) }
    }

    /// Reads a scalar, an empty container, or the opening of a container up to its first value.
    /// - Returns: whether a value has ended.
    private mutating func scanValueOrOpening(_ bytes: RawSpan) throws(JSONError) -> Bool {
        switch bytes.byte(position) {
        case UInt8(ascii: "\""): try scanString(bytes)
        case UInt8(ascii: "{"):
            try open(object: true)
            position = bytes.skippingWhiteSpace(position + 1)
            guard bytes.byte(position) == UInt8(ascii: "}") else {
                try scanKey(bytes)
                return false
            }
            close()
        case UInt8(ascii: "["):
            try open(object: false)
            position = bytes.skippingWhiteSpace(position + 1)
            guard bytes.byte(position) == UInt8(ascii: "]") else { return false }
            close()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber(bytes)
        case UInt8(ascii: "t"): try scanLiteral("true", bytes)
        case UInt8(ascii: "f"): try scanLiteral("false", bytes)
        case UInt8(ascii: "n"): try scanLiteral("null", bytes)
        default: throw unexpected(bytes)
        }
        return true
    }

    /// Reads what follows a value: the ends of containers, and at most one comma, with the key after it in an object.
    /// - Returns: whether the text is complete.
    private mutating func scanClosings(_ bytes: RawSpan) throws(JSONError) -> Bool {
        while true {
            position = bytes.skippingWhiteSpace(position)
            guard depth > 0 else { return true }
            switch (bytes.byte(position), isInObject) {
            case (UInt8(ascii: ","), true):
                position = bytes.skippingWhiteSpace(position + 1)
                try scanKey(bytes)
                return false
            case (UInt8(ascii: ","), false):
                position += 1
                return false
            case (UInt8(ascii: "}"), true), (UInt8(ascii: "]"), false): close()
            default: throw unexpected(bytes)
            }
        }
    }

    /// Reads a key and the colon after it.
    private mutating func scanKey(_ bytes: RawSpan) throws(JSONError) {
        guard bytes.byte(position) == UInt8(ascii: "\"") else { throw unexpected(bytes) }
        try scanString(bytes)
        position = bytes.skippingWhiteSpace(position)
        guard bytes.byte(position) == UInt8(ascii: ":") else { throw unexpected(bytes) }
        position += 1
    }

    private mutating func scanLiteral(_ literal: String, _ bytes: RawSpan) throws(JSONError) {
        for byte in literal.utf8 {
            guard bytes.byte(position) == byte else { throw unexpected(bytes) }
            position += 1
        }
    }

    func unexpected(_ bytes: RawSpan) -> JSONError {
        JSONError(position < bytes.byteCount ? .unexpectedByte : .unexpectedEnd, at: position)
    }

    private var isInObject: Bool { objects[(depth - 1) / 64] & (1 << UInt64((depth - 1) % 64)) != 0 }

    private mutating func open(object: Bool) throws(JSONError) {
        guard depth < Self.maximumDepth else { throw JSONError(.tooDeep, at: position) }
        let bit: UInt64 = 1 << UInt64(depth % 64)
        if object { objects[depth / 64] |= bit } else { objects[depth / 64] &= ~bit }
        depth += 1
    }

    private mutating func close() {
        depth -= 1
        position += 1
    }
}
