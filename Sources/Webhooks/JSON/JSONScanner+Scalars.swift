extension JSONScanner {
    /// Reads a string from its opening quote to behind its closing one.
    mutating func scanString(_ bytes: RawSpan) throws(JSONError) {
        position += 1
        while true {
            position = bytes.endOfPlainRun(position)
            switch bytes.byte(position) {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): try scanEscape(bytes)
            case 0x80...: try scanMultibyteCharacter(bytes)
            default:
                let isEnd = position == bytes.byteCount
                throw JSONError(isEnd ? .unexpectedEnd : .controlCharacter, at: position)
            }
        }
    }

    private mutating func scanEscape(_ bytes: RawSpan) throws(JSONError) {
        switch bytes.byte(position + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            for index in 2..<6 {
                guard bytes.byte(position + index).hexadecimalValue != nil else {
                    throw JSONError(.invalidEscape, at: position)
                }
            }
            position += 6
        default: throw JSONError(.invalidEscape, at: position)
        }
    }

    /// Reads a character of two to four bytes (Unicode 16, table 3-7: no overlong forms, surrogates or values beyond
    /// U+10FFFF).
    private mutating func scanMultibyteCharacter(_ bytes: RawSpan) throws(JSONError) {
        let second = bytes.byte(position + 1)
        let length =
            switch (bytes.byte(position), second) {
            case (0xC2...0xDF, 0x80...0xBF): 2
            case (0xE0, 0xA0...0xBF), (0xE1...0xEC, 0x80...0xBF), (0xED, 0x80...0x9F), (0xEE...0xEF, 0x80...0xBF): 3
            case (0xF0, 0x90...0xBF), (0xF1...0xF3, 0x80...0xBF), (0xF4, 0x80...0x8F): 4
            default: throw JSONError(.invalidUTF8, at: position)
            }
        for index in 2..<max(length, 2) where !(0x80...0xBF).contains(bytes.byte(position + index)) {
            throw JSONError(.invalidUTF8, at: position)
        }
        position += length
    }

    /// Reads a number (RFC 8259 section 6).
    mutating func scanNumber(_ bytes: RawSpan) throws(JSONError) {
        if bytes.byte(position) == UInt8(ascii: "-") { position += 1 }
        if bytes.byte(position) == UInt8(ascii: "0") {
            position += 1
            guard !bytes.byte(position).isDigit else { throw JSONError(.invalidNumber, at: position) }
        } else {
            try scanDigits(bytes)
        }
        if bytes.byte(position) == UInt8(ascii: ".") {
            position += 1
            try scanDigits(bytes)
        }
        if bytes.byte(position) | 0x20 == UInt8(ascii: "e") {
            position += 1
            let sign = bytes.byte(position)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try scanDigits(bytes)
        }
    }

    /// Reads one digit or more.
    private mutating func scanDigits(_ bytes: RawSpan) throws(JSONError) {
        guard bytes.byte(position).isDigit else {
            throw JSONError(position < bytes.byteCount ? .invalidNumber : .unexpectedEnd, at: position)
        }
        repeat { position += 1 } while bytes.byte(position).isDigit
    }
}

extension UInt8 {
    /// Whether this is JSON white space (RFC 8259 section 2).
    @inline(__always)
    var isWhiteSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }

    /// Whether this is an ASCII digit.
    @inline(__always)
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// The value of an ASCII hexadecimal digit, or nil.
    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
