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
            subject: body.attribute(members.dataID),
            dataRange: members.data)
    }

    /// Checks that a body is a JSON object, and finds the members that most senders have.
    @discardableResult
    static func validate(_ body: RawSpan) throws(InvalidPayload) -> EnvelopeMembers {
        var members = EnvelopeMembers()
        do throws(JSONError) {
            try JSONScanner.validate(body) { members.take($1, in: $0) }
        } catch {
            throw InvalidPayload(.notJSON(error))
        }
        guard body.byte(body.skippingWhiteSpace(0)) == UInt8(ascii: "{") else { throw InvalidPayload(.notAnObject) }
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

/// Where the envelope's members are: of each the last one, where its key is repeated.
struct EnvelopeMembers {
    private(set) var type: Range<Int>?
    private(set) var timestamp: Range<Int>?
    private(set) var instanceID: Range<Int>?
    private(set) var data: Range<Int>?
    /// The member `id` of the last `data`.
    private(set) var dataID: Range<Int>?
    /// The member `id` of the object that is being read, which may turn out to be `data`.
    private var innerID: Range<Int>?

    /// Takes in a member of the body, or of an object within.
    mutating func take(_ member: JSONScanner.Member, in body: RawSpan) {
        guard member.depth == 1 else {
            if body.string(member.key, is: "id") { innerID = member.value }
            return
        }
        if body.string(member.key, is: "type") {
            type = member.value
        } else if body.string(member.key, is: "data") {
            (data, dataID) = (member.value, innerID)
        } else if body.string(member.key, is: "timestamp") {
            timestamp = member.value
        } else if body.string(member.key, is: "instance_id") {
            instanceID = member.value
        }
        innerID = nil
    }
}
