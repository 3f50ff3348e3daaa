import Webhooks

/// The cast of the demo: its configuration and what happens at the door.
enum DemoStory {
    /// A key made for the demo; nothing else accepts it.
    static let secret = "whsec_b25jZWdhdGUtZGVtby1zaWduaW5nLWtleQ=="
    /// How many requests the crm service answers with 503 before it works.
    static let crmFailures = 2
    /// How often each event is sent: senders repeat what they have no answer to.
    static let copies = 3
    /// How long the deliveries may take, all in all.
    static let patience = Duration.seconds(12)
    /// The events that are sent.
    static let types = [
        "user.created", "user.updated", "session.created", "organization.created", "organizationMembership.created",
        "organizationInvitation.created", "subscription.created", "user.deleted",
    ]

    /// The configuration that the gateway of the demo runs on.
    static func configuration(dataDirectory: String, ports: [String: Int]) -> String {
        """
        listen: 127.0.0.1:0
        admin: { listen: 127.0.0.1:0 }
        data_dir: "\(dataDirectory)"
        sources:
          clerk: { path: /webhooks/clerk, secrets: ["\(secret)"] }
        destinations:
          email:     { url: "http://127.0.0.1:\(ports["email", default: 0])/events", retry: { first: 400ms, factor: 2 } }
          crm:       { url: "http://127.0.0.1:\(ports["crm", default: 0])/events", retry: { first: 400ms, factor: 2 } }
          analytics: { url: "http://127.0.0.1:\(ports["analytics", default: 0])/events", retry: { first: 400ms } }
        routes:
          - { events: [user.*], to: [email, crm] }
          - { events: ["organization*.*"], to: [crm] }
          - { events: ["**"], to: [analytics] }
        """
    }

    /// A request that must be refused.
    struct Intruder: Sendable {
        let what: String
        let body: [UInt8]
        let headers: [(name: String, value: String)]
    }

    /// Requests that a front door on the internet gets to see.
    static func intruders(key: SigningKey, sample: Sample, now: Int64) -> [Intruder] {
        let body = sample.body
        func signed(at time: Int64) -> [(name: String, value: String)] {
            key.headers(id: EventID.make(), type: sample.type, timestamp: String(time), body: body.span.bytes)
        }
        var forged = signed(at: now)
        forged[2].value = "v1,bm90IHRoZSByaWdodCBzaWduYXR1cmUsIG5vdCBhdCBhbGw="
        var changed = body
        changed[changed.count / 2] ^= 1
        return [
            Intruder(what: "a forged signature", body: body, headers: forged),
            Intruder(what: "a body with one bit changed", body: changed, headers: signed(at: now)),
            Intruder(what: "a signature from ten minutes ago", body: body, headers: signed(at: now - 600)),
            Intruder(what: "no signature at all", body: body, headers: Array(signed(at: now).prefix(2))),
        ]
    }
}
