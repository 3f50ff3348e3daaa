// Reading of the strings of a validated text, given their ranges. No pointer outlives the call that it is passed to.

extension RawSpan {
    /// The text of the string in a range that includes its quotes.
    ///
    /// A `String` cannot hold a lone surrogate: its escape reads as U+FFFD, the replacement character.
    func string(_ range: Range<Int>) -> String {
        let content = extracting(range.lowerBound + 1..<range.upperBound - 1)
        guard content.hasEscapes else { return content.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
        return String(decoding: content.unescaped(), as: UTF8.self)
    }

    /// Whether the string in a range that includes its quotes spells a text, with or without escapes.
    ///
    /// Most strings differ early: only one that agrees up to its first escape is decoded.
    func string(_ range: Range<Int>, is text: String) -> Bool {
        let content = extracting(range.lowerBound + 1..<range.upperBound - 1)
        let wanted = text.utf8.span
        for index in 0..<content.byteCount {
            if content.byte(index) == UInt8(ascii: "\\") { return content.unescaped().elementsEqual(text.utf8) }
            guard index < wanted.count, content.byte(index) == wanted[index] else { return false }
        }
        return content.byteCount == wanted.count
    }

    private var hasEscapes: Bool {
        for index in endOfPlainRun(0)..<byteCount where byte(index) == UInt8(ascii: "\\") { return true }
        return false
    }

    /// The UTF-8 text of a string's content, its escapes resolved.
    private func unescaped() -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(byteCount)
        var index = 0
        while index < byteCount {
            guard byte(index) == UInt8(ascii: "\\") else {
                text.append(byte(index))
                index += 1
                continue
            }
            switch byte(index + 1) {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                let (scalar, length) = escapedScalar(index)
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                index += length
                continue
            case let character: text.append(character)
            }
            index += 2
        }
        return text
    }

    /// The character of the `\u` escape at an offset, or of the two that make a surrogate pair, and their length.
    private func escapedScalar(_ offset: Int) -> (scalar: Unicode.Scalar, length: Int) {
        let first = codeUnit(offset + 2)
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        if (0xD800..<0xDC00).contains(first), byte(offset + 6) == UInt8(ascii: "\\"),
            byte(offset + 7) == UInt8(ascii: "u")
        {
            let second = codeUnit(offset + 8)
            if (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
            {
                return (scalar, 12)
            }
        }
        return ("\u{FFFD}", 6)
    }

    private func codeUnit(_ offset: Int) -> UInt16 {
        var unit: UInt16 = 0
        for index in offset..<offset + 4 { unit = unit << 4 | UInt16(byte(index).hexadecimalValue ?? 0) }
        return unit
    }
}
