import NIOCore

/// Writes commands in RESP: an array of bulk strings (Redis serialization protocol specification).
///
/// Each word is copied once, from where the caller has it to the output. hiredis' formatter, which wants the addresses
/// of all words at once, would have it copied three times.
extension ByteBuffer {
    /// Begins a command of so many words.
    /// - Returns: how many bytes were written.
    mutating func writeCommand(words count: Int) -> Int {
        writeInteger(UInt8(ascii: "*")) + writeDecimal(count) + writeLineEnd()
    }

    /// Writes a word of a command.
    /// - Returns: how many bytes were written.
    mutating func writeWord(_ word: RedisArgument) -> Int {
        switch word {
        case .string(let text): writeWord(length: text.utf8.count) { $0.writeString(text) }
        case .joined(let first, let second):
            writeWord(length: first.utf8.count + second.utf8.count) { $0.writeString(first) + $0.writeString(second) }
        case .bytes(let buffer): writeWord(length: buffer.readableBytes) { $0.writeImmutableBuffer(buffer) }
        case .integer(let value): writeWord(length: value.decimalLength) { $0.writeDecimal(value) }
        }
    }

    private mutating func writeWord(length: Int, _ write: (inout ByteBuffer) -> Int) -> Int {
        let head = writeInteger(UInt8(ascii: "$")) + writeDecimal(length) + writeLineEnd()
        return head + write(&self) + writeLineEnd()
    }

    private mutating func writeLineEnd() -> Int { writeInteger(UInt16(0x0D0A)) }

    /// Writes an integer as decimal digits.
    /// - Returns: how many bytes were written.
    @discardableResult
    package mutating func writeDecimal(_ value: Int) -> Int {
        if (0...9).contains(value) { return writeInteger(UInt8(ascii: "0") + UInt8(value)) }
        return writeString(String(value))
    }
}

extension Int {
    /// How many bytes the number has in decimal digits, its sign included.
    fileprivate var decimalLength: Int {
        var length = self < 0 ? 2 : 1
        var rest = magnitude / 10
        while rest > 0 {
            length += 1
            rest /= 10
        }
        return length
    }
}
