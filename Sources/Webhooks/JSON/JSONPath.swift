/// The way from a body to a value within: the keys of objects, with dots between them, as in `data.id`.
package struct JSONPath: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The most keys of a path.
    package static let maximumKeys = 16

    let keys: [String]

    /// Reads a path; nil where a key is empty, or where there are too many.
    package init?(parsing text: String) {
        let keys = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard keys.count <= Self.maximumKeys, keys.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.keys = keys
    }

    /// Takes a path that the program's own text names.
    package init(stringLiteral text: String) {
        keys = text.split(separator: ".").map(String.init)
    }

    /// The path as it is written.
    package var description: String { keys.joined(separator: ".") }
}

extension RawSpan {
    /// The value of an object's key, the last one where it is repeated; nil where there is none, and for no object.
    func lastMember(_ name: String, of object: Range<Int>) -> Range<Int>? {
        guard byte(object.lowerBound) == UInt8(ascii: "{"),
            var cursor = JSONCursor(at: object.lowerBound, in: self)
        else { return nil }
        var found: Range<Int>?
        while let (key, value) = cursor.next(in: self) {
            if string(key, is: name) { found = value }
        }
        return found
    }

    /// The value at the end of a path through a validated body, or nil where the path leads nowhere.
    func value(at path: JSONPath) -> Range<Int>? {
        path.keys.reduce(Optional(textRange)) { object, key in object.flatMap { lastMember(key, of: $0) } }
    }

    /// The value that a validated text is, without white space around it.
    var textRange: Range<Int> {
        let start = skippingWhiteSpace(0)
        var end = byteCount
        while end > start, byte(end - 1).isWhiteSpace { end -= 1 }
        return start..<end
    }

    /// The text of a value, or nil where it is no string.
    func text(_ range: Range<Int>?) -> String? {
        range.flatMap { byte($0.lowerBound) == UInt8(ascii: "\"") ? string($0) : nil }
    }

    /// The digits of a value, or nil where it is no whole number.
    func digits(_ range: Range<Int>?) -> String? {
        guard let range, !range.isEmpty, range.allSatisfy({ byte($0).isDigit }) else { return nil }
        return extracting(range).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// The text of a value, or nil where it is no string that an attribute can hold.
    func attribute(_ range: Range<Int>?) -> String? {
        text(range).flatMap { (1...Envelope.maximumAttributeLength).contains($0.utf8.count) ? $0 : nil }
    }
}
