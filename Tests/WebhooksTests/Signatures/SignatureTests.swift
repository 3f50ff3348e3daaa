import Testing

@testable import Webhooks

@Suite struct SignatureTests {
    static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    static let other = Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    static let body = Array(#"{"type":"user.created"}"#.utf8)

    private func signed(_ secret: Secret, id: String = "msg_1", timestamp: String = "1000") throws -> SignatureHeaders {
        let signature = try SigningKey(secret).signature(id: id, timestamp: timestamp, body: Self.body.span.bytes)
        return SignatureHeaders(id: id, timestamp: timestamp, signature: signature)
    }

    @Test func triesEverySecretAndTellsWhichMatched() throws {
        let verifier = Verifier(
            keys: [try VerificationKey(Self.secret), try VerificationKey(Self.other)], tolerance: 300)
        for (index, secret) in [Self.secret, Self.other].enumerated() {
            let message = try verifier.verify(signed(secret), body: Self.body.span.bytes, now: 1000)
            #expect(message.keyIndex == index)
        }
    }

    @Test func acceptsNothingWithoutKeys() throws {
        let verifier = Verifier(keys: [], tolerance: 300)
        let headers = try signed(Self.secret)
        #expect(throws: VerificationFailure.wrongSignature) {
            try verifier.verify(headers, body: Self.body.span.bytes, now: 1000)
        }
    }

    @Test(arguments: [(700, true), (699, false), (1300, true), (1301, false)])
    func toleranceHoldsInBothDirections(now: Int64, isAccepted: Bool) throws {
        let verifier = Verifier(keys: [try VerificationKey(Self.secret)], tolerance: 300)
        let headers = try signed(Self.secret)
        let message = try? verifier.verify(headers, body: Self.body.span.bytes, now: now)
        #expect((message != nil) == isAccepted)
    }

    @Test(arguments: [
        ("msg_1", true), (String(repeating: "x", count: 256), true), ("a:b{c}\"\\", true),
        (String(repeating: "x", count: 257), false), ("msg.1", false), ("msg 1", false), ("msg\u{7F}", false),
        ("mäg", false),
    ])
    func idIsVisibleASCIIWithoutDot(id: String, isUsable: Bool) throws {
        let verifier = Verifier(keys: [try VerificationKey(Self.secret)], tolerance: 300)
        let headers = try signed(Self.secret, id: id)
        let message = try? verifier.verify(headers, body: Self.body.span.bytes, now: 1000)
        #expect((message != nil) == isUsable)
    }

    @Test func looksAtABoundedNumberOfSignatures() throws {
        let verifier = Verifier(keys: [try VerificationKey(Self.secret)], tolerance: 300)
        let right = try signed(Self.secret).signature
        func verify(after decoys: Int) -> VerifiedMessage? {
            let list = Array(repeating: "v1,AAAA", count: decoys) + [right]
            let headers = SignatureHeaders(id: "msg_1", timestamp: "1000", signature: list.joined(separator: " "))
            return try? verifier.verify(headers, body: Self.body.span.bytes, now: 1000)
        }
        #expect(verify(after: SignatureForm.maximumEntries - 1) != nil)
        #expect(verify(after: SignatureForm.maximumEntries) == nil)
    }

    @Test func familiesAreNeverMixed() {
        let complete = ["webhook-id": ["a"], "webhook-timestamp": ["1"], "webhook-signature": ["s"]]
        let mixed = complete.merging(["svix-id": ["b"]]) { $1 }
        #expect((try? SignatureHeaders { mixed[$0] ?? [] })?.id == "a")
        let split = ["svix-id": ["a"], "svix-timestamp": ["1"], "webhook-signature": ["s"]]
        #expect(throws: VerificationFailure.missingHeaders) { try SignatureHeaders { split[$0] ?? [] } }
    }

    @Test(arguments: ["svix-id", "svix-timestamp", "svix-signature"])
    func refusesARepeatedHeader(name: String) {
        var headers = ["svix-id": ["a"], "svix-timestamp": ["1"], "svix-signature": ["s"]]
        headers[name]?.append("other")
        #expect(throws: VerificationFailure.repeatedHeader) { try SignatureHeaders { headers[$0] ?? [] } }
    }

    @Test(arguments: [
        ("", SigningKeyError.Code.empty), ("whsec_", .empty), (" \t\n", .notBase64), ("whsec_!!!!", .notBase64),
        ("whsec_====", .notBase64), ("hwsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", .notBase64), ("whsec_%", .notBase64),
        ("w", .notBase64), ("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723", .malformedKey),
    ])
    func refusesUnusableSecrets(text: String, code: SigningKeyError.Code) {
        #expect(throws: SigningKeyError(code)) { try SigningKey(Secret(text)) }
        #expect(throws: SigningKeyError(code)) { try VerificationKey(Secret(text)) }
    }

    @Test(arguments: ["", " text", "text\n", "text\r\n", "\t"])
    func refusesTextsThatAreNoKey(text: String) {
        let code: SigningKeyError.Code = text.isEmpty ? .empty : .whiteSpace
        #expect(throws: SigningKeyError(code)) { try VerificationKey(Secret(text), .github) }
        #expect(throws: SigningKeyError(.tooLong)) {
            try VerificationKey(Secret(String(repeating: "k", count: 1025)), .github)
        }
    }

    @Test func warnsOfShortKeysAndTakesThem() throws {
        #expect(try SigningKey(Secret("whsec_plJ3nmyCDGBKInavdOK15jsl")).isShort)
        #expect(try !SigningKey(Self.secret).isShort)
        #expect(try VerificationKey(Secret("fifteen bytes!!"), .stripe).recommendedLength == 16)
        #expect(try VerificationKey(Secret("sixteen bytes !!"), .stripe).recommendedLength == nil)
    }

    @Test func secretsAreNotPrinted() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("hunter2"))
        }
    }
}
