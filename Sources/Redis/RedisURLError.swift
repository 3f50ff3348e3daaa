/// Why a text is not the address of a Redis.
///
/// The message never repeats a part of the text: a password with an unescaped `/`, `?` or `@` can end up anywhere.
package struct RedisURLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Code: Sendable, Equatable, CaseIterable {
        /// Not `redis`, `rediss` or `unix`.
        case unsupportedScheme
        /// A TCP endpoint without a host.
        case missingHost
        /// Not a host name or an address.
        case invalidHost
        /// Not a number from 1 to 65535.
        case invalidPort
        /// Not a number of at most nine digits.
        case invalidDatabase
        /// A user name without a password.
        case invalidCredentials
        /// A percent sign that does not begin an escape, or one that yields no text.
        case invalidEscape
        /// A parameter that is unknown, given twice or not for this scheme.
        case invalidParameter
        /// A `#`.
        case fragment
        /// A Unix endpoint without a path, or with a host.
        case missingPath
        /// A path that does not fit into a socket address.
        case pathTooLong
    }

    /// What is wrong, to decide by.
    package let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// A sentence that says what to change.
    package var message: String {
        switch code {
        case .unsupportedScheme: "the URL must begin with redis://, rediss:// or unix://"
        case .missingHost: "the host name is missing"
        case .invalidHost: "the host is not a host name or an address; an IPv6 address is written in brackets"
        case .invalidPort:
            "the port must be a number from 1 to 65535; in a password, each of : / ? # @ % must be percent-encoded"
        case .invalidDatabase: "the database must be a number, as in redis://host:6379/0"
        case .invalidCredentials: "credentials are written user:password@ or :password@"
        case .invalidEscape: "a % must be followed by two hexadecimal digits, and the result must be UTF-8 without NUL"
        case .invalidParameter: "the only parameters are db, user and password, each once, and the last two for unix://"
        case .fragment: "a # must be percent-encoded as %23"
        case .missingPath: "the path of the socket is missing, as in unix:///run/redis/redis.sock"
        case .pathTooLong: "the path of a Unix socket is limited to \(RedisEndpoint.maximumSocketPathLength) bytes"
        }
    }

    /// The same as ``message``.
    package var description: String { message }
}
