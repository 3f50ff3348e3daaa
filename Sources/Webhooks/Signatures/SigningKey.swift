/// A key with which messages are signed. It is a class, for it is handed on with every message and never changes.
package final class SigningKey: Sendable {
    private enum Kind: Sendable {
        case hmac(HMACKey)
        case ed25519(Ed25519Key)
    }

    private let kind: Kind
    private let scheme: SignatureScheme
    /// Nil for a key that is long enough, else how many bytes it should have at least.
    package let recommendedLength: Int?

    /// Whether the key deserves a warning for its length.
    package var isShort: Bool { recommendedLength != nil }

    /// Reads a secret in one of the forms that senders issue.
    /// - Throws: ``SigningKeyError`` for a secret that cannot sign. It never holds the secret.
    package init(_ secret: Secret, _ scheme: SignatureScheme = .svix) throws(SigningKeyError) {
        self.scheme = scheme
        switch try KeyMaterial(secret, scheme.secret) {
        case .symmetric(let bytes):
            kind = .hmac(HMACKey(bytes, scheme.algorithm, scheme.encoding))
            recommendedLength = bytes.count < scheme.secret.recommendedLength ? scheme.secret.recommendedLength : nil
        case .privateKey(let key):
            kind = .ed25519(key)
            recommendedLength = nil
        case .publicKey: throw SigningKeyError(.publicKey)
        }
    }

    /// The value of a signature header for a message.
    /// - Parameter timestamp: seconds since 1970, in decimal digits.
    package func signature(id: String, timestamp: String, body: RawSpan) -> String {
        let prefix = scheme.content.prefix(id: id, timestamp: timestamp)
        let suffix = scheme.content.suffix(id: id, timestamp: timestamp)
        switch kind {
        case .hmac(let key):
            let code = String(decoding: key.code(prefix: prefix, body: body, suffix: suffix), as: UTF8.self)
            guard let timestampPrefix = scheme.form.timestampPrefix, let separator = scheme.form.separator else {
                return scheme.form.prefix + code
            }
            return "\(timestampPrefix)\(timestamp)\(separator)\(scheme.form.prefix)\(code)"
        case .ed25519(let key):
            let signature = key.signature(of: body.message(between: prefix, and: suffix))
            return (scheme.form.asymmetricPrefix ?? "") + encodeBase64(signature)
        }
    }

    /// All headers of a signed message, their names in lower case.
    ///
    /// Where the scheme has the id or the type in the body, they are the body's.
    package func headers(
        id: String, type: String, timestamp: String, body: RawSpan
    ) -> [(name: String, value: String)] {
        let names = scheme.headers[0]  // every scheme has at least one family
        var headers: [(name: String, value: String)] = []
        if let name = names.id { headers.append((name, id)) }
        if let name = names.timestamp { headers.append((name, timestamp)) }
        if let name = names.type { headers.append((name, type)) }
        headers.append((names.signature, signature(id: id, timestamp: timestamp, body: body)))
        return headers
    }
}

extension RawSpan {
    /// The bytes in a row with what stands around them: Ed25519 needs a message in one piece.
    func message(between prefix: String, and suffix: String) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(prefix.utf8.count + byteCount + suffix.utf8.count)
        message.append(contentsOf: prefix.utf8)
        withUnsafeBytes { message.append(contentsOf: $0) }
        message.append(contentsOf: suffix.utf8)
        return message
    }
}
