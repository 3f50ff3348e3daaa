import Foundation
import Testing
import Webhooks

@Suite struct RenderingTests {
    @Test func namesOfFormats() {
        #expect(PayloadFormat.allCases.map(\.rawValue) == ["cloudevents", "cloudevents-binary", "raw"])
    }

    @Test func structuredMode() throws {
        let payload = try event(Resource.bytes("wire/spec.user.created.json")).rendered(as: .cloudevents)
        #expect(payload.contentType == "application/cloudevents+json; charset=utf-8")
        #expect(payload.headers.isEmpty)
    }

    @Test func binaryMode() throws {
        let payload = try event(Resource.bytes("wire/edge.envelope.timestamp-seconds.json")).rendered(
            as: .cloudeventsBinary)
        #expect(payload.contentType == "application/json")
        #expect(
            payload.headers.map { "\($0.name): \($0.value)" } == [
                "ce-specversion: 1.0", "ce-id: msg_2vXCR8ZEPVwj3kXoH7TeRMIjD8b",
                "ce-source: /clerk/ins_2vU3HasSampBHC34ALRB7V537sL", "ce-type: user.deleted",
                "ce-subject: user_2vX1EOk3ZYoE3yA1Rvs8rtMFnl3", "ce-time: 2024-05-28T08:00:00.000Z",
            ])
        let data = #"{"id":"user_2vX1EOk3ZYoE3yA1Rvs8rtMFnl3","external_id":null,"slug":null,"deleted":true}"#
        #expect(text(payload.body) == data)
    }

    /// The sender's bytes are not even parsed.
    @Test(arguments: ["edge.raw.bom.txt", "edge.raw.whitespace.json", "edge.raw.numbers.json"])
    func rawMode(name: String) throws {
        let body = try Resource.bytes("wire/\(name)")
        let payload = try event(body, contentType: "text/plain; charset=utf-8").rendered(as: .raw)
        #expect(payload.body == body)
        #expect(payload.contentType == "text/plain; charset=utf-8")
        #expect(payload.headers.isEmpty)
        #expect(try event(body).rendered(as: .raw).contentType == "application/json")
    }

    @Test func attributesThatAreAbsent() throws {
        let bare = event(Array(#"{"type":"a.b"}"#.utf8))
        #expect(
            text(try bare.rendered(as: .cloudevents).body)
                == #"{"specversion":"1.0","id":"msg_2vXCR8ZEPVwj3kXoH7TeRMIjD8b","source":"/clerk","type":"a.b","#
                + #""time":"2025-04-10T09:13:14.000Z","datacontenttype":"application/json","data":{"type":"a.b"}}"#)
        #expect(
            try bare.rendered(as: .cloudeventsBinary).headers.map(\.name)
                == ["ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time"])
        let timeless = event(Array(#"{"type":"a"}"#.utf8), signedTimestamp: .max)
        #expect(try timeless.rendered(as: .cloudeventsBinary).headers.map(\.name).contains("ce-time") == false)
    }

    /// Whatever a sender puts into an attribute, the output is one JSON text, and a header is one line of visible ASCII.
    @Test(arguments: [
        (#"a\r\nb: c"#, #"a\r\nb: c"#, "a%0D%0Ab:%20c"),
        (#"\u0000\u001f\u007f"#, #"\u0000\u001f"# + "\u{7F}", "%00%1F%7F"),
        (#"\"\\\/\b\f\t%"#, #"\"\\/\b\f\t%"#, #"%22\/%08%0C%09%25"#),
        ("Euro € 😀", "Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
        (#"\ud83d\ude00\ud800"#, "😀\u{FFFD}", "%F0%9F%98%80%EF%BF%BD"),
    ])
    func hostileAttributes(spelling: String, json: String, header: String) throws {
        let body = #"{"type":"\#(spelling)","data":{"id":"\#(spelling)"}}"#
        let structured = try event(Array(body.utf8)).rendered(as: .cloudevents).body
        try JSONScanner.validate(structured.span.bytes)
        #expect(text(structured).contains(#""type":"\#(json)","subject":"\#(json)","time""#), "\(text(structured))")
        let headers = try event(Array(body.utf8)).rendered(as: .cloudeventsBinary).headers
        #expect(headers.filter { $0.name == "ce-type" || $0.name == "ce-subject" }.map(\.value) == [header, header])
        #expect(headers.allSatisfy { $0.value.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
    }

    /// `source` is a URI reference: an instance id is one segment of its path, and no more.
    @Test(arguments: [
        ("ins_1", "/clerk/ins_1", "/clerk/ins_1"),
        ("a/../b?c#d", "/clerk/a%2F..%2Fb%3Fc%23d", "/clerk/a%252F..%252Fb%253Fc%2523d"),
        ("a b%é", "/clerk/a%20b%25%C3%A9", "/clerk/a%2520b%2525%25C3%25A9"),
        ("-._~!$&'()*+,;=:@", "/clerk/-._~!$&'()*+,;=:@", "/clerk/-._~!$&'()*+,;=:@"),
    ])
    func sourceIsAURIReference(instance: String, source: String, header: String) throws {
        let event = event(Array(#"{"type":"a","instance_id":"\#(instance)"}"#.utf8))
        let object = try JSONValue(validating: event.rendered(as: .cloudevents).body).object
        #expect(object?["source"]?.string == source)
        #expect(try event.rendered(as: .cloudeventsBinary).headers.first { $0.name == "ce-source" }?.value == header)
    }

    /// A body is passed on whole, and never put into Clerk's shapes, where the type stands elsewhere.
    @Test(arguments: [
        (" {\"action\":\"member_added\",\"organization\":{\"id\":1}}\n", "organization.member_added"),
        (#"{"data":{"id":"user_1"},"type":"other"}"#, "user.created"), (#"{"event":1.0}"#, "user.deleted"),
    ])
    func wholeBodies(body: String, type: String) throws {
        let event = Event(
            source: "github", id: "1", type: type, subject: "s", time: 0, contentType: nil, signedTimestamp: 0,
            traceparent: nil, body: Array(body.utf8))
        let payload = try event.rendered(as: .cloudeventsBinary)
        #expect(text(payload.body) == body.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(payload.headers.first { $0.name == "ce-type" }?.value == type)
        #expect(payload.headers.first { $0.name == "ce-subject" }?.value == "s")
    }

    @Test(arguments: [PayloadFormat.cloudevents, .cloudeventsBinary])
    func refusesBodiesThatAreNoEvents(format: PayloadFormat) {
        for body in ["", "{", "[]", "1"] {
            #expect(throws: InvalidPayload.self) { try event(Array(body.utf8)).rendered(as: format) }
        }
    }
}
