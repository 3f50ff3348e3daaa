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
    /// The latest key, with its quotes, and the beginning of its value, on each of the reported depths.
    private var members = InlineArray<2, (key: Range<Int>, value: Int)>(repeating: (0..<0, 0))

    private init() {}

    /// A member of an object, reported when its value has been read.
    struct Member {
        /// The key with its quotes.
        let key: Range<Int>
        let value: Range<Int>
        /// 1 in the outermost object, 2 in an object that is a value there.
        let depth: Int
    }

    /// Checks that the bytes are one JSON text.
    /// - Throws: ``JSONError`` with the first fault.
    package static func validate(_ bytes: RawSpan) throws(JSONError) {
        try validate(bytes) { _, _ in }
    }

    /// Checks that the bytes are one JSON text, and reports members of objects on the way, so that a reader of a few
    /// of them needs no walk of its own.
    /// - Parameter onMember: called with the bytes and a member of the outermost two levels; one on the second comes
    ///   before the one that it is in. What was reported means nothing if the text then turns out to be none.
    /// - Throws: ``JSONError`` with the first fault.
    static func validate(_ bytes: RawSpan, onMember: (RawSpan, Member) -> Void) throws(JSONError) {
        var scanner = JSONScanner()
        try scanner.scanText(bytes, onMember)
    }

    private mutating func scanText(_ bytes: RawSpan, _ onMember: (RawSpan, Member) -> Void) throws(JSONError) {
        var isComplete = false
        while !isComplete {
            position = bytes.skippingWhiteSpace(position)
            if isReported { members[depth - 1].value = position }
            if try scanValueOrOpening(bytes) { isComplete = try scanClosings(bytes, onMember) }
        }
        guard position == bytes.byteCount else { throw JSONError(.trailingData, at: position) }
    }

    /// Whether the innermost open container is an object whose members are reported.
    private var isReported: Bool { 1...2 ~= depth && isInObject }

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
    private mutating func scanClosings(
        _ bytes: RawSpan, _ onMember: (RawSpan, Member) -> Void
    ) throws(JSONError) -> Bool {
        while true {
            if isReported {
                let (key, value) = members[depth - 1]
                onMember(bytes, Member(key: key, value: value..<position, depth: depth))
            }
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
        let start = position
        try scanString(bytes)
        if depth <= 2 { members[depth - 1].key = start..<position }
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
