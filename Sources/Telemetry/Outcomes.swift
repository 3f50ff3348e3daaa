/// What became of an event at the front door: the label `outcome` of `oncegate_events_total`.
package enum EventOutcome: String, Sendable, CaseIterable {
    /// Claimed and queued.
    case accepted
    /// Seen before.
    case duplicate
    /// Claimed, but no route matches.
    case ignored
    /// A sender's question before it sends events, answered.
    case challenge
    /// A signature header is missing.
    case missingHeaders = "missing_headers"
    /// A signature header is there more than once.
    case repeatedHeader = "repeated_header"
    /// No signature fits.
    case invalidSignature = "invalid_signature"
    /// The timestamp is not a number.
    case invalidTimestamp = "invalid_timestamp"
    /// The timestamp is further from now than the source tolerates.
    case staleTimestamp = "stale_timestamp"
    /// The id cannot be used.
    case invalidID = "invalid_id"
    /// Signed, but no JSON object with a `type`.
    case invalidPayload = "invalid_payload"
    /// The body is longer than the limit.
    case bodyTooLarge = "body_too_large"
    /// The headers are longer than the limit.
    case headersTooLarge = "headers_too_large"
    /// Not HTTP.
    case malformed
    /// The request did not arrive in time.
    case tooSlow = "too_slow"
    /// The request target is longer than the limit.
    case targetTooLong = "target_too_long"
    /// Not from an address that the source allows.
    case forbiddenAddress = "forbidden_address"
    /// The handshake of TLS failed.
    case tlsFailed = "tls_failed"
    /// No source has this path.
    case unknownPath = "unknown_path"
    /// Not a POST.
    case wrongMethod = "wrong_method"
    /// Redis or the gateway could not take it; the sender keeps it.
    case unavailable
}

/// What became of an attempt: the label `outcome` of `oncegate_deliveries_total`.
package enum DeliveryOutcome: String, Sendable, CaseIterable {
    /// A 2xx.
    case delivered
    /// Failed, and due again.
    case retried
    /// Given up: a dead letter.
    case dead
    /// The request went out and no answer came; due again.
    case unknown
    /// The request went out and no answer came; waits for a person.
    case held
    /// Not sent, for a newer state of the subject was delivered before.
    case stale
    /// A later attempt was made before this one was recorded.
    case overtaken
}
