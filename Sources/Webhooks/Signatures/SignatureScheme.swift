/// The way a sender signs its messages, and where it puts what the gateway needs to know of an event.
///
/// Everything in which schemes differ is a value; see `SignatureScheme+Table.swift` for the schemes there are.
package struct SignatureScheme: Sendable, Hashable {
    /// The forms in which a secret is given.
    enum SecretForm: Sendable, Hashable {
        /// `whsec_` and base64, `whpk_` and base64, and what else senders of Standard Webhooks issue.
        case standardWebhooks
        /// The bytes of the text itself.
        case text
    }

    /// The names of the headers of one message, in lower case.
    struct HeaderNames: Sendable, Hashable {
        let signature: String
        /// Nil where the id stands in the body.
        var id: String?
        /// Nil where the timestamp stands in the signature's header, or there is none.
        var timestamp: String?
        /// Nil where the type stands in the body.
        var type: String?
    }

    /// The name in a configuration.
    package let name: String
    let secret: SecretForm
    var algorithm = HMACAlgorithm.sha256
    let encoding: SignatureEncoding
    /// The families of headers, in the order in which they are looked for: a whole one is used, never a mixture.
    let headers: [HeaderNames]
    let form: SignatureForm
    let content: SignedContent
    /// Where the type, the subject and the time of an event are.
    package let event: EventLayout

    /// Whether a time is signed, so that there is an age to tolerate.
    package var signsTime: Bool { content.hasTimestamp }
}
