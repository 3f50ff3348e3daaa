/// Verifies messages of one source.
package struct Verifier: Sendable {
    /// How many entries of a signature header are looked at; senders list at most one for each key in rotation.
    package static let maximumSignatures = 32
    /// The longest id in bytes.
    package static let maximumIDLength = 256

    private let keys: [SigningKey]
    private let tolerance: Int64

    /// - Parameters:
    ///   - keys: tried in turn, so that a secret can be rotated without a gap. Without a key nothing verifies.
    ///   - tolerance: how far, in seconds, a timestamp may be from the clock in either direction.
    package init(keys: [SigningKey], tolerance: Int64) {
        self.keys = keys
        self.tolerance = tolerance
    }

    /// Verifies the signature over the raw bytes first, then the timestamp and the id.
    /// - Parameter now: seconds since 1970.
    /// - Throws: the first rule that does not hold. Senders are told less: see the front door's answers.
    package func verify(
        _ headers: SignatureHeaders, body: RawSpan, now: Int64
    ) throws(VerificationFailure) -> VerifiedMessage {
        guard let keyIndex = keyIndex(of: headers, body: body) else { throw .wrongSignature }
        guard let timestamp = Self.seconds(headers.timestamp) else { throw .invalidTimestamp }
        let (age, overflow) = now.subtractingReportingOverflow(timestamp)
        guard !overflow, age.magnitude <= tolerance.magnitude else { throw .staleTimestamp }
        guard Self.isUsable(id: headers.id) else { throw .invalidID }
        return VerifiedMessage(id: headers.id, timestamp: timestamp, keyIndex: keyIndex)
    }

    /// The index of the first key under which one of the message's `v1` signatures is right.
    private func keyIndex(of headers: SignatureHeaders, body: RawSpan) -> Int? {
        let candidates = headers.signature.utf8
            .split(separator: UInt8(ascii: " "), maxSplits: Self.maximumSignatures)
            .prefix(Self.maximumSignatures)
            .compactMap { $0.starts(with: "v1,".utf8) ? Array($0.dropFirst(3)) : nil }
        guard !candidates.isEmpty else { return nil }
        for (index, key) in keys.enumerated() {
            let expected = key.code(id: headers.id, timestamp: headers.timestamp, body: body)
            for candidate in candidates where constantTimeEqual(candidate.span, expected.span) { return index }
        }
        return nil
    }

    /// Whether an id is 1 to 256 visible ASCII bytes without a dot.
    ///
    /// A dot would make the signed text `id.timestamp.body` ambiguous (Standard Webhooks, "Signature scheme").
    package static func isUsable(id: String) -> Bool {
        (1...maximumIDLength).contains(id.utf8.count)
            && id.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ".") }
    }

    /// The seconds of a timestamp of ASCII digits, or nil for any other text.
    static func seconds(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}

/// What a verified message says of itself.
package struct VerifiedMessage: Sendable, Equatable {
    /// The sender's id: 1 to 256 visible ASCII bytes without a dot.
    package let id: String
    /// The signed timestamp, in seconds since 1970.
    package let timestamp: Int64
    /// The position of the secret that matched among the source's secrets.
    package let keyIndex: Int
}

/// Why a message is refused.
package enum VerificationFailure: Error, Sendable, Equatable, CaseIterable {
    /// Neither header family is complete.
    case missingHeaders
    /// One of the headers is there more than once.
    case repeatedHeader
    /// No signature is right under any key.
    case wrongSignature
    /// The timestamp is not a decimal number of seconds.
    case invalidTimestamp
    /// The timestamp is too far in the past or in the future.
    case staleTimestamp
    /// The id is not 1 to 256 visible ASCII bytes without a dot.
    case invalidID
}
