import Foundation
import Testing

@testable import Webhooks

/// The vectors that the providers themselves, and those who build on them, have published.
@Suite struct ProviderVectorTests {
    @Test(arguments: ProviderVector.positive)
    func accepts(_ vector: ProviderVector) throws {
        let message = try vector.verify()
        #expect(message.keyIndex == 0)
        #expect(message.timestamp == (vector.scheme.signsTime ? vector.timestamp : nil))
    }

    @Test(arguments: ProviderVector.positive)
    func refusesABodyWithOneBitChanged(_ vector: ProviderVector) {
        var changed = vector
        changed.body[changed.body.count / 2] ^= 1
        #expect(throws: VerificationFailure.wrongSignature) { try changed.verify() }
    }

    @Test(arguments: ProviderVector.positive)
    func refusesAnotherSecret(_ vector: ProviderVector) {
        var changed = vector
        changed.secret += "x"
        #expect(throws: VerificationFailure.wrongSignature) { try changed.verify() }
    }

    @Test(arguments: ProviderVector.negative)
    func refuses(_ vector: ProviderVector) {
        #expect(throws: VerificationFailure.self, "\(vector.name)") { try vector.verify() }
    }

    @Test(arguments: ProviderVector.alsoAccepted)
    func acceptsAlso(_ vector: ProviderVector) throws {
        _ = try vector.verify()
    }

    @Test func signsAsThePublishedVectorsDo() throws {
        for vector in ProviderVector.positive {
            let key = try SigningKey(Secret(vector.secret), vector.scheme)
            let signature = key.signature(id: "", timestamp: "\(vector.timestamp)", body: vector.body.span.bytes)
            // Stripe's documents show a decoy of an older kind beside the signature.
            #expect(vector.signature == signature || vector.signature.hasPrefix(signature + ",v0="), "\(vector.name)")
        }
    }

    @Test func vectorFilesAreRead() {
        #expect(ProviderVector.positive.count == 5 + 2 + 1 + 4)
        #expect(ProviderVector.negative.count == 9 + 6 + 1)
        #expect(ProviderVector.alsoAccepted.count == 1)
    }
}

/// A signed message of a provider.
struct ProviderVector: Sendable, CustomTestStringConvertible {
    let scheme: SignatureScheme
    let name: String
    var secret: String
    var body: [UInt8]
    var timestamp: Int64
    var signature: String
    var now: Int64

    var testDescription: String { "\(scheme.name): \(name)" }

    func verify() throws -> VerifiedMessage {
        let headers = SignatureHeaders(
            id: scheme.headers[0].id.map { _ in "id" },
            timestamp: scheme.headers[0].timestamp.map { _ in "\(timestamp)" }, signature: signature,
            type: scheme.headers[0].type.map { _ in "type" })
        let verifier = Verifier(
            scheme: scheme, keys: [try VerificationKey(Secret(secret), scheme)], tolerance: 300)
        return try verifier.verify(headers, body: body.span.bytes, now: now)
    }

    static let schemes = [SignatureScheme.github, .stripe, .slack, .shopify]

    /// GitHub's older header is not among them: SHA-1 is not taken.
    static let positive = schemes.flatMap { scheme in
        Vectors.rows(of: scheme.name, "vectors").filter { $0["algorithm"] == nil }.map { row in
            ProviderVector(scheme, row, name: row["name"])
        }
    }

    static let negative = schemes.flatMap { scheme -> [ProviderVector] in
        let rows = Vectors.rows(of: scheme.name, "negative") + Vectors.rows(of: scheme.name, "negative_signatures")
        return rows.compactMap { variant(of: scheme, row: $0) }
    }

    static let alsoAccepted = Vectors.rows(of: "stripe", "accept_also").compactMap { variant(of: .stripe, row: $0) }

    /// The scheme's vector that the row changes in one point.
    private static func variant(of scheme: SignatureScheme, row: [String: Any]) -> ProviderVector? {
        let base = scheme == .github ? "octokit" : nil
        guard var vector = positive.first(where: { $0.scheme == scheme && (base == nil || $0.name == base) }) else {
            return nil
        }
        vector = ProviderVector(
            scheme: scheme, name: row["why"] as? String ?? "", secret: vector.secret, body: vector.body,
            timestamp: vector.timestamp, signature: row["signature"] as? String ?? vector.signature,
            now: row["now"] as? Int64 ?? vector.now)
        if scheme == .slack {
            vector.body = (try? Resource.bytes("providers/slack.event_callback.app_mention.json")) ?? []
            (vector.timestamp, vector.now) = (1_715_600_000, 1_715_600_000)
        }
        return vector
    }
}

extension ProviderVector {
    private init(_ scheme: SignatureScheme, _ row: [String: Any], name: Any?) {
        let timestamp = row["timestamp"] as? Int64 ?? 0
        self.init(
            scheme: scheme, name: name as? String ?? "", secret: row["secret"] as? String ?? "",
            body: Array((row["body"] as? String ?? "").utf8), timestamp: timestamp,
            signature: row["signature"] as? String ?? "", now: timestamp)
    }
}

