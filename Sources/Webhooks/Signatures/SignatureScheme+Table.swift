extension SignatureScheme {
    /// The schemes that need no description of their own. Another sender is another entry.
    package static let table = [svix, github, stripe, slack, shopify]

    /// Every name that a configuration may use for the scheme of a source.
    package static let names = ["svix", "standard-webhooks"] + table.dropFirst().map(\.name) + [custom]

    /// The name under which a configuration describes a scheme of its own: see ``CustomScheme``.
    package static let custom = "hmac"

    /// The scheme of a name, or nil where there is none in the table.
    package static func named(_ name: String) -> SignatureScheme? {
        name == "standard-webhooks" ? svix : table.first { $0.name == name }
    }

    /// Svix and Standard Webhooks: one scheme under two names, with two families of header names.
    ///
    /// Source: Standard Webhooks 1.0.0, "Signature scheme": `v1` is HMAC-SHA256, `v1a` Ed25519.
    package static let svix = SignatureScheme(
        name: "svix", secret: .standardWebhooks, encoding: .base64,
        headers: [
            HeaderNames(signature: "svix-signature", id: "svix-id", timestamp: "svix-timestamp"),
            HeaderNames(signature: "webhook-signature", id: "webhook-id", timestamp: "webhook-timestamp"),
        ],
        form: SignatureForm(separator: " ", prefix: "v1,", asymmetricPrefix: "v1a,"),
        content: SignedContent(.id, .literal("."), .timestamp, .literal(".")), event: .standard)

    /// GitHub signs the body alone: neither the id of the delivery nor a time.
    ///
    /// Source: GitHub, "Validating webhook deliveries" and "Webhook events and payloads".
    package static let github = SignatureScheme(
        name: "github", secret: .text, encoding: .hex,
        headers: [
            HeaderNames(signature: "x-hub-signature-256", id: "x-github-delivery", type: "x-github-event")
        ],
        form: SignatureForm(prefix: "sha256="), content: SignedContent(),
        event: .provider(
            EventPlaces(typeSuffix: "action", subject: ["repository.full_name", "organization.login"])))

    /// Stripe signs a time and the body; the id of the event is in the body.
    ///
    /// Source: Stripe, "Resolve webhook signature verification errors", "Verify webhook signatures manually".
    package static let stripe = SignatureScheme(
        name: "stripe", secret: .text, encoding: .hex,
        headers: [HeaderNames(signature: "stripe-signature")],
        form: SignatureForm(separator: ",", prefix: "v1=", timestampPrefix: "t="),
        content: SignedContent(.timestamp, .literal(".")),
        event: .provider(
            EventPlaces(
                id: "id", type: ["type"], subject: ["data.object.id", "related_object.id"], time: "created")))

    /// Slack's Events API signs a time and the body; the id of the event is in the body.
    ///
    /// Source: Slack, "Verifying requests from Slack", "The Events API" and "url_verification event".
    package static let slack = SignatureScheme(
        name: "slack", secret: .text, encoding: .hex,
        headers: [HeaderNames(signature: "x-slack-signature", timestamp: "x-slack-request-timestamp")],
        form: SignatureForm(prefix: "v0="),
        content: SignedContent(.literal("v0:"), .timestamp, .literal(":")),
        event: .provider(
            EventPlaces(
                id: "event_id", type: ["event.type", "type"], subject: ["event.channel"], time: "event_time",
                challenge: EventPlaces.Challenge(type: "url_verification", value: "challenge"))))

    /// Shopify signs the body alone: neither the id of the delivery nor a time.
    ///
    /// Source: Shopify, "Verify webhook deliveries" and "Webhook delivery structure".
    package static let shopify = SignatureScheme(
        name: "shopify", secret: .text, encoding: .base64,
        headers: [
            HeaderNames(
                signature: "x-shopify-hmac-sha256", id: "x-shopify-webhook-id", type: "x-shopify-topic")
        ],
        form: SignatureForm(), content: SignedContent(),
        event: .provider(EventPlaces(subject: ["admin_graphql_api_id"])))
}
