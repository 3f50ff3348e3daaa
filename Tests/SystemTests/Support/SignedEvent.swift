import Foundation
import Webhooks

/// An event as a sender signs it.
struct SignedEvent: Sendable {
    /// The secret that the sender and the gateway share.
    static let secret = "whsec_c3lzdGVtLXRlc3RzLXNpZ25pbmcta2V5LTEyMzQ="

    var id: String
    /// Seconds since 1970, in digits unless a test wants it otherwise.
    var timestamp = String(Int64(Date().timeIntervalSince1970))
    var body: [UInt8]

    init(id: String = Self.newID(), type: String = "user.created", subject: String = "user_1") {
        self.init(
            id: id,
            body: #"{"data":{"id":"\#(subject)"},"object":"event","type":"\#(type)","timestamp":1654012591835}"#)
    }

    init(id: String = Self.newID(), body: String) {
        self.id = id
        self.body = Array(body.utf8)
    }

    static func newID() -> String {
        "msg_" + UUID().uuidString.replacing("-", with: "")
    }

    /// The event with its time moved, in seconds.
    func moved(by seconds: Int64) -> SignedEvent {
        var moved = self
        moved.timestamp = String((Int64(timestamp) ?? 0) + seconds)
        return moved
    }

    func signature(secret: String = Self.secret) throws -> String {
        try SigningKey(Secret(secret)).signature(id: id, timestamp: timestamp, body: body.span.bytes)
    }

    /// The request that carries the event.
    /// - Parameter family: what the names of the three headers begin with.
    func request(family: String = "svix", secret: String = Self.secret) throws -> RawRequest {
        RawRequest(
            headers: [
                ("content-type", "application/json"), ("\(family)-id", id), ("\(family)-timestamp", timestamp),
                ("\(family)-signature", try signature(secret: secret)),
            ],
            body: body)
    }
}
