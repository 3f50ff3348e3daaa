import COpenSSL

/// An Ed25519 key (RFC 8032) of Standard Webhooks' `v1a`: the public half verifies, the private half signs too.
///
/// `@unchecked Sendable` for the pointer: `key` is written only in `init`, and OpenSSL 3 only reads a key that it verifies
/// or signs with; every call has a context of its own.
final class Ed25519Key: @unchecked Sendable {
    private let key: OpaquePointer

    /// The length of a public key, and of the seed of a private one, in bytes.
    static let length = 32
    /// The length of a signature in bytes.
    static let signatureLength = 64

    /// Takes a public key; nil where it is not 32 bytes.
    init?(publicKey: [UInt8]) {
        guard publicKey.count == Self.length,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return nil }
        self.key = key
    }

    /// Takes a private key: the seed and the public key in a row; nil where the two are not halves of one key.
    init?(privateKey: [UInt8]) {
        guard privateKey.count == 2 * Self.length,
            let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, privateKey, Self.length)
        else { return nil }
        self.key = key  // from here on `deinit` frees it
        var publicKey = [UInt8](repeating: 0, count: Self.length)
        var count = publicKey.count
        guard EVP_PKEY_get_raw_public_key(key, &publicKey, &count) == 1,
            publicKey.elementsEqual(privateKey.dropFirst(Self.length))
        else { return nil }
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// Whether a signature of a message is right.
    func isRight(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureLength, let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The signature of a message. The key must be a private one.
    func signature(of message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL is out of memory") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Self.signatureLength)
        var count = signature.count
        let isSigned =
            EVP_DigestSignInit(context, nil, nil, nil, key) == 1
            && EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        precondition(isSigned && count == Self.signatureLength, "only a private key signs")
        return signature
    }
}
