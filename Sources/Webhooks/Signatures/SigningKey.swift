/// A symmetric key of the Standard Webhooks scheme, ready to sign and to verify.
///
/// Source: Standard Webhooks 1.0.0, "Signature scheme", `v1`.
package struct SigningKey: Sendable {
    /// The length in bytes below which a key is weaker than Standard Webhooks asks for; such keys work all the same,
    /// because senders issue them.
    package static let recommendedLength = 24
    /// The longest key taken, in bytes.
    package static let maximumLength = 1024

    private let key: HMACKey
    /// Whether the key is shorter than ``recommendedLength`` and deserves a warning.
    package let isShort: Bool

    /// Reads a secret in one of the forms that senders issue.
    ///
    /// `whsec_` or `v1,whsec_` before base64, base64 alone (padding may be left out), or Polar's `polar_whs_…`, whose
    /// key is the text itself.
    /// - Throws: ``SigningKeyError`` for an empty, misspelt or undecodable secret. It never holds the secret.
    package init(_ secret: Secret) throws(SigningKeyError) {
        let bytes = try Self.bytes(of: secret.revealed)
        guard !bytes.isEmpty else { throw SigningKeyError(.empty) }
        guard bytes.count <= Self.maximumLength else { throw SigningKeyError(.tooLong) }
        key = HMACKey(bytes)
        isShort = bytes.count < Self.recommendedLength
    }

    private static func bytes(of text: String) throws(SigningKeyError) -> [UInt8] {
        if text.hasPrefix("polar_whs_") { return Array(text.utf8) }
        if text.hasPrefix("whpk_") || text.hasPrefix("whsk_") { throw SigningKeyError(.asymmetric) }
        var encoded = text[...]
        for prefix in ["v1,whsec_", "whsec_"] where encoded.hasPrefix(prefix) {
            encoded = encoded.dropFirst(prefix.count)
            break
        }
        guard !encoded.isEmpty else { throw SigningKeyError(.empty) }
        guard let bytes = decodeBase64(encoded) else { throw SigningKeyError(.notBase64) }
        return bytes
    }

    /// The value of a signature header for a message: `v1,` and the base64 of the authentication code.
    /// - Parameter timestamp: seconds since 1970, in decimal digits.
    package func signature(id: String, timestamp: String, body: RawSpan) -> String {
        "v1," + String(decoding: code(id: id, timestamp: timestamp, body: body), as: UTF8.self)
    }

    /// The base64 of the authentication code of `id.timestamp.body`, as 44 ASCII bytes.
    func code(id: String, timestamp: String, body: RawSpan) -> [UInt8] {
        key.base64Code(prefix: "\(id).\(timestamp).", body: body)
    }
}

/// Why a secret cannot be used as a key.
package struct SigningKeyError: Error, Equatable, CustomStringConvertible {
    /// The kinds of unusable secret.
    package enum Code: Sendable { case empty, notBase64, tooLong, asymmetric }

    /// What is wrong with the secret.
    package let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// A message for the person who wrote the configuration; it never holds the secret.
    package var description: String {
        switch code {
        case .empty: "the secret is empty"
        case .notBase64: "the secret is not base64; expected whsec_ followed by base64, as the sender shows it"
        case .tooLong: "the secret is longer than \(SigningKey.maximumLength) bytes"
        case .asymmetric: "this is an asymmetric key (whpk_ or whsk_); expected a symmetric secret, whsec_…"
        }
    }
}