/// Standard Webhooks' `v1a`.
@Suite struct AsymmetricVectorTests {
    private struct Vector {
        let publicKey: String
        let privateKey: String
        let headers: SignatureHeaders
        let body: [UInt8]
    }

    private func vector() throws -> Vector {
        let row = try #require(Vectors.rows(of: "standard-webhooks-ed25519", "vectors").first)
        func text(_ key: String) throws -> String { try #require(row[key] as? String) }
        return Vector(
            publicKey: try text("public_key"), privateKey: try text("private_key"),
            headers: SignatureHeaders(
                id: try text("id"), timestamp: try text("timestamp"), signature: try text("signature")),
            body: Array(try text("body").utf8))
    }

    private func verify(_ signature: String, keys: [String]) throws -> VerifiedMessage {
        let vector = try vector()
        let headers = SignatureHeaders(
            id: vector.headers.id, timestamp: vector.headers.timestamp, signature: signature)
        let verifier = Verifier(keys: try keys.map { try VerificationKey(Secret($0)) }, tolerance: 300)
        return try verifier.verify(headers, body: vector.body.span.bytes, now: 1_614_265_330)
    }

    @Test func acceptsAndSignsThePublishedVector() throws {
        let vector = try vector()
        #expect(try verify(vector.headers.signature, keys: [vector.publicKey]).keyIndex == 0)
        let key = try SigningKey(Secret(vector.privateKey))
        let signature = key.signature(
            id: vector.headers.id ?? "", timestamp: vector.headers.timestamp ?? "", body: vector.body.span.bytes)
        #expect(signature == vector.headers.signature)
    }

    /// A source in the middle of a change from a shared secret to a key pair.
    @Test func bothKindsStandBesideEachOther() throws {
        let vector = try vector()
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let shared = try SigningKey(Secret(secret)).signature(
            id: vector.headers.id ?? "", timestamp: vector.headers.timestamp ?? "", body: vector.body.span.bytes)
        let both = "\(shared) \(vector.headers.signature)"
        #expect(try verify(both, keys: [secret]).keyIndex == 0)
        #expect(try verify(both, keys: [vector.publicKey]).keyIndex == 0)
        #expect(try verify(vector.headers.signature, keys: [secret, vector.publicKey]).keyIndex == 1)
        #expect(try verify(shared, keys: [vector.publicKey, secret]).keyIndex == 1)
    }

    @Test func refusesWhatIsNotSignedByTheKey() throws {
        let vector = try vector()
        let right = vector.headers.signature
        let code = right.dropFirst("v1a,".count)
        let other = "whpk_" + Data(repeating: 7, count: 32).base64EncodedString()
        var changed = Array(right)
        changed[10] = changed[10] == "A" ? "B" : "A"
        for wrong in [
            "v1,\(code)", "v1a,", "v1a,\(code.dropLast(4))", "v1a,\(code)AAAA", String(changed),
            "v1a,\(Data(count: 64).base64EncodedString())", "V1A,\(code)", "v1a\(code)",
        ] {
            #expect(throws: VerificationFailure.wrongSignature, "\(wrong)") {
                try verify(wrong, keys: [vector.publicKey])
            }
        }
        #expect(throws: VerificationFailure.wrongSignature) { try verify(right, keys: [other]) }
        let decoys = Array(repeating: "v1a,\(Data(count: 64).base64EncodedString())", count: 4) + [right]
        #expect(throws: VerificationFailure.wrongSignature, "the work is bounded") {
            try verify(decoys.joined(separator: " "), keys: [vector.publicKey])
        }
    }

    @Test func refusesTheExampleOfTheSpecificationThatIsNoVector() throws {
        let row = try #require(Vectors.rows(of: "standard-webhooks-ed25519", "negative").first)
        let headers = SignatureHeaders(
            id: row["id"] as? String, timestamp: row["timestamp"] as? String,
            signature: row["signature"] as? String ?? "")
        let key = try VerificationKey(Secret(row["public_key"] as? String ?? ""))
        #expect(throws: VerificationFailure.wrongSignature) {
            try Verifier(keys: [key], tolerance: 300).verify(
                headers, body: Array((row["body"] as? String ?? "").utf8).span.bytes, now: 1_674_087_231)
        }
    }

    @Test func refusesKeysThatAreNone() throws {
        let bad = Vectors.rows(of: "standard-webhooks-ed25519", "negative").compactMap { $0["private_key"] as? String }
        #expect(bad.count == 2)
        for key in bad { #expect(throws: SigningKeyError(.malformedKey)) { try SigningKey(Secret(key)) } }
        let vector = try vector()
        #expect(throws: SigningKeyError(.privateKey)) { try VerificationKey(Secret(vector.privateKey)) }
        #expect(throws: SigningKeyError(.publicKey)) { try SigningKey(Secret(vector.publicKey)) }
        for text in ["whpk_", "whpk_AAAA", vector.publicKey + "AAAA", "whpk_" + vector.privateKey.dropFirst(5)] {
            #expect(throws: SigningKeyError(.malformedKey)) { try VerificationKey(Secret(text)) }
        }
    }
}
