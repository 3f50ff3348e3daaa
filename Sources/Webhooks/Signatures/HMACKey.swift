import COpenSSL

/// A key made ready for HMAC-SHA256, so that a message costs one duplicated context and no key schedule.
///
/// OpenSSL 3's `EVP_MAC(3)`: a keyed context is duplicated for each message with `EVP_MAC_CTX_dup`.
final class HMACKey: @unchecked Sendable {
    // Unchecked Sendable: `keyed` is written only in `init`. Later calls duplicate it, which only reads it
    // (OpenSSL's hmac_dup), and each message works on a duplicate of its own.
    private let keyed: OpaquePointer

    /// The length of an HMAC-SHA256 value in bytes.
    static let length = 32
    /// The length of its base64 text.
    static let base64Length = 44

    /// Prepares a key of one byte or more.
    init(_ key: [UInt8]) {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil), let context = EVP_MAC_CTX_new(algorithm) else {
            preconditionFailure("OpenSSL offers no HMAC")
        }
        EVP_MAC_free(algorithm)  // the context holds a reference of its own
        var digest = Array("SHA256".utf8CString)
        let ready = digest.withUnsafeMutableBufferPointer { name in
            let parameters = [
                OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, key, key.count, parameters)
        }
        precondition(ready == 1, "OpenSSL refuses HMAC-SHA256")
        keyed = context
    }

    deinit {
        EVP_MAC_CTX_free(keyed)
    }

    /// The base64 text of the authentication code of `prefix` followed by `body`, as 44 ASCII bytes.
    func base64Code(prefix: String, body: RawSpan) -> [UInt8] {
        guard let context = EVP_MAC_CTX_dup(keyed) else { preconditionFailure("OpenSSL is out of memory") }
        defer { EVP_MAC_CTX_free(context) }
        var prefix = prefix
        var updated = prefix.withUTF8 { EVP_MAC_update(context, $0.baseAddress, $0.count) }
        updated &= body.withUnsafeBytes { bytes in
            EVP_MAC_update(context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.length) { code in
            var length = 0
            let finished = EVP_MAC_final(context, code.baseAddress, &length, code.count)
            precondition(updated == 1 && finished == 1 && length == Self.length, "OpenSSL failed in HMAC-SHA256")
            return [UInt8](unsafeUninitializedCapacity: Self.base64Length + 1) { text, count in
                // EVP_EncodeBlock(3) ends the text with a NUL that its result does not count.
                count = Int(EVP_EncodeBlock(text.baseAddress, code.baseAddress, Int32(length)))
            }
        }
    }
}

/// Whether two byte strings are equal, in a time that depends on their length only (`CRYPTO_memcmp(3)`).
func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return left.withUnsafeBytes { left in
        right.withUnsafeBytes { right in CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0 }
    }
}
