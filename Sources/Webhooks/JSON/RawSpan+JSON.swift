// `unsafeLoad` is unsafe only for types with invalid bit patterns; integers have none, and the offset is checked.

extension RawSpan {
    /// The byte at an offset, or 0 past the end: a value that JSON allows nowhere, so that one test covers both.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        offset < byteCount ? unsafeLoad(fromByteOffset: offset, as: UInt8.self) : 0
    }

    /// The offset of the first byte at or after `offset` that is no JSON white space (RFC 8259 section 2).
    @inline(__always)
    func skippingWhiteSpace(_ offset: Int) -> Int {
        var offset = offset
        while byte(offset).isWhiteSpace { offset += 1 }
        return offset
    }

    /// The offset of the first byte at or after `offset` that ends or interrupts a plain run within a string: a quote,
    /// a backslash, a control character, a byte beyond ASCII, or the end of the text.
    ///
    /// Eight bytes at a time: each term sets the high bit of a byte that matches. A borrow can only set bits above a
    /// true match, so the lowest set bit is always right.
    @inline(__always)
    func endOfPlainRun(_ offset: Int) -> Int {
        var offset = offset
        while offset + 8 <= byteCount {
            let word = UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let quote = word ^ (0x22 &* ones)
            let backslash = word ^ (0x5C &* ones)
            let quotes = (quote &- ones) & ~quote
            let backslashes = (backslash &- ones) & ~backslash
            let controls = (word &- (0x20 &* ones)) & ~word
            let matches = (quotes | backslashes | controls | word) & (0x80 &* ones)
            if matches != 0 { return offset + matches.trailingZeroBitCount / 8 }
            offset += 8
        }
        while offset < byteCount {
            switch byte(offset) {
            case 0x22, 0x5C, 0..<0x20, 0x80...: return offset
            default: offset += 1
            }
        }
        return offset
    }
}

private let ones: UInt64 = 0x0101_0101_0101_0101
