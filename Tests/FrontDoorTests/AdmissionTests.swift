import EventLedger
import NIOCore
import NIOHTTP1
import Telemetry
import TestSupport
import Testing
import Webhooks

@testable import FrontDoor

@Suite struct AdmissionTests {
    /// How a request differs from one that is as it should be.
    struct Request: Sendable {
        var family = "svix-"
        var id = "msg_1"
        var timestamp = String(TestDoor.now)
        var body = #"{"type":"user.created","data":{"id":"user_1"}}"#
        var sentBody: String?
        var secret = TestDoor.secret
        var without: String?
        var further: [(String, String)] = []

        func headers() throws -> HTTPHeaders {
            let signature = try SigningKey(secret).signature(
                id: id, timestamp: timestamp, body: Array(body.utf8).span.bytes)
            var headers = HTTPHeaders([
                ("Content-Type", "application/json"), (family + "id", id), (family + "timestamp", timestamp),
                (family + "signature", signature),
            ])
            if let without { headers.remove(name: without) }
            headers.add(contentsOf: further)
            return headers
        }
    }

    struct Case: Sendable {
        let request: Request
        let answer: Answer
        let outcome: EventOutcome
    }

    static let other = Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func decide(_ request: Request, now: Int64 = TestDoor.now) throws -> Admission {
        let plan = try DoorPlan(TestDoor.configuration(), metrics: Metrics(version: "test"))
        let source = try #require(plan.source(target: "/hook"))
        return Admission.decide(
            headers: try request.headers(), body: ByteBuffer(string: request.sentBody ?? request.body), source: source,
            plan: plan, now: now, trace: { "new trace" })
    }

    private func claimed(_ request: Request) throws -> NewEvent {
        guard case .claim(let event) = try decide(request) else { throw Refused() }
        return event
    }

    private struct Refused: Error {}

    @Test(arguments: [
        Case(request: Request(without: "svix-id"), answer: .missingHeaders, outcome: .missingHeaders),
        Case(request: Request(without: "svix-timestamp"), answer: .missingHeaders, outcome: .missingHeaders),
        Case(request: Request(without: "svix-signature"), answer: .missingHeaders, outcome: .missingHeaders),
        Case(
            request: Request(without: "svix-id", further: [("webhook-id", "msg_1")]), answer: .missingHeaders,
            outcome: .missingHeaders),
        Case(
            request: Request(further: [("svix-id", "msg_2")]), answer: .invalidSignature, outcome: .repeatedHeader),
        Case(request: Request(secret: other), answer: .invalidSignature, outcome: .invalidSignature),
        Case(
            request: Request(sentBody: #"{"type":"user.deleted"}"#), answer: .invalidSignature,
            outcome: .invalidSignature),
        Case(request: Request(timestamp: "now"), answer: .invalidSignature, outcome: .invalidTimestamp),
        Case(
            request: Request(timestamp: String(TestDoor.now - 301)), answer: .invalidSignature,
            outcome: .staleTimestamp),
        Case(
            request: Request(timestamp: String(TestDoor.now + 301)), answer: .invalidSignature,
            outcome: .staleTimestamp),
        Case(request: Request(id: "msg.1"), answer: .invalidSignature, outcome: .invalidID),
        Case(request: Request(body: ""), answer: .invalidPayload, outcome: .invalidPayload),
        Case(request: Request(body: "[]"), answer: .invalidPayload, outcome: .invalidPayload),
        Case(request: Request(body: "{}"), answer: .invalidPayload, outcome: .invalidPayload),
        Case(request: Request(body: #"{"type":1}"#), answer: .invalidPayload, outcome: .invalidPayload),
        Case(request: Request(body: #"{"type":"a"}x"#), answer: .invalidPayload, outcome: .invalidPayload),
        // What is not signed is not looked into.
        Case(
            request: Request(body: "[]", secret: other), answer: .invalidSignature, outcome: .invalidSignature),
    ])
    func refuses(_ row: Case) throws {
        guard case .refuse(let answer, let outcome) = try decide(row.request) else { throw Refused() }
        #expect(answer == row.answer)
        #expect(outcome == row.outcome)
    }

    @Test(arguments: ["svix-", "webhook-"])
    func claimsWhatIsSigned(family: String) throws {
        let event = try claimed(Request(family: family, further: [("traceparent", Self.trace)]))
        #expect(event.reference == EventReference(source: "clerk", id: "msg_1"))
        #expect(event.head.type == "user.created")
        #expect(event.head.subject == "user_1")
        #expect(event.head.contentType == "application/json")
        #expect(event.head.traceparent == Self.trace)
        #expect(event.head.signedTimestamp == TestDoor.now)
        #expect(String(buffer: event.body) == Request().body)
        #expect(event.targets.map(\.name) == ["email"])
    }

    @Test func aTraceThatIsNoneIsReplaced() throws {
        #expect(try claimed(Request()).head.traceparent == "new trace")
        #expect(try claimed(Request(further: [("traceparent", "00-0-0-0")])).head.traceparent == "new trace")
    }

    @Test func whatNoRouteTakesGoesNowhere() throws {
        #expect(try claimed(Request(body: #"{"type":"session.created"}"#)).targets.isEmpty)
    }

    @Test func theNamesOfHeadersKnowNoCase() throws {
        #expect(try claimed(Request(family: "Svix-")).reference.id == "msg_1")
    }
}
