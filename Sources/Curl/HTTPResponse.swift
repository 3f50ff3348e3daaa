/// The answer to a request: its final status line and headers arrived complete.
///
/// The body is of no account: where it is broken off, malformed, endless or slower than the timeout, the status that
/// was received still stands.
package struct HTTPResponse: Sendable {
    /// The version of the protocol that was spoken.
    package enum Version: String, Sendable, Hashable {
        /// HTTP/1.0.
        case http10 = "HTTP/1.0"
        /// HTTP/1.1.
        case http11 = "HTTP/1.1"
        /// HTTP/2.
        case http2 = "HTTP/2"
        /// Any other.
        case other
    }

    /// The final status code, 200 to 999, as the peer sent it; a 3xx is an answer like any other.
    package var status: Int
    /// The last `retry-after` header as it was sent, trimmed, at most ``maximumRetryAfterBytes`` visible ASCII
    /// characters and spaces; nil where there is none or it is unusable.
    package var retryAfter: String?
    /// The beginning of the body, at most ``maximumBodyPrefixBytes`` unless the request asked for more.
    package var bodyPrefix: [UInt8]
    /// Whether the body arrived to its end.
    package var isBodyComplete: Bool
    /// The version of the protocol.
    package var version: Version
    /// The time from the start, name resolution included, to the end of the answer.
    package var duration: Duration

    /// How much of a body is kept, in bytes.
    package static let maximumBodyPrefixBytes = 1024
    /// How much of a body is read before the connection is closed, in bytes.
    package static let maximumBodyBytes = 64 * 1024
    /// How much of headers and trailers is read, in bytes; more is ``TransferError/Code/tooLarge``.
    package static let maximumHeaderBytes = 64 * 1024
    /// The longest `retry-after`, in bytes.
    package static let maximumRetryAfterBytes = 64

    /// Makes an answer.
    package init(
        status: Int, retryAfter: String? = nil, bodyPrefix: [UInt8] = [], isBodyComplete: Bool = true,
        version: Version = .http11, duration: Duration = .zero
    ) {
        self.status = status
        self.retryAfter = retryAfter
        self.bodyPrefix = bodyPrefix
        self.isBodyComplete = isBodyComplete
        self.version = version
        self.duration = duration
    }
}
