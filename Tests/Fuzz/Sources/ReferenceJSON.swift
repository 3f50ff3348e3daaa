/// RFC 8259 read a second time: a plain recursive reader to hold the scanner against. It shares no code with it.
struct ReferenceJSON {
    private let bytes: [UInt8]
    private let maximumDepth: Int
    private var position = 0

    /// Whether the bytes are one JSON text in UTF-8 without a byte order mark.
    static func accepts(_ bytes: [UInt8], maximumDepth: Int) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var reader = ReferenceJSON(bytes: bytes, maximumDepth: maximumDepth)
        guard reader.value(depth: 0) else { return false }
        return reader.position == bytes.count
    }

    private init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    private var current: Unicode.Scalar? { position < bytes.count ? Unicode.Scalar(bytes[position]) : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    private mutating func take(_ text: String) -> Bool { text.unicodeScalars.allSatisfy { take($0) } }

    private mutating func takeAll(_ matches: (Unicode.Scalar) -> Bool) -> Int {
        let start = position
        while let scalar = current, matches(scalar) { position += 1 }
        return position - start
    }

    /// A value, and the white space on both sides of it.
    private mutating func value(depth: Int) -> Bool {
        space()
        defer { space() }
        switch current {
        case "{": return depth < maximumDepth && list(from: "{", to: "}") { $0.member(depth: depth + 1) }
        case "[": return depth < maximumDepth && list(from: "[", to: "]") { $0.value(depth: depth + 1) }
        case "\"": return string()
        case "t": return take("true")
        case "f": return take("false")
        case "n": return take("null")
        default: return number()
        }
    }

    private mutating func space() { _ = takeAll { " \t\n\r".unicodeScalars.contains($0) } }

    private mutating func list(
        from open: Unicode.Scalar, to close: Unicode.Scalar, item: (inout ReferenceJSON) -> Bool
    ) -> Bool {
        guard take(open) else { return false }
        space()
        if take(close) { return true }
        repeat {
            guard item(&self) else { return false }
        } while take(",")
        return take(close)
    }

    private mutating func member(depth: Int) -> Bool {
        space()
        guard string() else { return false }
        space()
        return take(":") && value(depth: depth)
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let scalar = current {
            position += 1
            switch scalar {
            case "\"": return true
            case "\\": guard escape() else { return false }
            case "\0"..<" ": return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard take("u") else {
            guard let scalar = current, "\"\\/bfnrt".unicodeScalars.contains(scalar) else { return false }
            position += 1
            return true
        }
        for _ in 0..<4 {
            guard let scalar = current, scalar.properties.isASCIIHexDigit else { return false }
            position += 1
        }
        return true
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0"), digits() == 0 { return false }
        if take("."), digits() == 0 { return false }
        guard take("e") || take("E") else { return true }
        if !take("+") { _ = take("-") }
        return digits() > 0
    }

    private mutating func digits() -> Int { takeAll { ("0"..."9").contains($0) } }
}
