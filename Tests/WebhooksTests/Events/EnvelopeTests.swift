import Testing
import Webhooks

@Suite struct EnvelopeTests {
    private func parse(_ text: String) throws -> Envelope {
        try parse(Array(text.utf8))
    }

    private func parse(_ body: [UInt8]) throws -> Envelope {
        try Envelope.parse(body.span.bytes)
    }

    @Test func readsAll() throws {
        let text =
            #"{"data":{"id":"user_1","n":1.0},"instance_id":"ins_1","timestamp":1744276400012,"type":"user.created"}"#
        let envelope = try parse(text)
        #expect(envelope.type == "user.created")
        #expect(envelope.timestamp == 1_744_276_400_012)
        #expect(envelope.instanceID == "ins_1")
        #expect(envelope.subject == "user_1")
        let range = try #require(envelope.dataRange)
        #expect(String(decoding: Array(text.utf8)[range], as: UTF8.self) == #"{"id":"user_1","n":1.0}"#)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let type: String
        let timestamp: Int64
        let instance: String?
        let subject: String

        init(_ file: String, _ type: String, _ timestamp: Int64, _ instance: String?, _ subject: String) {
            self.file = file
            self.type = type
            self.timestamp = timestamp
            self.instance = instance
            self.subject = subject
        }

        var testDescription: String { file }
    }

    private static let ins = "ins_2vU3HasSampBHC34ALRB7V537sL"
    private static let other = "ins_2vU3fBhx47yeddqKhd5taTbUYID"
    private static let example = "ins_2g7np7Hrk0SN6kj5EDMLDaKNL0S"
    private static let user = "user_2vX1EOk3ZYoE3yA1Rvs8rtMFnl3"
    private static let rawUser = "user_2vX11zP5ojq7cTRY58xT6oJqmRG"

    @Test(arguments: [
        Case("envelope.extra-top-level-key", "user.deleted", 1_744_276_400_000, ins, user),
        Case(
            "envelope.legacy-type-name", "subscription.past_due", 1_744_276_400_000, ins,
            "csub_2g7np7Hrk0SN6kj5EDMLDaKNL0S"),
        Case("envelope.timestamp-seconds", "user.deleted", 1_716_883_200_000, ins, user),
        Case("envelope.unknown-type", "user.passkeyAdded", 1_744_276_400_000, ins, "user_x"),
        Case("raw.duplicate-keys", "user.updated", 1_744_276_400_012, other, "user_ATTACKER00000000000000000000"),
        Case("raw.metadata-24kb", "user.updated", 1_744_276_400_012, other, rawUser),
        Case("raw.numbers", "user.updated", 1_744_276_400_012, other, rawUser),
        Case("raw.trailing-newline", "user.updated", 1_744_276_400_012, other, rawUser),
        Case("raw.unicode", "user.updated", 1_744_276_400_012, other, rawUser),
        Case("raw.whitespace", "user.updated", 1_744_276_400_012, nil, rawUser),
        Case(
            "session.created.user-null", "session.created", 1_744_276_400_000, example,
            "sess_2g7np7Hrk0SN6kj5EDMLDaKNL0S"),
        Case(
            "subscription.active.org-payer-null-plan", "subscription.active", 1_744_276_400_000, example,
            "csub_2g7np7Hrk0SN6kj5EDMLDaKNL0S"),
        Case("user.created.phone-only", "user.created", 1_744_276_400_012, ins, user),
        Case("user.deleted.no-external-id", "user.deleted", 1_744_276_400_000, ins, user),
        Case("user.updated.multi-email", "user.updated", 1_744_276_400_012, ins, user),
    ])
    func readsHardCases(expected: Case) throws {
        let envelope = try parse(Resource.bytes("wire/edge.\(expected.file).json"))
        #expect(envelope.type == expected.type)
        #expect(envelope.timestamp == expected.timestamp)
        #expect(envelope.instanceID == expected.instance)
        #expect(envelope.subject == expected.subject)
    }

