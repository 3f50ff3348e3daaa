/// Writes commands in RESP: an array of bulk strings (Redis serialization protocol specification).
///
/// Each word is copied once, from where the caller has it to the output. hiredis' formatter, which wants the addresses
/// of all words at once, would have it copied three times.
extension ByteWriter {
    /// How many bytes the beginning of a command, or what stands around a word, takes at the most.
    static let maximumFraming = 1 + maximumDigits + 2 + 2

    /// Begins a command of so many words.
    mutating func writeCommand(words count: Int) {
        write(UInt8(ascii: "*"))
        write(decimal: count)
        writeLineEnd()
    }

    /// Writes a word of a command: at most its ``RedisArgument/lengthBound`` and ``maximumFraming``.
    mutating func writeWord(_ word: RedisArgument) {
        switch word {
        case .string(let text):
            beginWord(length: text.utf8.count)
            write(text)
        case .joined(let first, let second):
            beginWord(length: first.utf8.count + second.utf8.count)
            write(first)
            write(second)
        case .bytes(let buffer):
            beginWord(length: buffer.readableBytes)
            write(buffer)
        case .integer(let value):
            beginWord(length: value.decimalLength)
            write(decimal: value)
        }
        writeLineEnd()
    }

    private mutating func beginWord(length: Int) {
        write(UInt8(ascii: "$"))
        write(decimal: length)
        writeLineEnd()
    }

    private mutating func writeLineEnd() {
        write(UInt8(ascii: "\r"))
        write(UInt8(ascii: "\n"))
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
