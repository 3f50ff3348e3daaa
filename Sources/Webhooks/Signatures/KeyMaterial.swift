/// What a secret holds, as it is read from the forms that senders issue.
enum KeyMaterial {
    /// The bytes of an HMAC key.
    case symmetric([UInt8])
    case publicKey(Ed25519Key)
    case privateKey(Ed25519Key)

    /// The longest key taken, in bytes.
    static let maximumLength = 1024

    /// Reads a secret.
    /// - Throws: ``SigningKeyError`` for an empty, misspelt or undecodable secret. It never holds the secret.
    init(_ secret: Secret, _ form: SignatureScheme.SecretForm) throws(SigningKeyError) {
        let text = secret.revealed
        switch form {
        case .text: self = .symmetric(try Self.checked(try Self.bytes(text)))
        case .standardWebhooks:
            if text.hasPrefix("whpk_") {
                guard let key = Self.decoded(text).flatMap(Ed25519Key.init(publicKey:)) else {
                    throw SigningKeyError(.malformedKey)
                }
                self = .publicKey(key)
            } else if text.hasPrefix("whsk_") {
                guard let key = Self.decoded(text).flatMap(Ed25519Key.init(privateKey:)) else {
                    throw SigningKeyError(.malformedKey)
                }
                self = .privateKey(key)
            } else {
                self = .symmetric(try Self.checked(try Self.standardWebhooksBytes(text)))
            }
        }
    }

    private static func checked(_ bytes: [UInt8]) throws(SigningKeyError) -> [UInt8] {
        guard !bytes.isEmpty else { throw SigningKeyError(.empty) }
        guard bytes.count <= maximumLength else { throw SigningKeyError(.tooLong) }
        return bytes
    }

    /// The bytes after `whpk_` or `whsk_`.
    private static func decoded(_ text: String) -> [UInt8]? {
        decodeBase64(text.dropFirst(5))
    }

    /// The bytes of a text that is a key as it stands. A line end too many in a file would make another key of it.
    private static func bytes(_ text: String) throws(SigningKeyError) -> [UInt8] {
        guard text.first?.isWhitespace != true, text.last?.isWhitespace != true else {
            throw SigningKeyError(.whiteSpace)
        }
        return Array(text.utf8)
    }

    /// `whsec_` or `v1,whsec_` before base64, base64 alone (padding may be left out), or Polar's `polar_whs_…`, whose key
    /// is the text itself.
    private static func standardWebhooksBytes(_ text: String) throws(SigningKeyError) -> [UInt8] {
        if text.hasPrefix("polar_whs_") { return Array(text.utf8) }
        var encoded = text[...]
        for prefix in ["v1,whsec_", "whsec_"] where encoded.hasPrefix(prefix) {
            encoded = encoded.dropFirst(prefix.count)
            break
        }
        guard !encoded.isEmpty else { throw SigningKeyError(.empty) }
        guard let bytes = decodeBase64(encoded) else { throw SigningKeyError(.notBase64) }
        return bytes
    }
}

extension SignatureScheme.SecretForm {
    /// The length in bytes below which a key is easier to guess than it should be; such keys work all the same, because
    /// senders issue them. Standard Webhooks asks for 24.
    var recommendedLength: Int {
        switch self {
        case .standardWebhooks: 24
        case .text: 16
        }
    }
}

/// Why a secret cannot be used as a key.
package struct SigningKeyError: Error, Equatable, CustomStringConvertible {
    /// The kinds of unusable secret.
    package enum Code: Sendable {
        case empty, notBase64, tooLong, whiteSpace
        /// `whpk_` or `whsk_` with something that is no key behind it.
        case malformedKey
        /// A public key where one has to sign.
        case publicKey
        /// A private key where one has only to verify.
        case privateKey
    }

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
        case .tooLong: "the secret is longer than \(KeyMaterial.maximumLength) bytes"
        case .whiteSpace: "the secret begins or ends with white space"
        case .malformedKey: "what follows whpk_ or whsk_ is no Ed25519 key; expected it as the sender shows it"
        case .publicKey: "this is a public key (whpk_), which cannot sign; expected a secret, whsec_…, or whsk_…"
        case .privateKey:
            "this is the sender's private key (whsk_), which only the sender may have; expected the public one, whpk_…"
        }
    }
}
