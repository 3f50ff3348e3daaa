@testable import Webhooks

/// What destinations are sent. An input is a body.
enum NormaliserTarget {
    /// Normalised data can stand one level deeper than the body that it comes from.
    private static let maximumDepth = JSONScanner.maximumDepth + 1
    private static let userKeys = [
        "id", "external_id", "username", "first_name", "last_name", "email", "email_verified", "emails", "phone",
        "phone_verified", "image_url", "banned", "locked", "two_factor_enabled", "public_metadata", "unsafe_metadata",
        "created_at", "updated_at", "last_sign_in_at",
    ]

    static func run(_ body: [UInt8]) {
        guard let envelope = try? Envelope.parse(body.span.bytes) else {
            // A sender that has the type in a header needs no `type` in the body.
            if case .event(let envelope, _)? = try? SignatureScheme.github.event.read(body.span.bytes, type: "push") {
                check(event(envelope, body), isData: false)
            }
            return
        }
        check(event(envelope, body), isData: envelope.dataRange != nil)
    }

    private static func event(_ envelope: Envelope, _ body: [UInt8]) -> Event {
        Event(
            source: "a source", id: "msg_1", type: envelope.type, subject: envelope.subject,
            time: envelope.timestamp ?? 1_700_000_000_000, contentType: nil, signedTimestamp: 1_700_000_000,
            traceparent: nil, body: body)
    }

    private static func rendered(_ event: Event, _ format: PayloadFormat) -> RenderedPayload {
        unwrap("what the front door accepts can be delivered as \(format.rawValue)") {
            try event.rendered(as: format)
        }
    }

    private static func check(_ event: Event, isData: Bool) {
        require(rendered(event, .raw).body == event.body, "raw is to the letter")
        let (structured, binary) = (rendered(event, .cloudevents), rendered(event, .cloudeventsBinary))
        for payload in [structured, binary] {
            require(ReferenceJSON.accepts(payload.body, maximumDepth: maximumDepth), "what is sent is JSON")
        }
        guard let object = JSONValue(validated: structured.body).object else {
            fatalError("a CloudEvent is an object")
        }
        let attributes =
            ["specversion", "id", "source", "type"] + (event.subject == nil ? [] : ["subject"]) + ["time"]
        require(object.keys == attributes + ["datacontenttype", "data"], "the keys of a CloudEvent: \(object.keys)")
        require(object["type"]?.string == event.type, "the type goes through")
        require(object["subject"]?.string == event.subject, "the subject goes through")
        require(object["data"].map { Array($0.raw) } == binary.body, "data is the same in both modes")
        require(
            binary.headers.map(\.name) == attributes.map { "ce-" + $0 }, "the attributes are the same in both modes")
        for (name, value) in binary.headers {
            require(
                value.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") },
                "\(name) has visible ASCII only")
        }
        checkData(of: event, binary.body, isData: isData)
    }

    /// Data has all keys of its shape, whatever the sender has; without a shape it is to the letter.
    private static func checkData(of event: Event, _ data: [UInt8], isData: Bool) {
        let body = JSONValue(validated: event.body)
        let original = isData ? body.object?["data"] : body
        let shape = isData ? original?.object.flatMap { Shape.of(type: event.type, data: $0) } : nil
        if let shape {
            require(JSONValue(validated: data).object?.keys == shape.fields.map(\.key), "all keys of the shape")
        } else {
            require(original.map { Array($0.raw) } == data, "data without a shape is to the letter")
        }
        if ["user.created", "user.updated"].contains(event.type), original?.object != nil, isData {
            require(JSONValue(validated: data).object?.keys == userKeys, "all keys of a user, and no others")
        }
    }
}
