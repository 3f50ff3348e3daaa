extension Shape {
    /// `session.*`.
    static let session = Shape(
        .string("id"),
        .string("user_id"),
        .string("client_id"),
        .string("status"),
        .anything("actor"),
        .object("user", .user),
        .request("client_ip"),
        .request("user_agent"),
        .time("created_at"),
        .time("updated_at"),
        .time("last_active_at"),
        .time("expire_at"),
        .time("abandon_at"))
}

extension Shape.Field {
    /// What the envelope says of the HTTP request behind the event; the empty string means that there was none.
    fileprivate static func request(_ key: String) -> Self {
        Self(key: key) { sender, writer in
            let event = sender.inside(JSONValue(validated: sender.body))
            let request = event.inside(event.inside(event["event_attributes"])["http_request"])
            guard let value = request[key], value.kind == .string, !value.isEmptyString else { return writer.null() }
            writer.raw(value.raw)
        }
    }
}
