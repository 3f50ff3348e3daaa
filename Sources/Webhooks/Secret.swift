/// A piece of text that must never be printed: a signing secret, a password, a token or a header value.
///
/// Every textual form of it (`description`, string interpolation, `dump`) is redacted; the text itself is read with
/// ``revealed`` at the one place that needs it.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself. It must not be put into a log, an error or a command line.
    package let revealed: String

    /// Wraps a text so that it cannot be printed by accident.
    package init(_ text: String) {
        revealed = text
    }

    /// A fixed mark in place of the text.
    package var description: String { "[redacted]" }

    /// The same mark, so that `dump` and the debugger do not show the text either.
    package var debugDescription: String { description }

    /// A mirror without children, for the same reason.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
