import Logging

/// Writes lines for people: time in UTC, level, message, and the metadata as `key=value`.
struct TextLogHandler: LogHandler {
    /// The width that messages are filled up to, so that the metadata of most lines begin in one column.
    static let messageWidth = 24

    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let isColoured: Bool
    private let output: LineOutput

    init(level: Logger.Level, isColoured: Bool, output: LineOutput) {
        logLevel = level
        self.isColoured = isColoured
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = LogLine()
        line.append(.now, separator: " ", zone: "")
        line.append(" ")
        let level = event.level.rawValue.uppercased()
        append(level, code: Self.colour(event.level), to: &line)
        line.append(Self.padding(level.utf8.count, to: 9))
        let message = event.message.description
        line.appendEscaped(message)
        let metadata = Logger.Metadata.merged(metadata, metadataProvider, event)
        if !metadata.isEmpty { line.append(Self.padding(message.count, to: Self.messageWidth)) }
        for (key, value) in metadata {
            line.append(" ")
            append(key + "=", code: "2", to: &line)
            append(value, to: &line)
        }
        line.append("\n")
        output.write(line.bytes, isUrgent: event.level >= .warning)
    }

    private func append(_ text: String, code: String?, to line: inout LogLine) {
        guard isColoured, let code else { return line.appendEscaped(text) }
        line.append("\u{1B}[\(code)m")
        line.appendEscaped(text)
        line.append("\u{1B}[0m")
    }

    private func append(_ text: String, to line: inout LogLine) {
        let isPlain = !text.isEmpty && !text.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "\"") || $0 == 0x7F }
        if isPlain { line.appendEscaped(text) } else { line.appendString(text) }
    }

    private func append(_ value: Logger.Metadata.Value, to line: inout LogLine) {
        switch value {
        case .string(let text): append(text, to: &line)
        case .stringConvertible(let value): append(value.description, to: &line)
        case .array, .dictionary: line.appendJSON(value)
        }
    }

    private static func padding(_ count: Int, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count))
    }

    /// Select Graphic Rendition (ECMA-48, section 8.3.117).
    private static func colour(_ level: Logger.Level) -> String? {
        switch level {
        case .trace, .debug: "2"
        case .info: nil
        case .notice: "36"
        case .warning: "33"
        case .error, .critical: "31"
        }
    }
}
