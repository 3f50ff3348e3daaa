extension Shape {
    /// `user.created`, `user.updated`, and the user within `session.*`.
    static let user = Shape(
        .string("id"),
        .string("external_id"),
        .string("username"),
        .string("first_name"),
        .string("last_name"),
        .primary("email", .email),
        .primaryVerified("email_verified", .email),
        .all("emails", .email),
        .primary("phone", .phone),
        .primaryVerified("phone_verified", .phone),
        .string("image_url"),
        .boolean("banned"),
        .boolean("locked"),
        .boolean("two_factor_enabled"),
        .anything("public_metadata"),
        .anything("unsafe_metadata"),
        .time("created_at"),
        .time("updated_at"),
        .time("last_sign_in_at"))
}

/// Where a user's addresses of one kind are.
private struct Contact {
    /// The key of an entry's normalised address.
    let name: String
    /// The key of the user's list of entries.
    let list: String
    /// The key of an entry's address.
    let address: String
    /// The key of the user's that names the primary entry.
    let primaryID: String

    static let email = Contact(
        name: "email", list: "email_addresses", address: "email_address", primaryID: "primary_email_address_id")
    static let phone = Contact(
        name: "phone", list: "phone_numbers", address: "phone_number", primaryID: "primary_phone_number_id")

    /// The entry whose id is the primary id, or nil: never another one, for that would be a guess.
    func primaryEntry(of user: SenderObject) -> SenderObject? {
        user[list]?.elements?.lazy.map(user.inside).first { isPrimary($0, of: user) }
    }

    func isPrimary(_ entry: SenderObject, of user: SenderObject) -> Bool {
        guard let id = entry["id"]?.string, let primary = user[primaryID]?.string else { return false }
        return id.utf8.elementsEqual(primary.utf8)
    }

    func isVerified(_ entry: SenderObject) -> Bool {
        entry.inside(entry["verification"])["status"]?.string == "verified"
    }
}

extension Shape.Field {
    /// The primary address, or null.
    fileprivate static func primary(_ key: String, _ contact: Contact) -> Self {
        Self(key: key) { user, writer in
            let address = contact.primaryEntry(of: user)?[contact.address]
            guard let address, address.kind == .string else { return writer.null() }
            writer.raw(address.raw)
        }
    }

    /// Whether the primary address is verified, or null where there is none.
    fileprivate static func primaryVerified(_ key: String, _ contact: Contact) -> Self {
        Self(key: key) { user, writer in
            guard let entry = contact.primaryEntry(of: user) else { return writer.null() }
            writer.boolean(contact.isVerified(entry))
        }
    }

    /// All addresses in the sender's order, or null where there is no list.
    fileprivate static func all(_ key: String, _ contact: Contact) -> Self {
        Self(key: key) { user, writer in
            guard let entries = user[contact.list]?.elements else { return writer.null() }
            let address = Shape(
                .string(contact.name, from: contact.address),
                .fact("verified", contact.isVerified),
                .fact("primary") { contact.isPrimary($0, of: user) })
            writer.beginArray()
            for entry in entries { address.write(user.inside(entry), to: &writer) }
            writer.endArray()
        }
    }

    private static func fact(_ key: String, _ holds: @escaping @Sendable (SenderObject) -> Bool) -> Self {
        Self(key: key) { sender, writer in writer.boolean(holds(sender)) }
    }
}
