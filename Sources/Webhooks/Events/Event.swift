/// An accepted event: what the ledger keeps and what a delivery is rendered from.
///
/// A class, for it goes to several destinations and has many parts, each of which a copy of a structure would count.
package final class Event: Sendable {
    /// The name of the source that the event came from, as configured.
    package let source: String
    /// The sender's id: 1 to 256 visible ASCII bytes without a dot.
    package let id: String
    /// The type that it was routed by.
    package let type: String
    /// What it is about, in the sender's words, or nil.
    package let subject: String?
    /// The sender's time of the event, else the signed one, in milliseconds since 1970.
    package let time: Int64
    /// The `content-type` that the sender gave, or nil.
    package let contentType: String?
    /// The time that was signed with the event, else the one it came at, in seconds since 1970.
    package let signedTimestamp: Int64
    /// The trace that the event belongs to (W3C Trace Context), or nil.
    package let traceparent: String?
    /// The body to the letter.
    package let body: [UInt8]

    /// Puts an event together.
    package init(
        source: String, id: String, type: String, subject: String?, time: Int64, contentType: String?,
        signedTimestamp: Int64, traceparent: String?, body: [UInt8]
    ) {
        self.source = source
        self.id = id
        self.type = type
        self.subject = subject
        self.time = time
        self.contentType = contentType
        self.signedTimestamp = signedTimestamp
        self.traceparent = traceparent
        self.body = body
    }
}

extension Event: Equatable {
    /// Whether all parts are the same.
    package static func == (one: Event, other: Event) -> Bool {
        one.source == other.source && one.id == other.id && one.type == other.type && one.subject == other.subject
            && one.time == other.time && one.contentType == other.contentType
            && one.signedTimestamp == other.signedTimestamp && one.traceparent == other.traceparent
            && one.body == other.body
    }
}
