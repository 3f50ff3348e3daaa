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
        do throws(JSONError) {
            try JSONScanner.validate(body)
        } catch {
            throw InvalidPayload(.notJSON(error))
        }
        guard let members = EnvelopeMembers(in: body) else { throw InvalidPayload(.notAnObject) }
        guard let type = body.text(members.type) else { throw InvalidPayload(.missingType) }
        guard !type.isEmpty else { throw InvalidPayload(.emptyType) }
        guard type.utf8.count <= maximumAttributeLength else { throw InvalidPayload(.typeTooLong) }
        return Envelope(
            type: type,
            timestamp: members.timestamp.flatMap { Timestamp(number: $0, in: body)?.milliseconds },
            instanceID: body.attribute(members.instanceID),
            subject: body.attribute(members.data.flatMap { body.lastMember("id", of: $0) }),
            dataRange: members.data)
    }
}

/// Where the envelope's members are.
private struct EnvelopeMembers {
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

extension RawSpan {
    /// The value of an object's key, the last one where it is repeated; nil where there is none, and for no object.
    fileprivate func lastMember(_ name: String, of object: Range<Int>) -> Range<Int>? {
        guard byte(object.lowerBound) == UInt8(ascii: "{"),
            var cursor = JSONCursor(at: object.lowerBound, in: self)
        else { return nil }
        var found: Range<Int>?
        while let (key, value) = cursor.next(in: self) {
            if string(key, is: name) { found = value }
        }
        return found
    }

    /// The text of a value, or nil where it is no string.
    fileprivate func text(_ range: Range<Int>?) -> String? {
        range.flatMap { byte($0.lowerBound) == UInt8(ascii: "\"") ? string($0) : nil }
    }

    /// The text of a value, or nil where it is no string that an attribute can hold.
    fileprivate func attribute(_ range: Range<Int>?) -> String? {
        text(range).flatMap { (1...Envelope.maximumAttributeLength).contains($0.utf8.count) ? $0 : nil }
    }
}
