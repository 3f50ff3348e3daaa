import NIOCore

/// One reply of Redis, in the types of RESP2.
///
/// The buffers of one reply share their storage: whoever keeps a small part of a large reply for long should
/// copy it. Arrays nest at most seven deep, which is the limit of the parser.
package enum RedisValue: Sendable, Equatable {
    /// The null bulk string or the null array.
    case null
    /// A 64-bit signed integer.
    case integer(Int64)
    /// A simple string such as `OK`.
    case status(String)
    /// A bulk string; any byte is possible.
    case bulk(ByteBuffer)
    /// An array, possibly empty.
    case array([RedisValue])
    /// An error inside an array. An error that is the whole reply fails the command instead.
    case error(RedisServerError)

    /// Whether this is the null bulk string or the null array.
    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The number, of an integer reply or of a bulk string that is one in decimal; else nil.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bulk(let buffer): Int64(String(buffer: buffer))
        case .null, .status, .array, .error: nil
        }
    }

    /// The text of a status or a bulk string, with U+FFFD for what is not UTF-8; else nil.
    package var string: String? {
        switch self {
        case .status(let value): value
        case .bulk(let buffer): String(buffer: buffer)
        case .null, .integer, .array, .error: nil
        }
    }

    /// The bytes of a bulk string or a status; else nil.
    package var bytes: ByteBuffer? {
        switch self {
        case .bulk(let buffer): buffer
        case .status(let value): ByteBuffer(string: value)
        case .null, .integer, .array, .error: nil
        }
    }

    /// The elements of an array; else nil.
    package var array: [RedisValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
