/// A pattern for event types: `user.created`, `organization*.*`, `session.**`, `**`.
///
/// `*` stands for any run of characters within one dotted segment, an empty one too; a last segment `**` stands for
/// one segment or more.
package struct EventPattern: Sendable, Hashable, CustomStringConvertible {
    /// The longest pattern, in bytes.
    package static let maximumLength = 256

    /// The pattern as written.
    package let text: String
    private let segments: [[UInt8]]
    private let matchesRest: Bool

    /// Reads a pattern.
    /// - Throws: ``EventPatternError`` for an empty pattern or segment, for white space and control characters, and for
    ///   `**` anywhere but as the whole last segment.
    package init(_ text: String) throws(EventPatternError) {
        guard !text.isEmpty else { throw EventPatternError(.empty) }
        guard text.utf8.count <= Self.maximumLength else { throw EventPatternError(.tooLong) }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw EventPatternError(.unprintable) }
        var segments = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        guard segments.allSatisfy({ !$0.isEmpty }) else { throw EventPatternError(.emptySegment) }
        matchesRest = segments.last == Array("**".utf8)
        if matchesRest { segments.removeLast() }
        let misplaced = segments.contains { zip($0, $0.dropFirst()).contains { $0 == star && $1 == star } }
        guard !misplaced else { throw EventPatternError(.misplacedRest) }
        self.text = text
        self.segments = segments
    }

    /// Whether the pattern covers an event type.
    package func matches(_ type: String) -> Bool {
        var rest = type.utf8[...]
        for (index, segment) in segments.enumerated() {
            let end = rest.firstIndex(of: UInt8(ascii: ".")) ?? rest.endIndex
            guard Self.matches(segment[...], rest[..<end]) else { return false }
            if end == rest.endIndex { return index == segments.count - 1 && !matchesRest }
            rest = rest[rest.index(after: end)...]
        }
        return matchesRest && !rest.isEmpty
    }

    /// The pattern as written.
    package var description: String { text }

    /// Glob match of one segment in time proportional to the product of the lengths at worst: on a mismatch only the
    /// latest star takes one more character.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: Substring.UTF8View) -> Bool {
        var pattern = pattern
        var text = text
        var retry: (pattern: ArraySlice<UInt8>, text: Substring.UTF8View)?
        while !text.isEmpty {
            if pattern.first == star {
                pattern = pattern.dropFirst()
                retry = (pattern, text)
            } else if let wanted = pattern.first, wanted == text.first {
                pattern = pattern.dropFirst()
                text = text.dropFirst()
            } else if let last = retry {
                pattern = last.pattern
                text = last.text.dropFirst()
                retry = (pattern, text)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == star }
    }
}

private let star = UInt8(ascii: "*")

/// Why a text is no event pattern.
package struct EventPatternError: Error, Equatable, CustomStringConvertible {
    /// The kinds of malformed pattern.
    package enum Code: Sendable { case empty, tooLong, unprintable, emptySegment, misplacedRest }

    /// What is wrong with the pattern.
    package let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// A message for the person who wrote the configuration.
    package var description: String {
        switch code {
        case .empty: "an event pattern is empty; expected for example user.created, organization*.* or **"
        case .tooLong: "an event pattern is longer than \(EventPattern.maximumLength) bytes"
        case .unprintable: "an event pattern has white space or control characters"
        case .emptySegment: "an event pattern has an empty segment; expected names between the dots, as in user.created"
        case .misplacedRest: "`**` stands for the rest of a type and must be the whole last segment, as in user.**"
        }
    }
}
