import Glibc
import Logging

/// The form of log lines.
package enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line, for collectors.
    case json
    /// Aligned text, for people.
    case text
}

/// Sends all logs of the process to standard error. To be called once, before the first logger is made.
///
/// Text is coloured only on a terminal and only while `NO_COLOR` is unset or empty (https://no-color.org).
/// - Returns: a service that makes lines cheaper while it runs; it is to be the last one to stop.
package func bootstrapLogging(format: LogFormat, level: Logger.Level) -> LineOutput {
    let output = LineOutput(descriptor: STDERR_FILENO)
    let isColoured = isatty(STDERR_FILENO) == 1 && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
    LoggingSystem.bootstrap { _ in
        switch format {
        case .json: JSONLogHandler(level: level, output: output)
        case .text: TextLogHandler(level: level, isColoured: isColoured, output: output)
        }
    }
    return output
}
