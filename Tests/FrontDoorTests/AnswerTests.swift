import FoundationEssentials
import NIOHTTP1
import Testing

@testable import FrontDoor

@Suite struct AnswerTests {
    struct Case: Sendable {
        let answer: Answer
        let status: UInt
        let body: String
        var header: [String] = []
    }

    @Test(arguments: [
        Case(answer: .accepted(id: "msg_1"), status: 202, body: #"{"status":"accepted","id":"msg_1"}"#),
        Case(answer: .duplicate(id: "msg_1"), status: 200, body: #"{"status":"duplicate","id":"msg_1"}"#),
        Case(answer: .ignored(id: "msg_1"), status: 202, body: #"{"status":"ignored","id":"msg_1"}"#),
        Case(answer: .missingHeaders, status: 400, body: #"{"error":"Missing headers"}"#),
        Case(answer: .invalidSignature, status: 400, body: #"{"error":"Invalid signature"}"#),
        Case(
            answer: .invalidPayload, status: 400, body: #"{"error":"Invalid payload"}"#,
            header: ["webhook-delivery", "abort-message"]),
        Case(answer: .malformed, status: 400, body: #"{"error":"Malformed request"}"#),
        Case(answer: .notFound, status: 404, body: #"{"error":"Not found"}"#),
        Case(
            answer: .methodNotAllowed, status: 405, body: #"{"error":"Method not allowed"}"#, header: ["allow", "POST"]),
        Case(answer: .forbidden, status: 403, body: #"{"error":"Forbidden"}"#),
        Case(answer: .targetTooLong, status: 414, body: #"{"error":"URI too long"}"#),
        Case(answer: .tooSlow, status: 408, body: #"{"error":"Request timeout"}"#),
        Case(answer: .bodyTooLarge, status: 413, body: #"{"error":"Body too large"}"#),
        Case(answer: .headersTooLarge, status: 431, body: #"{"error":"Headers too large"}"#),
        Case(
            answer: .unavailable, status: 503, body: #"{"error":"Temporarily unavailable"}"#,
            header: ["retry-after", "5"]),
    ])
    func saysWhatTheContractSays(_ row: Case) {
        #expect(row.answer.status.code == row.status)
        #expect(row.answer.body == row.body)
        #expect(row.answer.headers.flatMap { [$0.0, $0.1] } == row.header)
    }

    /// Every id that the verifier lets through, in one text: all visible ASCII but the dot.
    static let everything = String(decoding: (0x21...0x7E).filter { $0 != 0x2E }, as: UTF8.self)

    @Test(arguments: ["msg_1", "\"", "\\", "\\\"", "a\"b\\c", "\\u0041", "</script>", everything])
    func anyIdMakesJSON(id: String) throws {
        for answer in [Answer.accepted(id: id), .duplicate(id: id), .ignored(id: id)] {
            let read = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
            #expect(read["id"] == id)
            #expect(read.count == 2)
        }
    }
}
