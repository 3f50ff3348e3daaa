import Foundation
import NIOHTTP1
import Testing
import Webhooks

@Suite("What a destination receives")
struct DestinationRequestTests {
    private static let invoice =
        #"{"data":{"id":"inv_1","total":10.50,"big":12345678901234567890,"note":"\u00e9 \/ ü"},"instance_id":"ins_1","#
        + #""object":"event","timestamp":1654012591835,"type":"invoice.paid"}"#

    /// Delivers one event, and gives what the service received. The event is signed when the gateway is there, for a
    /// test may have to wait for its place.
    private func delivered(
        _ event: @autoclosure () -> SignedEvent, _ options: String,
        changing change: (inout RawRequest) -> Void = { _ in }
    ) async throws -> RecordingService.Request {
        var received: RecordingService.Request?
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email, options)]))
            var request = try event().request()
            change(&request)
            #expect(try await gateway.send(request).status == 202)
            received = try await email.waitForRequests(1)[0]
        }
        return try #require(received)
    }

    /// What every request carries, whatever its payload.
    private func expectCommonHeaders(_ request: RecordingService.Request, id: String) {
        let headers = request.headers
        #expect(request.method == .POST)
        #expect(request.target == "/events")
        #expect(headers["webhook-id"] == [id])
        #expect(headers["idempotency-key"] == [id])
        #expect(headers["oncegate-destination"] == ["email"])
        #expect(headers["oncegate-attempt"] == ["1"])
        #expect(headers["oncegate-source"] == ["clerk"])
        #expect(headers["traceparent"].count == 1)
        #expect(headers["content-length"] == ["\(request.body.count)"])
        #expect(headers.first(name: "user-agent")?.wholeMatch(of: /oncegate\/[0-9]+\.[0-9]+\.[0-9]+\S*/) != nil)
        // What libcurl would add by itself.
        #expect(headers["accept"] == [] || headers["accept"] == ["*/*"])
        #expect(headers["expect"] == [])
        // What the sender signed with is between the sender and the gateway.
        #expect(headers["svix-signature"] == [])
    }

    @Test("cloudevents: a CloudEvent in JSON, the data of an unknown type to the letter")
    func structured() async throws {
        let request = try await delivered(SignedEvent(id: "evt_1", body: Self.invoice), "payload: cloudevents")
        expectCommonHeaders(request, id: "evt_1")
        #expect(request.headers["content-type"] == ["application/cloudevents+json; charset=utf-8"])
        #expect(request.headers["webhook-signature"] == [])
        let expected =
            #"{"specversion":"1.0","id":"evt_1","source":"/clerk/ins_1","type":"invoice.paid","subject":"inv_1","#
            + #""time":"2022-05-31T15:56:31.835Z","datacontenttype":"application/json","#
            + #""data":{"id":"inv_1","total":10.50,"big":12345678901234567890,"note":"\u00e9 \/ ü"}}"#
        #expect(request.text == expected)
    }

    @Test("cloudevents: the data of a user is normalised")
    func normalised() async throws {
        let body = """
            {"type":"user.created","object":"event","timestamp":1654012591,"data":{"id":"user_1","first_name":"Ada",
            "primary_email_address_id":"idn_2","private_metadata":{"secret":true},"created_at":1654012591514,
            "email_addresses":[{"id":"idn_1","email_address":"a@example.org"},
            {"id":"idn_2","email_address":"b@example.org","verification":{"status":"verified"}}]}}
            """
        let request = try await delivered(SignedEvent(id: "evt_1", body: body), "")
        let event = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
        #expect(event["time"] as? String == "2022-05-31T15:56:31.000Z")
        #expect(event["subject"] as? String == "user_1")
        #expect(event["source"] as? String == "/clerk")
        let data = try #require(event["data"] as? [String: Any])
        #expect(data["email"] as? String == "b@example.org")
        #expect(data["email_verified"] as? Bool == true)
        #expect(data["created_at"] as? String == "2022-05-31T15:56:31.514Z")
        #expect(data["last_name"] is NSNull)
        #expect(data["phone"] is NSNull)
        #expect(data["private_metadata"] == nil)
    }

    @Test("cloudevents-binary: the attributes as headers, the data as body")
    func binary() async throws {
        let request = try await delivered(SignedEvent(id: "evt_1", body: Self.invoice), "payload: cloudevents-binary")
        expectCommonHeaders(request, id: "evt_1")
        #expect(request.headers["content-type"] == ["application/json"])
        let attributes = [
            "ce-specversion": "1.0", "ce-id": "evt_1", "ce-source": "/clerk/ins_1", "ce-type": "invoice.paid",
            "ce-subject": "inv_1", "ce-time": "2022-05-31T15:56:31.835Z",
        ]
        for (name, value) in attributes { #expect(request.headers[name] == [value]) }
        #expect(
            request.text == #"{"id":"inv_1","total":10.50,"big":12345678901234567890,"note":"\u00e9 \/ ü"}"#)
    }

    @Test("raw: the sender's bytes and content type, untouched", arguments: ["application/json; v=2", "text/plain"])
    func raw(contentType: String) async throws {
        let body = " {\"type\" : \"user.created\",\r\n\t\"data\":{\"private_metadata\":{\"x\":1e2}}}\n "
        let request = try await delivered(SignedEvent(id: "evt_1", body: body), "payload: raw") {
            $0["content-type"] = contentType
        }
        expectCommonHeaders(request, id: "evt_1")
        #expect(request.headers["content-type"] == [contentType])
        #expect(request.body == Array(body.utf8))
    }

    @Test("signing_secret: the gateway signs what it sends, at the time of the attempt")
    func signed() async throws {
        let secret = "whsec_ZGVzdGluYXRpb24tc2lnbmluZy1rZXktMTIzNA=="
        let request = try await delivered(
            SignedEvent(id: "evt_1", body: Self.invoice).moved(by: -200), #"signing_secret: "\#(secret)""#)
        let timestamp = try #require(request.headers.first(name: "webhook-timestamp"))
        let age = Date().timeIntervalSince1970 - (try #require(Double(timestamp)))
        #expect((-1...60).contains(age))
        let key = try SigningKey(Secret(secret))
        #expect(
            request.headers["webhook-signature"]
                == [key.signature(id: "evt_1", timestamp: timestamp, body: request.body.span.bytes)])
    }

    @Test("headers: what is configured is sent, with the values of the environment")
    func configuredHeaders() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let destination = Setup.Destination(
                "email", email, #"headers: { authorization: "Bearer ${SYSTEM_TEST_TOKEN}", x-tenant: "${NO_SUCH:-7}" }"#
            )
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [destination]), environment: ["SYSTEM_TEST_TOKEN": "t0ken: #x"])
            try await gateway.accept(SignedEvent())
            let headers = try await email.waitForRequests(1)[0].headers
            #expect(headers["authorization"] == ["Bearer t0ken: #x"])
            #expect(headers["x-tenant"] == ["7"])
        }
    }

    @Test(
        "traceparent: the sender's goes through, a wrong one is replaced, and it is the same on every attempt",
        arguments: [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", nil, "nonsense",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ])
    func trace(sent: String?) async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.status(500), .status(503), .status(200))
            let crm = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email), .init("crm", crm)]))
            var request = try SignedEvent(id: "evt_1").request()
            request["traceparent"] = sent
            #expect(try await gateway.send(request).status == 202)
            let attempts = try await email.waitForRequests(3)
            let other = try await crm.waitForRequests(1)
            #expect(attempts.map(\.attempt) == ["1", "2", "3"])
            #expect(attempts.map(\.id) == ["evt_1", "evt_1", "evt_1"])
            #expect(Set(attempts.map { $0.headers["idempotency-key"] }) == [["evt_1"]])
            let traces = Set((attempts + other).map { $0.headers["traceparent"] })
            #expect(traces.count == 1)
            let trace = try #require(traces.first?.first)
            #expect(trace.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/) != nil)
            if let sent, sent.hasPrefix("00-0af") { #expect(trace == sent) } else { #expect(trace != sent) }
        }
    }
}

