/// What redis-server has written lately, and which of it deserves attention.
///
/// A line is `PID:ROLE DATE TIME LEVEL TEXT`, where the level is one of `.`, `-`, `*` and `#` (warning).
struct ServerLog {
    /// Lines that are kept for an error message.
    static let maximumLines = 12
    /// Bytes of a line that are kept.
    static let maximumLineLength = 400

    /// What Redis 7.0 says at every start and end on the level of warnings.
    static let routine = [
        "Reading config from stdin", "oO0OoO0OoO0Oo", "Redis version=", "Configuration loaded", "Server initialized",
        "User requested shutdown", "Removing the unix socket", "Redis is now ready to exit",
    ]

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
        guard parts.count == 2, !Self.routine.contains(where: parts[1].hasPrefix) else { return nil }
        return String(parts[1])
    }

    /// The lines kept, for an error message.
    var excerpt: String {
        lines.isEmpty ? "(no output)" : lines.joined(separator: "\n")
    }
}
