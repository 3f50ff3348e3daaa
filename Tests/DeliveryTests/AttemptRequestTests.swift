import Curl
import EventLedger
import FoundationEssentials
import GatewayConfiguration
import Testing
import Webhooks

@testable import Delivery

@Suite struct AttemptRequestTests {
    static let body = Array(
        #"{"type":"user.deleted","timestamp":1654012591835,"instance_id":"ins_1","data":{"id":"user_1","deleted":true}}"#
            .utf8)
    static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func delivery(
        attempt: Int = 3, contentType: String? = "application/json; charset=utf-8", traceparent: String? = trace,
        body: [UInt8] = body
    ) -> LeasedDelivery {
        .sample(
            event: Event(
                source: "clerk", id: "msg_1", type: "user.deleted", subject: "user_1", time: 1_654_012_591_835,
                contentType: contentType, signedTimestamp: 1_700_000_000, traceparent: traceparent, body: body),
            attempt: attempt)
    }

    private func headers(_ request: HTTPRequest) -> [String: String] {
        Dictionary(request.headers.map { ($0.name, $0.value) }) { "\($0), \($1)" }
    }

    static let common = [
        "webhook-id": "msg_1", "idempotency-key": "msg_1", "oncegate-destination": "email", "oncegate-attempt": "3",
        "oncegate-source": "clerk", "traceparent": trace, "user-agent": userAgent,
    ]

    @Test func aCloudEvent() throws {
        let destination = Destination(name: "email", url: "http://email:3000/events?a=b")
        let request = try HTTPRequest(attempt: delivery(), to: destination, now: 0)
        #expect(request.url == "http://email:3000/events?a=b")
        #expect(request.method == .post)
        #expect(
            headers(request)
                == Self.common.merging(["content-type": "application/cloudevents+json; charset=utf-8"]) { $1 })
        struct CloudEvent: Decodable {
            let specversion, id, source, type, subject, time, datacontenttype: String
        }
        let event = try JSONDecoder().decode(CloudEvent.self, from: Data(request.body))
        #expect(event.specversion == "1.0")
        #expect(event.id == "msg_1")
        #expect(event.source == "/clerk/ins_1")
        #expect(event.type == "user.deleted")
        #expect(event.subject == "user_1")
        #expect(event.time == "2022-05-31T15:56:31.835Z")
        #expect(event.datacontenttype == "application/json")
    }

    @Test func aCloudEventInBinaryMode() throws {
        let destination = Destination(name: "email", url: "http://email/", payload: .cloudeventsBinary)
        let request = try HTTPRequest(attempt: delivery(), to: destination, now: 0)
        let attributes = [
            "content-type": "application/json", "ce-specversion": "1.0", "ce-id": "msg_1",
            "ce-source": "/clerk/ins_1", "ce-type": "user.deleted", "ce-subject": "user_1",
            "ce-time": "2022-05-31T15:56:31.835Z",
        ]
        #expect(headers(request) == Self.common.merging(attributes) { $1 })
        #expect(String(decoding: request.body, as: UTF8.self).contains(#""deleted":true"#))
    }

    @Test(arguments: ["application/json; charset=utf-8", nil])
    func theSendersOwnBytes(contentType: String?) throws {
        let destination = Destination(name: "email", url: "http://email/", payload: .raw)
        let request = try HTTPRequest(attempt: delivery(contentType: contentType), to: destination, now: 0)
        #expect(request.body == Self.body)
        #expect(
            headers(request)
                == Self.common.merging(["content-type": contentType ?? "application/json"]) { $1 })
    }

    /// What the gateway signs with, and what the service verifies with.
    static let keys = [
        (secret, secret),
        (
            Secret("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="),
            Secret("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")
        ),
    ]

    @Test(arguments: PayloadFormat.allCases, keys)
    func isSignedSoThatTheServiceCanVerify(payload: PayloadFormat, secrets: (ours: Secret, theirs: Secret)) throws {
        let key = try SigningKey(secrets.ours)
        let destination = Destination(name: "email", url: "http://email/", payload: payload, signingSecret: key)
        let request = try HTTPRequest(attempt: delivery(), to: destination, now: 1_700_000_123)
        let sent = headers(request)
        #expect(sent["webhook-timestamp"] == "1700000123")
        let signed = try SignatureHeaders { name in sent[name].map { [$0] } ?? [] }
        let verifier = Verifier(keys: [try VerificationKey(secrets.theirs)], tolerance: 300)
        let message = try verifier.verify(signed, body: request.body.span.bytes, now: 1_700_000_200)
        #expect(message.id == "msg_1")
        #expect(throws: VerificationFailure.wrongSignature) {
            try verifier.verify(signed, body: (request.body + [0x20]).span.bytes, now: 1_700_000_200)
        }
    }

    @Test func withoutASecretNothingIsSigned() throws {
        let request = try HTTPRequest(attempt: delivery(), to: Destination(name: "email", url: "http://e/"), now: 0)
        #expect(!request.headers.contains { ["webhook-timestamp", "webhook-signature"].contains($0.name) })
    }

    @Test func theDestinationsOwnHeadersComeAlong() throws {
        let destination = Destination(
            name: "email", url: "http://email/",
            headers: [Destination.Header(name: "Authorization", value: Secret("Bearer x"))])
        let request = try HTTPRequest(attempt: delivery(), to: destination, now: 0)
        #expect(headers(request)["Authorization"] == "Bearer x")
        #expect(!"\(request)".contains("Bearer"))
    }

    @Test(arguments: [(500, 500), (10_000, 10_000), (15_000, 10_000), (600_000, 10_000)])
    func connectingTakesNoLongerThanTheAttempt(timeout: Int, connect: Int) throws {
        let destination = Destination(name: "email", url: "http://email/", timeout: .milliseconds(timeout))
        let request = try HTTPRequest(attempt: delivery(), to: destination, now: 0)
        #expect(request.timeout == .milliseconds(timeout))
        #expect(request.connectTimeout == .milliseconds(connect))
    }

    @Test(arguments: ["", "[]", "1", "{"])
    func whatIsNoEventCannotBeSent(text: String) {
        let bad = delivery(body: Array(text.utf8))
        for payload in [PayloadFormat.cloudevents, .cloudeventsBinary] {
            #expect(throws: InvalidPayload.self) {
                try HTTPRequest(attempt: bad, to: Destination(name: "e", url: "http://e/", payload: payload), now: 0)
            }
        }
    }

    @Test func withoutATraceThereIsNoHeader() throws {
        let destination = Destination(name: "email", url: "http://email/")
        let request = try HTTPRequest(attempt: delivery(traceparent: nil), to: destination, now: 0)
        #expect(headers(request)["traceparent"] == nil)
    }
}
