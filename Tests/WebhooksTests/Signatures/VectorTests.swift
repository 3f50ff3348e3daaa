import Foundation
import Testing

@testable import Webhooks

/// The published and composed vectors of the Svix / Standard Webhooks scheme.
@Suite struct VectorTests {
    @Test(arguments: Vectors.positive)
    func acceptsPublishedVector(_ vector: Vectors.Positive) throws {
        let verifier = Verifier(keys: [try VerificationKey(Secret(vector.secret))], tolerance: 300)
        let headers = SignatureHeaders(id: vector.id, timestamp: vector.timestamp, signature: vector.signature)
        let now = try #require(Int64(vector.timestamp))
        let message = try verifier.verify(headers, body: vector.body.span.bytes, now: now)
        #expect(message.id == vector.id)
        #expect(message.timestamp == now)
    }

    @Test(arguments: Vectors.positive)
    func refusesVectorWithOneBitChanged(_ vector: Vectors.Positive) throws {
        let verifier = Verifier(keys: [try VerificationKey(Secret(vector.secret))], tolerance: 300)
        let headers = SignatureHeaders(id: vector.id, timestamp: vector.timestamp, signature: vector.signature)
        let now = try #require(Int64(vector.timestamp))
        var body = vector.body
        if body.isEmpty { body = [0] } else { body[body.count / 2] ^= 1 }
        #expect(throws: VerificationFailure.wrongSignature) {
            try verifier.verify(headers, body: body.span.bytes, now: now)
        }
    }

    @Test(arguments: Vectors.negative)
    func answersNegativeCaseAsRecommended(_ vector: Vectors.Negative) throws {
        #expect(vector.isAccepted == vector.expectsAcceptance, "\(vector.name): \(vector.expect)")
    }

    @Test func signsAsThePublishedVectorsDo() throws {
        for vector in Vectors.positive where !vector.signature.contains(" ") {
            let key = try SigningKey(Secret(vector.secret))
            let signature = key.signature(id: vector.id, timestamp: vector.timestamp, body: vector.body.span.bytes)
            #expect(signature == vector.signature, "\(vector.name)")
        }
    }

    @Test(arguments: Vectors.clerk)
    func acceptsEveryClerkBody(_ vector: Vectors.Clerk) throws {
        let verifier = Verifier(keys: [try VerificationKey(Secret(Vectors.clerkSecret))], tolerance: 300)
        let headers = try SignatureHeaders { vector.headers[$0].map { [$0] } ?? [] }
        let message = try verifier.verify(headers, body: vector.body.span.bytes, now: Vectors.clerkNow)
        #expect(message.id == vector.headers["svix-id"])
    }
}

/// The vectors as the files in `Resources/vectors` hold them.
enum Vectors {
    struct Positive: Sendable, CustomTestStringConvertible {
        let name: String
        let secret: String
        let id: String
        let timestamp: String
        let signature: String
        let body: [UInt8]
        var testDescription: String { name }
    }

    struct Negative: Sendable, CustomTestStringConvertible {
        let name: String
        let expect: String
        let secret: String
        let headers: [String: String]
        let body: [UInt8]
        let now: Int64
        let tolerance: Int64
        var testDescription: String { name }

        /// Where a verdict is left to the implementation, Oncegate takes the strict side, but for two cases in which
        /// nothing is ambiguous: what was verified is one whole family.
        var expectsAcceptance: Bool {
            expect == "accept"
                || ["signature-comma-separated-list", "header-families-conflict-id"].contains(name)
        }

        var isAccepted: Bool {
            guard let key = try? VerificationKey(Secret(secret)),
                let signed = try? SignatureHeaders(values: { name in
                    headers.filter { $0.key.lowercased() == name }.map(\.value)
                })
            else { return false }
            let verifier = Verifier(keys: [key], tolerance: tolerance)
            return (try? verifier.verify(signed, body: body.span.bytes, now: now)) != nil
        }
    }

    struct Clerk: Sendable, CustomTestStringConvertible {
        let file: String
        let headers: [String: String]
        let body: [UInt8]
        var testDescription: String { file }
    }

    static let positive: [Positive] =
        rows(of: "standard-webhooks", "vectors").compactMap(positive)
        + rows(of: "standard-webhooks-senders", "vectors").compactMap(positive)

    static let negative: [Negative] = rows(of: "standard-webhooks-negative", "cases").map { row in
        Negative(
            name: row["name"] as? String ?? "", expect: row["expect"] as? String ?? "",
            secret: row["secret"] as? String ?? "", headers: row["headers"] as? [String: String] ?? [:],
            body: body(of: row), now: row["now"] as? Int64 ?? 0, tolerance: row["tolerance"] as? Int64 ?? 300)
    }

    static let clerkSecret = file("clerk-signed")["secret"] as? String ?? ""
    static let clerkNow = file("clerk-signed")["now"] as? Int64 ?? 0
    static let clerk: [Clerk] = rows(of: "clerk-signed", "vectors").map { row in
        let name = ((row["file"] as? String ?? "") as NSString).lastPathComponent
        return Clerk(
            file: name, headers: row["headers"] as? [String: String] ?? [:],
            body: Array(FileManager.default.contents(atPath: folder.appending(path: "wire/\(name)").path) ?? Data()))
    }

    private static let folder = Bundle.module.bundleURL.appending(path: "Resources")

    private static func positive(_ row: [String: Any]) -> Positive? {
        guard let name = row["name"] as? String, let secret = row["secret"] as? String, let id = row["id"] as? String,
            let timestamp = row["timestamp"] as? String, let signature = row["signature"] as? String
        else { return nil }
        return Positive(
            name: name, secret: secret, id: id, timestamp: timestamp, signature: signature, body: body(of: row))
    }

    private static func body(of row: [String: Any]) -> [UInt8] {
        if let text = row["body"] as? String { return Array(text.utf8) }
        if let base64 = row["body_b64"] as? String { return Array(Data(base64Encoded: base64) ?? Data()) }
        if let run = row["body_repeat"] as? [String: Any] {
            return Array(repeating: UInt8(ascii: "a"), count: run["count"] as? Int ?? 0)
        }
        return []
    }

    static func rows(of name: String, _ key: String) -> [[String: Any]] {
        file(name)[key] as? [[String: Any]] ?? []
    }

    static func file(_ name: String) -> [String: Any] {
        let url = folder.appending(path: "vectors/\(name).json")
        guard let data = try? Data(contentsOf: url), let object = try? JSONSerialization.jsonObject(with: data) else {
            return [:]
        }
        return object as? [String: Any] ?? [:]
    }
}

/// The tables above are worth nothing if their files were not read.
@Test func vectorFilesAreRead() {
    #expect(Vectors.positive.count == 21)
    #expect(Vectors.negative.count == 80)
    #expect(Vectors.clerk.count == 80)
    #expect(Vectors.clerk.allSatisfy { !$0.body.isEmpty })
}
