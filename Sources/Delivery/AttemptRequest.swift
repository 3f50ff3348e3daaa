import Curl
import EventLedger
import GatewayConfiguration
import Telemetry
import Webhooks

/// The product name that destinations see in `user-agent`.
package let userAgent = "oncegate/\(Version.current)"

extension HTTPRequest {
    /// How long a connection to a destination may take to come about, at most.
    static let connectTimeout = Duration.seconds(10)

    /// The request of one attempt (see the README, "What a destination receives").
    /// - Parameters:
    ///   - payload: the event in the destination's form; nil has it rendered.
    ///   - now: seconds since 1970, for the signature.
    ///   - sendBy: the moment after which it must not be sent any more.
    /// - Throws: `InvalidPayload` where the stored body is not what the front door let in.
    package init(
        attempt delivery: LeasedDelivery, to destination: Destination, payload: RenderedPayload? = nil, now: Int64,
        sendBy: ContinuousClock.Instant? = nil
    ) throws(InvalidPayload) {
        let event = delivery.event
        let payload = if let payload { payload } else { try event.rendered(as: destination.payload) }
        var headers: [(name: String, value: String)] = [
            ("content-type", payload.contentType),
            ("user-agent", userAgent),
            ("webhook-id", event.id),
            ("idempotency-key", event.id),
            ("oncegate-destination", destination.name),
            ("oncegate-attempt", String(delivery.attempt)),
            ("oncegate-source", event.source),
        ]
        if delivery.isReplay { headers.append(("oncegate-replay", "1")) }
        if let traceparent = event.traceparent { headers.append(("traceparent", traceparent)) }
        if let key = destination.signingSecret {
            let timestamp = String(now)
            let signature = key.signature(id: event.id, timestamp: timestamp, body: payload.body.span.bytes)
            headers.append(("webhook-timestamp", timestamp))
            headers.append(("webhook-signature", signature))
        }
        headers.append(contentsOf: payload.headers)
        headers.append(contentsOf: destination.headers.map { ($0.name, $0.value.revealed) })
        self.init(
            url: destination.url, headers: headers, body: payload.body, timeout: destination.timeout,
            connectTimeout: min(destination.timeout, Self.connectTimeout),
            // A peer may close a kept connection in the moment in which it is used again, and the outcome is then unknown.
            freshConnection: destination.onUnknown == .hold, sendBy: sendBy,
            tls: destination.tls.map { TLSOptions($0) })
    }
}

extension TLSOptions {
    /// The options of a configured destination.
    fileprivate init(_ settings: Destination.TLS) {
        self.init(
            authorities: settings.authorities, certificates: settings.identity?.certificates,
            key: settings.identity?.key.revealed)
    }
}
