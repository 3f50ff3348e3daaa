import NIOCore

/// One word of a Redis command.
///
/// Redis does not tell the kinds apart: an integer travels as its decimal digits. The cases exist so that a
/// caller hands over what it has, without a conversion of its own.
package enum RedisArgument: Sendable, Hashable {
    /// Text, sent as UTF-8.
    case string(String)
    /// Two texts without anything between them, as a key and what it begins with.
    case joined(String, String)
    /// The readable bytes of a buffer, sent as they are; any byte is allowed.
    case bytes(ByteBuffer)
    /// A number, sent as decimal digits.
    case integer(Int)

    /// The length in bytes; for an integer the most it can need.
    var lengthBound: Int {
        switch self {
        case .string(let string): string.utf8.count
        case .joined(let first, let second): first.utf8.count + second.utf8.count
        case .bytes(let buffer): buffer.readableBytes
        case .integer: ByteWriter.maximumDigits
        }
    }
}

extension RedisArgument: ExpressibleByStringLiteral {
    /// Makes a text argument.
    package init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension RedisArgument: ExpressibleByIntegerLiteral {
    /// Makes a number argument.
    package init(integerLiteral value: Int) {
        self = .integer(value)
    }
}
