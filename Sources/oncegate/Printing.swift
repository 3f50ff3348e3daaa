import Admin
import Foundation
import GatewayConfiguration

/// Prints rows as a table; where there are none, a sentence.
func printTable(_ headings: [String], _ rows: [[String]], orElse sentence: String) {
    guard !rows.isEmpty else { return print(sentence) }
    for line in TextTable.lines([headings] + rows.map { $0.map(\.onOneLine) }) { print(line) }
}

/// Prints an answer of the API as JSON.
func printJSON(_ value: some Encodable) throws {
    print(String(decoding: try API.encode(value, prettily: true), as: UTF8.self))
}

extension String {
    /// The text without what a terminal would take for a command: senders and destinations write it.
    var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.isCommand ? "\u{FFFD}" : $0 }))
    }

    /// The printable text with spaces for line ends.
    var onOneLine: String {
        split(whereSeparator: \.isWhitespace).joined(separator: " ").printable
    }

    /// The beginning of the text, with an ellipsis where it was longer.
    func shortened(to length: Int) -> String {
        count > length ? prefix(length - 1) + "…" : self
    }
}

extension Unicode.Scalar {
    /// Whether it is a control character other than a tab or a line feed, or changes the direction of the text.
    fileprivate var isCommand: Bool {
        switch properties.generalCategory {
        case .control: self != "\n" && self != "\t"
        case .format: true
        default: false
        }
    }
}