    @Test(
        arguments: [
            (#"{"type":"t","data":{"id":"a"}}"#, "a"),
            (#"{"data":{"n":[{"id":"b"}],"id":"a","z":{"id":"b"}},"type":"t"}"#, "a"),
            (#" { "d\u0061ta" : { "\u0069d" : "a" } , "type" : "t" } "#, "a"),
            // Of a repeated key the last one counts, whatever it holds.
            (#"{"type":"t","data":{"id":"b","id":"a"}}"#, "a"), (#"{"type":"t","data":{"id":"a","id":1}}"#, nil),
            (#"{"type":"t","data":{"id":"b"},"data":{"id":"a"}}"#, "a"),
            (#"{"type":"t","data":{"id":"a"},"data":{}}"#, nil), (#"{"type":"t","data":{"id":"a"},"data":null}"#, nil),
            // An id elsewhere is none of `data`.
            (#"{"type":"t","id":"a","x":{"id":"a"},"data":{"n":1}}"#, nil),
            (#"{"type":"t","x":{"id":"a"},"data":1}"#, nil),
            (#"{"type":"t","data":[{"id":"a"}]}"#, nil), (#"{"type":"t","data":{"x":{"id":"a"}}}"#, nil),
            (#"{"type":"t","data":{"x":[],"y":{}},"x":{"id":"a"}}"#, nil),
            (#"{"type":"t","data":{"Id":"a","id2":"a"}}"#, nil),
        ] as [(String, String?)])
    func findsTheSubject(text: String, subject: String?) throws {
        #expect(try parse(text).subject == subject)
    }

    @Test func refusesBodiesThatAreNoEvents() throws {
        let mark = #expect(throws: InvalidPayload.self) {
            try parse(Resource.bytes("wire/edge.raw.bom.txt"))
        }
        guard case .notJSON(let error) = mark?.code else {
            Issue.record("a byte order mark is no JSON")
            return
        }
        #expect(error.offset == 0)
        let transformed = #expect(throws: InvalidPayload.self) {
            try parse(Resource.bytes("wire/edge.transformed.inngest-style.json"))
        }
        #expect(transformed?.code == .missingType)
    }

    @Test(
        arguments: [
            ("[]", .notAnObject), ("null", .notAnObject), ("\"type\"", .notAnObject),
            (#"[{"type":"a"}]"#, .notAnObject),
            ("{}", .missingType), (#"{"type":null}"#, .missingType), (#"{"type":1}"#, .missingType),
            (#"{"type":["a"]}"#, .missingType), (#"{"Type":"a"}"#, .missingType),
            (#"{"data":{"type":"a"}}"#, .missingType),
            (#"{"type":"a","type":1}"#, .missingType), (#"{"type":"a","\u0074ype":1}"#, .missingType),
            (#"{"type":""}"#, .emptyType), (#"{"type":"a","type":""}"#, .emptyType),
        ] as [(String, InvalidPayload.Code)])
    func refuses(text: String, code: InvalidPayload.Code) throws {
        let error = #expect(throws: InvalidPayload.self) { try parse(text) }
        #expect(error?.code == code)
    }

    @Test func refusesWhatIsNoJSON() throws {
        for text in ["", "type=a", #"{"type":"a"},"#, #"{"type":"a""#, #"{"type":"a"}{"type":"a"}"#] {
            let error = #expect(throws: InvalidPayload.self) { try parse(text) }
            guard case .notJSON = error?.code else {
                Issue.record("\(text)")
                continue
            }
        }
    }

    @Test func limitsAttributes() throws {
        let limit = Envelope.maximumAttributeLength
        let longest = String(repeating: "t", count: limit)
        let envelope = try parse(#"{"type":"\#(longest)","instance_id":"\#(longest)","data":{"id":"\#(longest)"}}"#)
        #expect(envelope.type == longest)
        #expect(envelope.instanceID == longest)
        #expect(envelope.subject == longest)
        let error = #expect(throws: InvalidPayload.self) { try parse(#"{"type":"\#(longest)t"}"#) }
        #expect(error?.code == .typeTooLong)
        let short = try parse(#"{"type":"t","instance_id":"\#(longest)i","data":{"id":"\#(longest)i"}}"#)
        #expect(short.instanceID == nil)
        #expect(short.subject == nil)
    }

    @Test(
        arguments: [
            ("1744276400012", 1_744_276_400_012), ("1716883200", 1_716_883_200_000), ("0", 0), ("-0", 0), ("-1", -1000),
            ("99999999999", 99_999_999_999_000), ("100000000000", 100_000_000_000), ("-100000000000", -100_000_000_000),
            ("-99999999999", nil), ("1716883200.5", 1_716_883_200_500), ("1716883200.0004", 1_716_883_200_000),
            ("1716883200.0006", 1_716_883_200_001), ("1744276400012.0", 1_744_276_400_012),
            ("1.744276400012e12", 1_744_276_400_012), ("1e9", 1_000_000_000_000),
            ("253402300799999", 253_402_300_799_999), ("253402300800000", nil),
            ("-62135596800000", -62_135_596_800_000),
            ("-62135596800001", nil), ("9223372036854775807", nil), ("9223372036854775808", nil), ("1e400", nil),
            ("-1e400", nil), ("null", nil), ("true", nil), (#""1744276400012""#, nil), ("[1744276400012]", nil),
            ("{}", nil),
        ] as [(String, Int64?)])
    func readsTimestamps(number: String, expected: Int64?) throws {
        #expect(try parse(#"{"type":"a","timestamp":\#(number)}"#).timestamp == expected)
    }

    @Test(
        arguments: [
            (#"{"type":"a"}"#, nil, nil, nil), (#"{"type":"a","data":null}"#, nil, nil, "null"),
            (#"{"type":"a","data":"id"}"#, nil, nil, #""id""#),
            (#"{"type":"a","data":[{"id":"x"}]}"#, nil, nil, #"[{"id":"x"}]"#),
            (#"{"type":"a","data": {"id":5} }"#, nil, nil, #"{"id":5}"#),
            (#"{"type":"a","data":{"id":""}}"#, nil, nil, #"{"id":""}"#),
            (#"{"type":"a","data":{"o":{"id":"x"}}}"#, nil, nil, #"{"o":{"id":"x"}}"#),
            (#"{"type":"a","data":{"id":"x","id":"y"}}"#, nil, "y", #"{"id":"x","id":"y"}"#),
            (#"{"type":"a","data":{"id":"x"},"data":1}"#, nil, nil, "1"),
            (#"{"type":"a","instance_id":""}"#, nil, nil, nil), (#"{"type":"a","instance_id":7}"#, nil, nil, nil),
            (#"{"type":"a","instance_id":"\u0069ns"}"#, "ins", nil, nil),
        ] as [(String, String?, String?, String?)])
    func readsOptionalMembers(text: String, instance: String?, subject: String?, data: String?) throws {
        let envelope = try parse(text)
        #expect(envelope.instanceID == instance)
        #expect(envelope.subject == subject)
        #expect(envelope.dataRange.map { String(decoding: Array(text.utf8)[$0], as: UTF8.self) } == data)
    }

    @Test func readsEscapedAndRepeatedTypes() throws {
        #expect(try parse(#"{"type":"a","\u0074ype":"b\u002ec"}"#).type == "b.c")
        #expect(try parse(#"{"type":1,"type":"b"}"#).type == "b")
        #expect(try parse(#"{"type":"\ud800"}"#).type == "\u{FFFD}")
    }

    /// Errors go into the log: nothing of the body may be in them.
    @Test func errorsQuoteNothing() throws {
        for text in [#"{"type":"a" "secret"}"#, #"{"secret":1}"#, #""secret""#] {
            let error = #expect(throws: InvalidPayload.self) { try parse(text) }
            #expect(error.map { "\($0)".contains("secret") } == false)
        }
    }
}
