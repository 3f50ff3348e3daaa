/// What redis-server has written lately, and which of it deserves attention.
///
/// A line is `PID:ROLE DATE TIME LEVEL TEXT`, where the level is one of `.`, `-`, `*` and `#` (warning).
struct ServerLog {
    /// Lines that are kept for an error message.
    static let maximumLines = 12
    /// Bytes of a line that are kept.
    static let maximumLineLength = 400

    private(set) var lines: [String] = []

    /// Takes a line.
    ///
    /// - Returns: The text of the line if it is a warning; else nil.
    mutating func append(_ line: String) -> String? {
        let line = String(decoding: line.utf8.prefix(Self.maximumLineLength), as: UTF8.self)
        guard line.contains(where: { !$0.isWhitespace }) else { return nil }
        if lines.count == Self.maximumLines {
            lines.removeFirst()
        }
        lines.append(line)
        let parts = line.split(separator: " # ", maxSplits: 1)
        return parts.count == 2 ? String(parts[1]) : nil
    }

    /// The lines kept, for an error message.
    var excerpt: String {
        lines.isEmpty ? "(no output)" : lines.joined(separator: "\n")
    }
}
