/// An error reply of Redis, such as `-OOM command not allowed when used memory > 'maxmemory'.`
package struct RedisServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The first word, which says what kind of error it is: `ERR`, `NOSCRIPT`, `OOM`, `READONLY`, `LOADING`, or one
    /// that a script made up. `ERR` where Redis sent none.
    package let prefix: String

    /// The rest of the line, cut to ``maximumMessageLength`` bytes, and without the arguments that Redis repeats
    /// for a command it does not know.
    package let message: String

    /// The most of a server's message that is kept, in bytes of UTF-8.
    static let maximumMessageLength = 512

    /// Makes an error reply from its two parts.
    package init(prefix: String, message: String) {
        self.prefix = prefix
        self.message = message
    }

    /// Takes an error line apart, without its leading `-` and its line end.
    init(line: some Collection<UInt8>) {
        let first = line.prefix { $0 != UInt8(ascii: " ") }
        let isPrefix = !first.isEmpty && first.allSatisfy(Self.isPrefixByte)
        let rest = isPrefix ? line.dropFirst(first.count).drop { $0 == UInt8(ascii: " ") } : line.dropFirst(0)
        prefix = isPrefix ? String(decoding: first, as: UTF8.self) : "ERR"
        var text = Substring(String(decoding: rest.prefix(Self.maximumMessageLength), as: UTF8.self))
        // "unknown command 'X', with args beginning with: 'a' 'b'": the arguments may be a payload.
        if let echo = text.firstRange(of: Self.argumentEcho) {
            text = text[..<echo.lowerBound]
        }
        message = String(text)
    }

    /// What precedes the arguments in Redis' complaint about an unknown command.
    private static let argumentEcho = ", with args beginning with"

    private static func isPrefixByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// Whether the same command can succeed later without anybody changing it.
    package var isRetryable: Bool {
        switch prefix {
        case "LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS", "READONLY", "OOM", "MISCONF",
            "NOSCRIPT", "UNKILLABLE":
            true
        default:
            false
        }
    }

    /// Whether Redis gives this error only in place of executing a command. Others can come out of a script that has
    /// already written.
    var precedesExecution: Bool {
        switch prefix {
        case "LOADING", "BUSY", "MASTERDOWN", "NOAUTH", "NOSCRIPT": true
        default: false
        }
    }

    /// The line as Redis sent it, without its leading `-`, and cut as ``message`` is.
    package var description: String {
        message.isEmpty ? prefix : "\(prefix) \(message)"
    }
}
