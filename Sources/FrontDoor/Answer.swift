import NIOCore
import NIOHTTP1

/// What the front door says to a sender.
///
/// Senders learn no more than they need: which rule of the signature failed stands only in the log and the metrics.
package enum Answer: Sendable, Equatable {
    /// The event is claimed and its deliveries are queued.
    case accepted(id: String)
    /// The id was seen before.
    case duplicate(id: String)
    /// The event is claimed, and no route takes it.
    case ignored(id: String)
    /// A sender's question, answered with this body.
    case challenge(String)
    /// A header that the signature needs is missing.
    case missingHeaders
    /// The signature, the timestamp or the id is not acceptable.
    case invalidSignature
    /// The signature is right, but the body is no JSON object with a string `type`: repeating cannot help.
    case invalidPayload
    /// The bytes are not HTTP/1.1.
    case malformed
    /// No source has this path.
    case notFound
    /// A source has this path, but takes POST only.
    case methodNotAllowed
    /// The body is longer than `limits.body`.
    case bodyTooLarge
    /// The header section is longer than the parser takes.
    case headersTooLarge
    /// The request target is longer than ``HeadRules/maximumTargetBytes``.
    case targetTooLong
    /// The source does not take events from this address.
    case forbidden
    /// The request took longer than `limits.request_timeout`.
    case tooSlow
    /// Redis cannot take the event, or the gateway is draining: the sender keeps it and tries again.
    case unavailable

    /// How long a sender should wait before it tries again, in seconds.
    static let retryAfter = 5

    /// The status of the response.
    package var status: HTTPResponseStatus {
        switch self {
        case .accepted, .ignored: .accepted
        case .duplicate, .challenge: .ok
        case .missingHeaders, .invalidSignature, .invalidPayload, .malformed: .badRequest
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .bodyTooLarge: .payloadTooLarge
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .targetTooLong: .uriTooLong
        case .forbidden: .forbidden
        case .tooSlow: .requestTimeout
        case .unavailable: .serviceUnavailable
        }
    }

    /// The JSON body of the response.
    package var body: String {
        switch self {
        case .accepted(let id): Self.body(status: "accepted", id: id)
        case .duplicate(let id): Self.body(status: "duplicate", id: id)
        case .ignored(let id): Self.body(status: "ignored", id: id)
        case .challenge(let body): body
        case .missingHeaders: #"{"error":"Missing headers"}"#
        case .invalidSignature: #"{"error":"Invalid signature"}"#
        case .invalidPayload: #"{"error":"Invalid payload"}"#
        case .malformed: #"{"error":"Malformed request"}"#
        case .notFound: #"{"error":"Not found"}"#
        case .methodNotAllowed: #"{"error":"Method not allowed"}"#
        case .bodyTooLarge: #"{"error":"Body too large"}"#
        case .headersTooLarge: #"{"error":"Headers too large"}"#
        case .targetTooLong: #"{"error":"URI too long"}"#
        case .forbidden: #"{"error":"Forbidden"}"#
        case .tooSlow: #"{"error":"Request timeout"}"#
        case .unavailable: #"{"error":"Temporarily unavailable"}"#
        }
    }

    /// Headers beyond the usual ones.
    package var headers: [(String, String)] {
        switch self {
        // Svix stops retrying a message that is answered so (Svix documentation, "Retries").
        case .invalidPayload: [("webhook-delivery", "abort-message")]
        case .methodNotAllowed: [("allow", "POST")]
        case .unavailable: [("retry-after", String(Self.retryAfter))]
        default: []
        }
    }

    /// The answer to whoever waits for a word before the body (RFC 9110, section 15.2.1).
    static let goOn: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// The whole response (RFC 9112, section 2.1).
    /// - Parameters:
    ///   - keepAlive: whether the connection goes on after it.
    ///   - withBody: whether the body is sent; its length is told in any case.
    func response(keepAlive: Bool, withBody: Bool = true, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        let body = body
        // Status line and headers are shorter than this.
        var response = allocator.buffer(capacity: 256 + body.utf8.count)
        response.writeStaticString("HTTP/1.1 ")
        response.writeString(String(status.code))
        response.writeStaticString(" ")
        response.writeString(status.reasonPhrase)
        response.writeStaticString("\r\ncontent-type: application/json\r\ncontent-length: ")
        response.writeString(String(body.utf8.count))
        response.writeStaticString("\r\n")
        for (name, value) in headers {
            response.writeString(name)
            response.writeStaticString(": ")
            response.writeString(value)
            response.writeStaticString("\r\n")
        }
        response.writeStaticString(keepAlive ? "\r\n" : "connection: close\r\n\r\n")
        if withBody { response.writeString(body) }
        return response
    }

    /// An id is visible ASCII, so that a quote and a backslash are all there is to escape.
    private static func body(status: String, id: String) -> String {
        let plain = !id.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        let escaped = plain ? id : id.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) }
        return #"{"status":"\#(status)","id":"\#(escaped)"}"#
    }
}
