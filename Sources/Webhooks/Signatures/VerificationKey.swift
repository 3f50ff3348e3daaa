/// A key with which the messages of one source are verified.
package struct VerificationKey: Sendable {
    private enum Kind: Sendable {
        case hmac(HMACKey)
        case ed25519(Ed25519Key)
    }

    private let kind: Kind
    /// Nil for a key that is long enough, else how many bytes it should have at least.
    package let recommendedLength: Int?

    /// Reads a secret in the form that the scheme's senders issue.
    /// - Throws: ``SigningKeyError`` for a secret that is no key. It never holds the secret.
    package init(_ secret: Secret, _ scheme: SignatureScheme = .svix) throws(SigningKeyError) {
        switch try KeyMaterial(secret, scheme.secret) {
        case .symmetric(let bytes):
            kind = .hmac(HMACKey(bytes, scheme.algorithm, scheme.encoding))
            recommendedLength = bytes.count < scheme.secret.recommendedLength ? scheme.secret.recommendedLength : nil
        case .publicKey(let key):
            kind = .ed25519(key)
            recommendedLength = nil
        case .privateKey: throw SigningKeyError(.privateKey)
        }
    }

    /// Whether one of the signatures in a header's value is right under this key.
    func matches(_ value: String, _ scheme: SignatureScheme, prefix: String, body: RawSpan, suffix: String) -> Bool {
        switch kind {
        case .hmac(let key):
            guard scheme.form.contains(in: value, after: scheme.form.prefix, where: { _ in true }) else { return false }
            let expected = key.code(prefix: prefix, body: body, suffix: suffix)
            return scheme.form.contains(in: value, after: scheme.form.prefix) { candidate in
                guard candidate.count == expected.count else { return false }
                // Hexadecimal digits mean the same in either case.
                guard scheme.encoding == .hex else { return constantTimeEqual(candidate.span, expected.span) }
                let digits = candidate.map(\.lowercasedASCII)
                return constantTimeEqual(digits.span, expected.span)
            }
        case .ed25519(let key):
            guard let asymmetricPrefix = scheme.form.asymmetricPrefix else { return false }
            let candidates = asymmetricSignatures(in: value, scheme.form, after: asymmetricPrefix)
            guard !candidates.isEmpty else { return false }
            let message = body.message(between: prefix, and: suffix)
            return candidates.contains { key.isRight($0, of: message) }
        }
    }

    /// How many Ed25519 signatures are tried under a key: each costs a hundred times what an HMAC does.
    private static let maximumAsymmetricSignatures = 4

    /// The signatures of the right length: base64 of 64 bytes is 88 bytes long.
    private func asymmetricSignatures(in value: String, _ form: SignatureForm, after prefix: String) -> [[UInt8]] {
        var signatures: [[UInt8]] = []
        _ = form.contains(in: value, after: prefix) { text in
            if text.count == 88, let signature = decodeBase64(String(decoding: text, as: UTF8.self)[...]) {
                signatures.append(signature)
            }
            return signatures.count == Self.maximumAsymmetricSignatures
        }
        return signatures
    }
}

extension UInt8 {
    fileprivate var lowercasedASCII: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
