import NIOCore

/// What a benchmark needs to know of an HTTP/1.1 message, read by hand: a parser with every convenience costs more than
/// the gateway that is measured, on the same processors.
struct MessageHead: Equatable {
    /// The longest head that is waited for, in bytes.
    static let maximumBytes = 64 << 10

    /// The second word of the first line: the target of a request, the status of an answer.
    private(set) var word = ""
    /// The value of `webhook-id`.
    private(set) var id: String?
    /// The value of `content-length`; nil where there is none, or it is no number.
    private(set) var length: Int?
    /// How many bytes the head has, with the empty line behind it.
    private(set) var size = 0

    /// Reads the head that bytes begin with; nil while it is not whole.
    init?(_ bytes: Span<UInt8>) {
        var start = 0
        while let end = bytes.endOfLine(from: start) {
            if end == start {
                size = end + 2
                return
            }
            if start == 0 { word = bytes.text(bytes.secondWord(before: end)) } else { read(bytes, start..<end) }
            start = end + 2
        }
        return nil
    }

    private mutating func read(_ bytes: Span<UInt8>, _ line: Range<Int>) {
        guard let colon = line.first(where: { bytes[$0] == UInt8(ascii: ":") }) else { return }
        let name = line.lowerBound..<colon
        if bytes.isSame(name, "content-length") {
            length = Int(bytes.text(bytes.trimmed(colon + 1..<line.upperBound)))
        } else if bytes.isSame(name, "webhook-id") {
            id = bytes.text(bytes.trimmed(colon + 1..<line.upperBound))
        }
    }
}

extension Span<UInt8> {
    /// Where the line ends that begins at an offset: before its CR LF.
    fileprivate func endOfLine(from start: Int) -> Int? {
        var index = start
        while index + 1 < count {
            if self[index] == UInt8(ascii: "\r"), self[index + 1] == UInt8(ascii: "\n") { return index }
            index += 1
        }
        return nil
    }

    fileprivate func secondWord(before end: Int) -> Range<Int> {
        let space = UInt8(ascii: " ")
        guard let first = (0..<end).first(where: { self[$0] == space }) else { return end..<end }
        return first + 1..<((first + 1..<end).first { self[$0] == space } ?? end)
    }

    fileprivate func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, self[start] == UInt8(ascii: " ") { start += 1 }
        while end > start, self[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return start..<end
    }

    /// Whether a range spells a name without regard to case; `name` is lower case.
    fileprivate func isSame(_ range: Range<Int>, _ name: StaticString) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            name.indices.allSatisfy {
                let byte = self[range.lowerBound + $0]
                return byte == name[$0] || byte | 0x20 == name[$0]
            }
        }
    }

    fileprivate func text(_ range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
