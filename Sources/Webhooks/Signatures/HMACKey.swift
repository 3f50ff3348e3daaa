import COpenSSL

/// The hash that an HMAC is made with.
package enum HMACAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// HMAC-SHA256, RFC 6234.
    case sha256
    /// HMAC-SHA512, RFC 6234.
    case sha512

    /// OpenSSL's name of the hash.
    var digestName: String {
        switch self {
        case .sha256: "SHA256"
        case .sha512: "SHA512"
        }
    }

    /// The length of an authentication code in bytes.
    var length: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        }
    }
}

/// The text in which a signature stands in a header.
package enum SignatureEncoding: String, Sendable, Hashable, CaseIterable {
    /// Two hexadecimal digits a byte, written in lower case and read in either.
    case hex
    /// Base64 with padding, RFC 4648 section 4.
    case base64
}

/// A key made ready for HMAC, so that a message costs one duplicated context and no key schedule.
///
/// OpenSSL 3's `EVP_MAC(3)`: a keyed context is duplicated for each message with `EVP_MAC_CTX_dup`.
///
/// `@unchecked Sendable` for the pointer: `keyed` is written only in `init`. Later calls duplicate it, which only reads it
/// (OpenSSL's hmac_dup), and each message works on a duplicate of its own.
final class HMACKey: @unchecked Sendable {
    private let keyed: OpaquePointer
    private let length: Int
    private let encoding: SignatureEncoding

    /// The longest authentication code in bytes.
    private static let maximumLength = 64

    /// Prepares a key of one byte or more, and the text that its codes are written in.
    init(_ key: [UInt8], _ algorithm: HMACAlgorithm, _ encoding: SignatureEncoding) {
        guard let mac = EVP_MAC_fetch(nil, "HMAC", nil), let context = EVP_MAC_CTX_new(mac) else {
            preconditionFailure("OpenSSL offers no HMAC")
        }
        EVP_MAC_free(mac)  // the context holds a reference of its own
        var digest = Array(algorithm.digestName.utf8CString)
        // A parameter keeps pointers to its name and its value: both have to last until it was read.
        let ready = digest.withUnsafeMutableBufferPointer { name in
            "digest".withCString { parameter in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(parameter, name.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                return EVP_MAC_init(context, key, key.count, parameters)
            }
        }
        precondition(ready == 1, "OpenSSL refuses HMAC")
        keyed = context
        length = algorithm.length
        self.encoding = encoding
    }

    deinit {
        EVP_MAC_CTX_free(keyed)
    }

    /// The text of the authentication code of `prefix`, `body` and `suffix` in a row, in ASCII bytes.
    func code(prefix: String, body: RawSpan, suffix: String) -> [UInt8] {
        guard let context = EVP_MAC_CTX_dup(keyed) else { preconditionFailure("OpenSSL is out of memory") }
        defer { EVP_MAC_CTX_free(context) }
        var (prefix, suffix) = (prefix, suffix)
        var updated = prefix.withUTF8 { EVP_MAC_update(context, $0.baseAddress, $0.count) }
        updated &= body.withUnsafeBytes { bytes in
            EVP_MAC_update(context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        if !suffix.isEmpty { updated &= suffix.withUTF8 { EVP_MAC_update(context, $0.baseAddress, $0.count) } }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.maximumLength) { code in
            var written = 0
            let finished = EVP_MAC_final(context, code.baseAddress, &written, code.count)
            precondition(updated == 1 && finished == 1 && written == length, "OpenSSL failed in HMAC")
            return encoding.text(of: code[..<written])
        }
    }
}

extension SignatureEncoding {
    /// The text of some bytes, at least one.
    func text(of bytes: Slice<UnsafeMutableBufferPointer<UInt8>>) -> [UInt8] {
        switch self {
        case .base64:
            // EVP_EncodeBlock(3) ends the text with a NUL that its result does not count.
            [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { text, count in
                let source = UnsafeMutableBufferPointer(rebasing: bytes)
                count = Int(EVP_EncodeBlock(text.baseAddress, source.baseAddress, Int32(source.count)))
            }
        case .hex:
            [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { text, count in
                for byte in bytes {
                    for digit in [byte >> 4, byte & 15] {
                        text[count] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                        count += 1
                    }
                }
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
