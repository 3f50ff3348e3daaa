import Foundation
import Testing

@testable import Webhooks

/// Where each provider's id, type, subject and time come from, and what is missing when they are not there.
@Suite struct SchemeTests {
    struct Provider: Sendable, CustomTestStringConvertible {
        let scheme: SignatureScheme
        let body: String
        /// The type's header, where there is one.
        var header: String?
        var id: String?
        let type: String
        var subject: String?
        var time: Int64?
        var testDescription: String { "\(scheme.name): \(type)" }
    }

    static func file(_ name: String) -> String {
        String(decoding: (try? Resource.bytes("providers/\(name)")) ?? [], as: UTF8.self)
    }

    @Test(arguments: [
        Provider(
            scheme: .github, body: file("github.pull_request.closed.json"), header: "pull_request",
            type: "pull_request.closed", subject: "Codertocat/Hello-World"),
        Provider(
            scheme: .github, body: file("github.push.json"), header: "push", type: "push",
            subject: "Codertocat/Hello-World"),
        Provider(scheme: .github, body: file("github.ping.json"), header: "ping", type: "ping", subject: "Octocoders"),
        Provider(
            scheme: .github, body: #"{"action":1,"organization":{"login":"o"}}"#, header: "a", type: "a", subject: "o"),
        Provider(
            scheme: .stripe, body: file("stripe.customer.created.json"), id: "evt_123", type: "customer.created",
            subject: "cus_123", time: 1_533_204_620_000),
        Provider(
            scheme: .stripe,
            body: #"{"id":"evt_1","type":"v1.a","created":"2024-09-17T06:20:52Z","related_object":{"id":"m_1"}}"#,
            id: "evt_1", type: "v1.a", subject: "m_1"),
        Provider(
            scheme: .slack, body: file("slack.event_callback.app_mention.json"), id: "Ev08MFMKH6",
            type: "app_mention", subject: "C04567890", time: 1_715_600_000_000),
        Provider(
            scheme: .slack, body: #"{"type":"app_rate_limited","event_id":"Ev1","event":{}}"#, id: "Ev1",
            type: "app_rate_limited"),
        Provider(
            scheme: .shopify, body: file("shopify.orders-delete.json"), header: "orders/delete", type: "orders/delete",
            subject: "gid://shopify/Order/820982911946154508"),
    ])
    func readsAnEvent(_ row: Provider) throws {
        let read = try row.scheme.event.read(Array(row.body.utf8).span.bytes, type: row.header)
        guard case .event(let envelope, let id) = read else { throw NoEvent() }
        #expect(envelope.type == row.type)
        #expect(id == row.id)
        #expect(envelope.subject == row.subject)
        #expect(envelope.timestamp == row.time)
    }

    private struct NoEvent: Error {}

    @Test(
        arguments: [
            (.stripe, #"{"type":"a"}"#, nil, .missingID), (.stripe, #"{"id":null,"type":"a"}"#, nil, .missingID),
            (.stripe, #"{"id":1.5,"type":"a"}"#, nil, .missingID), (.stripe, #"{"id":"e"}"#, nil, .missingType),
            (.stripe, #"{"id":"e","type":""}"#, nil, .emptyType), (.stripe, "[]", nil, .notAnObject),
            (.slack, #"{"event_id":"e","event":{"type":1}}"#, nil, .missingType),
            (.slack, #"{"type":"url_verification"}"#, nil, .missingID),
            (.slack, #"{"type":"url_verification","challenge":1}"#, nil, .missingID),
            (.github, "1", "push", .notAnObject),
            (.github, "{}", String(repeating: "t", count: 1025), .typeTooLong),
        ] as [(SignatureScheme, String, String?, InvalidPayload.Code)])
    func refuses(scheme: SignatureScheme, body: String, header: String?, code: InvalidPayload.Code) {
        let error = #expect(throws: InvalidPayload.self) {
            try scheme.event.read(Array(body.utf8).span.bytes, type: header)
        }
        #expect(error?.code == code)
    }

    @Test func slashCommandsAreNoEvents() {
        #expect(throws: InvalidPayload.self) {
            try SignatureScheme.slack.event.read(
                Array(Self.file("slack.slash_command.form.txt").utf8).span.bytes, type: nil)
        }
    }

    @Test(arguments: [
        ("abc", #"{"challenge":"abc"}"#), (#"a\"\\\n"#, #"{"challenge":"a\"\\\n"}"#),
    ])
    func answersSlacksQuestion(challenge: String, answer: String) throws {
        let body = #"{"token":"t","challenge":"\#(challenge)","type":"url_verification"}"#
        #expect(try SignatureScheme.slack.event.read(Array(body.utf8).span.bytes, type: nil) == .challenge(answer))
    }

    @Test func answersTheQuestionOfTheDocuments() throws {
        let body = try Resource.bytes("providers/slack.url_verification.json")
        #expect(
            try SignatureScheme.slack.event.read(body.span.bytes, type: nil)
                == .challenge(#"{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#))
    }

    @Test func longQuestionsAreNoQuestions() {
        let body = #"{"type":"url_verification","challenge":"\#(String(repeating: "c", count: 1025))"}"#
        #expect(throws: InvalidPayload.self) {
            try SignatureScheme.slack.event.read(Array(body.utf8).span.bytes, type: nil)
        }
    }

    /// A header that the scheme needs is missing, blank, or there twice.
    @Test(arguments: SignatureScheme.table)
    func needsEachOfItsHeadersOnce(scheme: SignatureScheme) throws {
        let names = scheme.headers[0]
        let needed = [names.signature, names.id, names.timestamp, names.type].compactMap { $0 }
        let complete = Dictionary(uniqueKeysWithValues: needed.map { ($0, ["x"]) })
        _ = try SignatureHeaders(scheme) { complete[$0] ?? [] }
        for name in needed {
            for (values, failure) in [
                ([], .missingHeaders), ([" \t"], .missingHeaders), (["x", "x"], .repeatedHeader),
            ] as [([String], VerificationFailure)] {
                let headers = complete.merging([name: values]) { $1 }
                #expect(throws: failure, "\(name)") { try SignatureHeaders(scheme) { headers[$0] ?? [] } }
            }
        }
    }

    @Test func namesOfSchemes() {
        #expect(
            SignatureScheme.names == ["svix", "standard-webhooks", "github", "stripe", "slack", "shopify", "hmac"])
        for name in SignatureScheme.names.dropLast() { #expect(SignatureScheme.named(name) != nil) }
        #expect(SignatureScheme.named("hmac") == nil)
    }

    /// What a scheme signs, a verifier of the scheme accepts, within the tolerance where a time is signed.
    @Test(arguments: SignatureScheme.table)
    func verifiesWhatItSigns(scheme: SignatureScheme) throws {
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let body = Array(#"{"id":"e","event_id":"e","type":"t"}"#.utf8)
        let headers = try SigningKey(secret, scheme).headers(
            id: "msg_1", type: "t", timestamp: "1000", body: body.span.bytes)
        let signed = try SignatureHeaders(scheme) { name in headers.filter { $0.name == name }.map(\.value) }
        let verifier = Verifier(scheme: scheme, keys: [try VerificationKey(secret, scheme)], tolerance: 300)
        for now: Int64 in [700, 1300] { _ = try verifier.verify(signed, body: body.span.bytes, now: now) }
        for now: Int64 in [699, 1301] {
            let message = try? verifier.verify(signed, body: body.span.bytes, now: now)
            #expect((message == nil) == scheme.signsTime)
        }
    }

    @Test(arguments: [
        "v1=SIGNATURE", "t=,v1=SIGNATURE", "t=1533204620,t=1533204620,v1=SIGNATURE", "T=1533204620,v1=SIGNATURE",
        "t=1533204620;v1=SIGNATURE", "t=1533204620 ,v1=SIGNATURE", "t=+1533204620,v1=SIGNATURE", "t=1533204620", "",
    ])
    func stripeHasOneTimestamp(header: String) throws {
        let vector = try #require(ProviderVector.positive.first { $0.scheme == .stripe })
        let code = try #require(vector.signature.firstMatch(of: /v1=([0-9a-f]+)/)?.output.1)
        var changed = vector
        changed.signature = header.replacing("SIGNATURE", with: code)
        #expect(throws: VerificationFailure.self) { try changed.verify() }
        changed.signature = "v1=00,t=1533204620,v0=\(code),v1=\(code.uppercased())"
        _ = try changed.verify()
    }
}

/// A scheme that a configuration describes.
@Suite struct CustomSchemeTests {
    /// RFC 4231, test case 2.
    private static let secret = Secret("Jefe")
    private static let sha256 = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    private static let sha512 =
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"

    private static func base64(_ hex: String) -> String {
        let digits = Array(hex)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return Data(bytes).base64EncodedString()
    }

    @Test(arguments: [
        ("{id}{timestamp}{body}", "what do ", "want", "ya  for nothing?"),
        ("{body}", "", "", "what do ya want for nothing?"),
        ("what {body} for {timestamp}", "", "", ""),
    ])
    func signedContentIsPutTogether(template: String, id: String, timestamp: String, body: String) throws {
        let content = try SignedContent(template: template)
        let text = content.prefix(id: id, timestamp: timestamp) + body + content.suffix(id: id, timestamp: timestamp)
        let filled = template.replacing("{id}", with: id).replacing("{timestamp}", with: timestamp)
            .replacing("{body}", with: body)
        #expect(text == filled)
    }

    @Test(
        arguments: [
            ("", .noBody), ("{id}", .noBody), ("{body}{body}", .bodyTwice), ("{body", .unclosed),
            ("{}", .unknownPlaceholder),
            ("{Body}", .unknownPlaceholder), ("{body}{x}", .unknownPlaceholder),
        ] as [(String, SignedContentError.Code)])
    func templatesThatAreNone(template: String, code: SignedContentError.Code) {
        #expect(throws: SignedContentError(code)) { try SignedContent(template: template) }
    }

    @Test(arguments: HMACAlgorithm.allCases, SignatureEncoding.allCases)
    func verifiesEachAlgorithmInEachText(algorithm: HMACAlgorithm, encoding: SignatureEncoding) throws {
        var custom = CustomScheme(header: "X-Signature", id: .header("X-ID"))
        custom.algorithm = algorithm
        custom.encoding = encoding
        custom.prefix = "sig:"
        custom.content = try SignedContent(template: "what do {body} for {id}")
        let hex = algorithm == .sha256 ? Self.sha256 : Self.sha512
        let code = encoding == .hex ? hex : Self.base64(hex)
        let scheme = custom.scheme
        let verifier = Verifier(scheme: scheme, keys: [try VerificationKey(Self.secret, scheme)], tolerance: 300)
        let headers = ["x-signature": ["sig:\(code)"], "x-id": ["nothing?"]]
        let signed = try SignatureHeaders(scheme) { headers[$0] ?? [] }
        #expect(try verifier.verify(signed, body: Array("ya want".utf8).span.bytes, now: 0).id == "nothing?")
        for wrong in [code, "sig:\(code.dropLast())", "sig:\(code)0", "SIG:\(code)", "sig: \(code)", "sig:"] {
            let headers = SignatureHeaders(id: "nothing?", timestamp: nil, signature: wrong)
            #expect(throws: VerificationFailure.wrongSignature) {
                try verifier.verify(headers, body: Array("ya want".utf8).span.bytes, now: 0)
            }
        }
    }

    @Test func readsIDAndTypeWhereItIsTold() throws {
        var custom = CustomScheme(header: "x-s", id: .json("meta.id"))
        custom.type = .json("meta.kind")
        let body = Array(#"{"meta":{"id":820982911946154508,"kind":"a.b"},"data":{"id":"s"},"timestamp":5}"#.utf8)
        guard case .event(let envelope, let id) = try custom.scheme.event.read(body.span.bytes, type: nil) else {
            Issue.record("no event")
            return
        }
        #expect(id == "820982911946154508")
        #expect(envelope.type == "a.b")
        #expect(envelope.subject == "s")
        #expect(envelope.timestamp == 5000)
        #expect(JSONPath(parsing: "a..b") == nil)
        #expect(JSONPath(parsing: "") == nil)
        #expect(JSONPath(parsing: Array(repeating: "a", count: 17).joined(separator: ".")) == nil)
    }
}
