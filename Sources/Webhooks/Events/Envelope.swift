/// What a body says of its event, whoever the sender: a JSON object with a string `type`, and `data` within.
package struct Envelope: Sendable, Equatable {
    /// The longest `type`, `instance_id` and subject, in bytes of UTF-8.
    package static let maximumAttributeLength = 1024

    /// The event's type, such as `user.created`: 1 to 1,024 bytes, which may be any characters.
    package let type: String
    /// The sender's time of the event in milliseconds since 1970, within the years 0001 to 9999.
    ///
    /// Numbers below 10^11 in magnitude are read as seconds. Nil where `timestamp` is absent, no number or beyond.
    package let timestamp: Int64?
    /// The sender's `instance_id`. Nil where it is absent, no string, empty or longer than 1,024 bytes.
    package let instanceID: String?
    /// What the event is about: `data.id`. Nil where it is absent, no string, empty or longer than 1,024 bytes.
    package let subject: String?
    /// The bytes of `data` within the body, without white space around them, or nil where there is none.
    package let dataRange: Range<Int>?

    /// Validates a body and reads its envelope.
    ///
    /// Where a key is repeated, the last one counts. The bytes are read in place, and only the texts that are kept
    /// are copied.
    /// - Throws: ``InvalidPayload`` for what is no JSON object with a usable `type`.
    package static func parse(_ body: RawSpan) throws(InvalidPayload) -> Envelope {
        let members = try validate(body)
        return Envelope(
            type: try checked(type: body.text(members.type)),
            timestamp: members.timestamp.flatMap { Timestamp(number: $0, in: body)?.milliseconds },
            instanceID: body.attribute(members.instanceID),
            subject: body.attribute(members.data.flatMap { body.lastMember("id", of: $0) }),
            dataRange: members.data)
    }

    /// Checks that a body is a JSON object, and finds the members that most senders have.
    @discardableResult
    static func validate(_ body: RawSpan) throws(InvalidPayload) -> EnvelopeMembers {
        do throws(JSONError) {
            try JSONScanner.validate(body)
        } catch {
            throw InvalidPayload(.notJSON(error))
        }
        guard let members = EnvelopeMembers(in: body) else { throw InvalidPayload(.notAnObject) }
        return members
    }

    /// The type of an event, if it is one.
    static func checked(type: String?) throws(InvalidPayload) -> String {
        guard let type else { throw InvalidPayload(.missingType) }
        guard !type.isEmpty else { throw InvalidPayload(.emptyType) }
        guard type.utf8.count <= maximumAttributeLength else { throw InvalidPayload(.typeTooLong) }
        return type
    }
}

/// Where the envelope's members are.
struct EnvelopeMembers {
    var type: Range<Int>?
    var timestamp: Range<Int>?
    var instanceID: Range<Int>?
    var data: Range<Int>?

    init?(in body: RawSpan) {
        guard body.byte(body.skippingWhiteSpace(0)) == UInt8(ascii: "{"),
            var cursor = JSONCursor(at: body.skippingWhiteSpace(0), in: body)
        else { return nil }
        while let (key, value) = cursor.next(in: body) {
            if body.string(key, is: "type") {
                type = value
            } else if body.string(key, is: "data") {
                data = value
            } else if body.string(key, is: "timestamp") {
                timestamp = value
            } else if body.string(key, is: "instance_id") {
                instanceID = value
            }
        }
    }
}
