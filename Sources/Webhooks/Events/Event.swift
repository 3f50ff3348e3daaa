/// An accepted event: what the ledger keeps and what a delivery is rendered from.
package struct Event: Sendable, Equatable {
    /// The name of the source that the event came from, as configured.
    package let source: String
    /// The sender's id: 1 to 256 visible ASCII bytes without a dot.
    package let id: String
    /// The `content-type` that the sender gave, or nil.
    package let contentType: String?
    /// The time that was signed with the event, in seconds since 1970.
    package let signedTimestamp: Int64
    /// The trace that the event belongs to (W3C Trace Context), or nil.
    package let traceparent: String?
    /// The body to the letter.
    package let body: [UInt8]

    /// Puts an event together.
    package init(
        source: String, id: String, contentType: String?, signedTimestamp: Int64, traceparent: String?, body: [UInt8]
    ) {
        self.source = source
        self.id = id
        self.contentType = contentType
        self.signedTimestamp = signedTimestamp
        self.traceparent = traceparent
        self.body = body
    }
}
