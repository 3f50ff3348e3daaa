// The stable shapes of senders' data: one for each family of event types (see the README, "What a destination
// receives"). A family's keys are declared in its own file, in the order in which they are written.

extension JSONWriter {
    /// Writes an event's data in the shape of its type; the sender's own bytes, to the letter, where there is none.
    ///
    /// The data is the body's `data`, or the whole body of a sender that puts the type elsewhere, or has no `data`.
    /// The members must be those of the event's body.
    mutating func normalisedData(of event: Event, _ members: EnvelopeMembers) {
        let body = event.body  // a span may not outlive the access to a property of a class
        let bytes = body.span.bytes
        guard let range = members.data, bytes.text(members.type) == event.type else {
            return raw(JSONValue(document: body, range: bytes.textRange).raw)
        }
        let data = JSONValue(document: body, range: range)
        guard let object = data.object, let shape = Shape.of(type: event.type, data: object) else {
            return raw(data.raw)
        }
        shape.write(SenderObject(object: object, body: event.body), to: &self)
    }
}

extension Shape {
    /// The families whose `*.deleted` events are bare objects.
    private static let clerkFamilies: Set = [
        "user", "organization", "organizationDomain", "organizationMembership", "organizationInvitation", "session",
        "role", "permission",
    ]
    private static let deletedSuffix = ".deleted".utf8

    /// The shape of a type's data, or nil where the data is passed on as it came.
    static func of(type: String, data: JSONObject) -> Shape? {
        guard let dot = type.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let family = String(type[..<dot])
        let name = String(type[type.utf8.index(after: dot)...])
        if type.utf8.suffix(deletedSuffix.count).elementsEqual(deletedSuffix), data["deleted"]?.boolean == true {
            let isClerks = name == "deleted" && clerkFamilies.contains(family)
            return isClerks || data.isBareDeletion ? .deleted : nil
        }
        guard !name.utf8.contains(UInt8(ascii: ".")) else { return nil }
        switch (family, name) {
        case ("user", "created"), ("user", "updated"): return .user
        case ("session", _): return .session
        case ("organization", _): return .organization
        case ("organizationMembership", _): return .membership
        case ("organizationInvitation", _): return .invitation
        default: return nil
        }
    }
}
