/// A scheme that a configuration describes: an HMAC in a header.
package struct CustomScheme: Sendable, Hashable {
    /// Where a value stands.
    package enum Place: Sendable, Hashable {
        /// In a header of this name.
        case header(String)
        /// In the body.
        case json(JSONPath)
    }

    /// The hash. Default `sha256`.
    package var algorithm = HMACAlgorithm.sha256
    /// The text that the signature is written in. Default `hex`.
    package var encoding = SignatureEncoding.hex
    /// The header with the signature.
    package var header: String
    /// What stands before the signature in its header. Default nothing.
    package var prefix = ""
    /// What is signed. Default the body alone.
    package var content = SignedContent()
    /// The header with the seconds since 1970 that are signed; nil where no time is.
    package var timestamp: String?
    /// The id of the event, by which it is claimed.
    package var id: Place
    /// The type of the event. Default the body's `type`.
    package var type = Place.json("type")

    /// Describes a scheme by what has no default.
    package init(header: String, id: Place) {
        self.header = header
        self.id = id
    }

    /// The scheme that is described.
    package var scheme: SignatureScheme {
        var places = EventPlaces(subject: ["data.id"], time: "timestamp")
        var names = SignatureScheme.HeaderNames(signature: header.lowercased(), timestamp: timestamp?.lowercased())
        switch id {
        case .header(let name): names.id = name.lowercased()
        case .json(let path): places.id = path
        }
        switch type {
        case .header(let name): names.type = name.lowercased()
        case .json(let path): places.type = [path]
        }
        return SignatureScheme(
            name: SignatureScheme.custom, secret: .text, algorithm: algorithm, encoding: encoding, headers: [names],
            form: SignatureForm(prefix: prefix), content: content, event: .provider(places))
    }
}
