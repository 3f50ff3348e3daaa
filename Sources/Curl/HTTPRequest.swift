/// An HTTP request, whole in memory.
///
/// Nothing is checked when it is made; a request that breaks a rule named here ends with
/// ``TransferError/Code/badRequest`` or ``TransferError/Code/badURL``, and no byte of it reaches a socket.
package struct HTTPRequest: Sendable {
    /// The request methods in use.
    package enum Method: Sendable, Hashable {
        /// `GET`, without a body.
        case get
        /// `POST`, with a body that may be empty.
        case post
    }

    /// The absolute http or https address: visible ASCII, at most ``maximumURLBytes``, without userinfo.
    package var url: String
    /// The method. Default `POST`.
    package var method: Method
    /// The header fields, at most ``maximumHeaders`` of them: tokens as names, and values without CR, LF, NUL or
    /// another control character than tab (RFC 9110, section 5.5). `content-length`, `transfer-encoding`, `expect` and
    /// `upgrade` are refused, for libcurl frames the message. Nothing is added but `host`, `accept` and
    /// `content-length`.
    package var headers: [(name: String, value: String)]
    /// The body, at most ``maximumBodyBytes``.
    package var body: [UInt8]
    /// The time for everything, from name resolution to the end of the answer; at least 1 ms.
    package var timeout: Duration
    /// The time for name resolution, TCP and TLS; at least 1 ms, and of no effect beyond ``timeout``.
    package var connectTimeout: Duration
    /// Whether the request gets a connection of its own rather than one that was kept.
    ///
    /// A peer may close a kept connection at the very moment at which it is used again, and then it is not known
    /// whether the request was processed (RFC 9112, section 9.3.1). For a request whose outcome must not be left open
    /// by that, the price of a connection buys certainty.
    package var freshConnection: Bool
    /// The moment after which no byte of the request may be sent any more; nil means any time.
    ///
    /// A process can be stopped for minutes at any instant, and a connection can come about long after it was asked for:
    /// whoever may act for a time only says so here. Past it the transfer ends with ``TransferError/Code/tooLate``.
    package var sendBy: ContinuousClock.Instant?
    /// How much of the body of the answer is kept, in bytes; at most as much again is read. Default
    /// ``HTTPResponse/maximumBodyPrefixBytes``, with ``HTTPResponse/maximumBodyBytes`` read.
    package var keptBodyBytes: Int?
    /// How a TLS connection is made; nil for the authorities of ``CurlLoop/Limits`` and no certificate of one's own.
    package var tls: TLSOptions?

    /// The longest address, in bytes.
    package static let maximumURLBytes = 8192
    /// The most header fields.
    package static let maximumHeaders = 256
    /// The longest value of a header field, in bytes.
    package static let maximumHeaderValueBytes = 16 * 1024
    /// The longest body, in bytes.
    package static let maximumBodyBytes = 256 * 1024 * 1024

    /// Makes a request; nothing is checked yet.
    package init(
        url: String,
        method: Method = .post,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        timeout: Duration = .seconds(15),
        connectTimeout: Duration = .seconds(10),
        freshConnection: Bool = false,
        sendBy: ContinuousClock.Instant? = nil,
        keptBodyBytes: Int? = nil,
        tls: TLSOptions? = nil
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.freshConnection = freshConnection
        self.sendBy = sendBy
        self.keptBodyBytes = keptBodyBytes
        self.tls = tls
    }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
    /// The method and the size alone: address, headers and body may hold secrets.
    package var description: String { "\(method) request, \(headers.count) headers, \(body.count) bytes" }

    /// Empty, so that `dump` and string interpolation of an enclosing value show no secret either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
