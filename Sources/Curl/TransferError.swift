/// Why a request got no answer.
package struct TransferError: Error, Sendable, Hashable {
    /// The kinds of failure.
    package enum Code: Sendable, Hashable {
        /// The address is not one that may be called: not absolute, not http or https, or with userinfo.
        case badURL
        /// A header or the body breaks a rule of ``HTTPRequest``.
        case badRequest
        /// The host name has no address.
        case resolve
        /// No TCP connection came about.
        case connect
        /// The TLS handshake failed, or the certificate is not trusted.
        case tls
        /// The time was up before the headers of the answer were complete.
        case timeout
        /// The request could not be written to its end.
        case sendFailed
        /// The connection ended or broke before the headers of the answer were complete.
        case receiveFailed
        /// A kept connection ended, or an HTTP/2 peer refused the stream, after the request was written and before any
        /// byte came back. libcurl would have sent the request again; that was prevented.
        case connectionDied
        /// What came back is not HTTP.
        case invalidResponse
        /// The headers of the answer are longer than ``HTTPResponse/maximumHeaderBytes``.
        case tooLarge
        /// More transfers than ``CurlLoop/Limits`` allows are under way.
        case overloaded
        /// The task that waited for the answer was cancelled.
        case cancelled
        /// The loop was stopped.
        case shutDown
        /// The time by which the request had to be sent was over before it was.
        case tooLate
        /// Another failure, by its `CURLcode` (libcurl-errors(3)).
        case other(Int32)
    }

    /// The kind of failure.
    package var code: Code
    /// libcurl's own words, printable ASCII; host and port may stand in it, but no path, query, header or body.
    package var message: String
    /// Whether a byte of the request may have reached the peer.
    ///
    /// False is a promise: libcurl never came to write the request (name resolution, TCP and TLS come before), or,
    /// without TLS, every write failed without taking a byte. True means that the peer may have processed it.
    package var requestSent: Bool
    /// The time from the start to the failure.
    package var duration: Duration

    /// Makes an error.
    package init(code: Code, message: String, requestSent: Bool, duration: Duration = .zero) {
        self.code = code
        self.message = message
        self.requestSent = requestSent
        self.duration = duration
    }

    /// Whether the same request could succeed another time.
    package var isRetryable: Bool { code != .badURL && code != .badRequest }

    /// A failure before anything was done.
    static func refused(_ code: Code, _ message: String) -> TransferError {
        TransferError(code: code, message: message, requestSent: false)
    }
}

extension TransferError: CustomStringConvertible {
    /// The kind and libcurl's words.
    package var description: String { "\(code): \(message)" }
}
