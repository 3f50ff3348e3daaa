/// Verifies messages of one source. It is a class, for it is handed on with every request and never changes.
package final class Verifier: Sendable {
    /// The longest id in bytes.
    package static let maximumIDLength = 256

    /// The way the source signs.
    package let scheme: SignatureScheme
    private let keys: [VerificationKey]
    private let tolerance: Int64

    /// - Parameters:
    ///   - keys: tried in turn, so that a secret can be rotated without a gap. Without a key nothing verifies.
    ///   - tolerance: how far, in seconds, a timestamp may be from the clock in either direction.
    package init(scheme: SignatureScheme = .svix, keys: [VerificationKey], tolerance: Int64) {
        self.scheme = scheme
        self.keys = keys
        self.tolerance = tolerance
    }

    /// Verifies the signature over the raw bytes first, then the timestamp and the id.
    /// - Parameter now: seconds since 1970.
    /// - Throws: the first rule that does not hold. Senders are told less: see the front door's answers.
    package func verify(
        _ headers: SignatureHeaders, body: RawSpan, now: Int64
    ) throws(VerificationFailure) -> VerifiedMessage {
        let time = scheme.form.timestampPrefix == nil ? headers.timestamp : scheme.form.timestamp(in: headers.signature)
        guard let keyIndex = keyIndex(of: headers, time: time, body: body) else { throw .wrongSignature }
        let timestamp = scheme.signsTime ? try self.timestamp(time, now: now) : nil
        if let id = headers.id, !Self.isUsable(id: id) { throw .invalidID }
        return VerifiedMessage(id: headers.id, timestamp: timestamp, type: headers.type, keyIndex: keyIndex)
    }

    private func timestamp(_ text: String?, now: Int64) throws(VerificationFailure) -> Int64 {
        guard let timestamp = text.flatMap(Self.seconds) else { throw .invalidTimestamp }
        let (age, overflow) = now.subtractingReportingOverflow(timestamp)
        guard !overflow, age.magnitude <= tolerance.magnitude else { throw .staleTimestamp }
        return timestamp
    }

    /// The index of the first key under which one of the message's signatures is right.
    private func keyIndex(of headers: SignatureHeaders, time: String?, body: RawSpan) -> Int? {
        let prefix = scheme.content.prefix(id: headers.id, timestamp: time)
        let suffix = scheme.content.suffix(id: headers.id, timestamp: time)
        for index in keys.indices
        where keys[index].matches(headers.signature, scheme, prefix: prefix, body: body, suffix: suffix) {
            return index
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

/// What a verified message says of itself outside its body.
package struct VerifiedMessage: Sendable, Equatable {
    /// The sender's id: 1 to 256 visible ASCII bytes without a dot. Nil where the scheme has it in the body.
    package let id: String?
    /// The signed timestamp, in seconds since 1970. Nil where the scheme signs none.
    package let timestamp: Int64?
    /// The type in the headers, as it came. Nil where the scheme has it in the body.
    package let type: String?
    /// The index of the key that matched.
    package let keyIndex: Int
}

/// Why a message is refused.
package enum VerificationFailure: Error, Sendable, Equatable, CaseIterable {
    /// No family of headers is complete.
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
