/// Where senders put what the gateway needs to know of an event.
package enum EventLayout: Sendable, Hashable {
    /// `type`, `timestamp` and `data.id` of the body, as Clerk and Standard Webhooks have it; the id in a header.
    case standard
    /// In places of the provider's own.
    case provider(EventPlaces)
}

/// The places of one provider.
package struct EventPlaces: Sendable, Hashable {
    /// A question that is answered and is no event.
    package struct Challenge: Sendable, Hashable {
        /// The body's `type`.
        let type: String
        /// What is to be sent back.
        let value: JSONPath
    }

    /// The id of the event; nil where it has a header.
    var id: JSONPath?
    /// The type: the first of these that is there. None where it has a header.
    var type: [JSONPath] = []
    /// What is added to the type behind a dot, where it is there.
    var typeSuffix: JSONPath?
    /// What the event is about: the first of these that is there.
    var subject: [JSONPath] = []
    /// The sender's time of the event, in seconds or milliseconds.
    var time: JSONPath?
    /// The question that a sender asks before it sends events.
    var challenge: Challenge?
}

/// What a verified body is.
package enum VerifiedBody: Sendable, Equatable {
    /// An event, with its id in the body where it is not in a header.
    case event(Envelope, id: String?)
    /// A question, and the JSON object that answers it.
    case challenge(String)
}

extension EventLayout {
    /// The longest text that answers a question, in bytes.
    package static let maximumChallengeLength = 1024

    /// Validates a verified body and reads what the layout says.
    /// - Parameter type: the type in the headers, where the layout has it there.
    /// - Throws: ``InvalidPayload`` for what is no JSON object with a usable type, or has no id where it should.
    package func read(_ body: RawSpan, type: String?) throws(InvalidPayload) -> VerifiedBody {
        switch self {
        case .standard: return .event(try Envelope.parse(body), id: nil)
        case .provider(let places):
            try Envelope.validate(body)
            if let answer = places.answer(in: body) { return .challenge(answer) }
            let id = try places.id(in: body)
            return .event(try places.envelope(in: body, type: type), id: id)
        }
    }
}

extension EventPlaces {
    /// The answer to a question, or nil where the body is none.
    fileprivate func answer(in body: RawSpan) -> String? {
        guard let challenge, body.text(body.value(at: "type")) == challenge.type,
            let answer = body.text(body.value(at: challenge.value)),
            answer.utf8.count <= EventLayout.maximumChallengeLength
        else { return nil }
        var writer = JSONWriter(capacity: answer.utf8.count + 16)
        writer.beginObject()
        writer.key("challenge")  // one of the three forms that Slack takes
        writer.string(answer)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The id in the body: a text, or a whole number as it is written.
    fileprivate func id(in body: RawSpan) throws(InvalidPayload) -> String? {
        guard let id else { return nil }
        let value = body.value(at: id)
        guard let text = body.text(value) ?? body.digits(value) else { throw InvalidPayload(.missingID) }
        return text
    }

    fileprivate func envelope(in body: RawSpan, type header: String?) throws(InvalidPayload) -> Envelope {
        var name = header
        for path in type where name == nil { name = body.text(body.value(at: path)) }
        if let suffix = typeSuffix.flatMap({ body.text(body.value(at: $0)) }) { name? += ".\(suffix)" }
        var about: String?
        for path in subject where about == nil { about = body.attribute(body.value(at: path)) }
        return Envelope(
            type: try Envelope.checked(type: name),
            timestamp: time.flatMap { body.value(at: $0) }.flatMap { Timestamp(number: $0, in: body)?.milliseconds },
            instanceID: nil,
            subject: about,
            dataRange: body.textRange)
    }
}