@Suite("What a destination receives of real events")
struct RealEventTests {
    /// The bodies of the unit tests, and the CloudEvents that another program made of them.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../WebhooksTests/Resources").standardizedFileURL
    private static let id = "msg_2vXCR8ZEPVwj3kXoH7TeRMIjD8b"

    @Test("Every kind of event arrives byte for byte as expected, normalised and raw")
    func everyKind() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.appending(path: "expected").path)
        try #require(names.count > 50)
        try await Stage.with { stage in
            let (events, raw) = try await (stage.service(), stage.service())
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("events", events), .init("raw", raw, "payload: raw")]))
            for name in names {
                let body = try Data(contentsOf: Self.folder.appending(path: "wire/\(name)"))
                var event = SignedEvent(id: name.replacing(".", with: "-"))
                event.body = [UInt8](body)
                try await gateway.accept(event)
            }
            let rendered = try await events.waitForRequests(names.count)
            let untouched = try await raw.waitForRequests(names.count)
            for name in names {
                let id = name.replacing(".", with: "-")
                let expected = try String(contentsOf: Self.folder.appending(path: "expected/\(name)"), encoding: .utf8)
                #expect(rendered.first { $0.id == id }?.text == expected.replacing(Self.id, with: id), "\(name)")
                let body = try Data(contentsOf: Self.folder.appending(path: "wire/\(name)"))
                #expect(untouched.first { $0.id == id }?.body == [UInt8](body), "\(name)")
            }
        }
    }
}
