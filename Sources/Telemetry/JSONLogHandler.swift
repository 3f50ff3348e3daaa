import Logging

/// Writes one JSON object a line: `time`, `level`, `message`, then the metadata in the order of their keys.
///
/// A metadata key that is one of these three names gets an underscore behind it, so that each key stands once.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let output: LineOutput

    init(level: Logger.Level, output: LineOutput) {
        logLevel = level
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = LogLine()
        line.append("{\"time\":\"")
        line.append(.now)
        line.append("\",\"level\":\"")
        line.append(event.level.rawValue)
        line.append("\",\"message\":")
        line.appendString(event.message.description)
        for (key, value) in Logger.Metadata.merged(metadata, metadataProvider, event) {
            line.append(",")
            line.appendString(Self.isReserved(key) ? key + "_" : key)
            line.append(":")
            line.appendJSON(value)
        }
        line.append("}\n")
        output.write(line.bytes, isUrgent: event.level >= .warning)
    }

    private static func isReserved(_ key: String) -> Bool { key == "time" || key == "level" || key == "message" }
}
