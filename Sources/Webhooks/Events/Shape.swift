/// A normalised object: its keys in order, each with the rule that gives its value.
///
/// Every key is always written. Values are copied to the letter; what is absent or of another kind than declared is
/// null.
struct Shape: Sendable {
    /// One key and its rule.
    struct Field: Sendable {
        let key: String
        let write: @Sendable (SenderObject, inout JSONWriter) -> Void
    }

    let fields: [Field]

    init(_ fields: Field...) {
        self.fields = fields
    }

    func write(_ sender: SenderObject, to writer: inout JSONWriter) {
        writer.beginObject()
        for field in fields {
            writer.key(field.key)
            field.write(sender, &writer)
        }
        writer.endObject()
    }
}

/// What a rule reads: the sender's object, and the whole body for what stands beside `data`.
struct SenderObject: Sendable {
    /// The object, or nil where the sender has something else in its place.
    let object: JSONObject?
    /// The validated body that holds it.
    let body: [UInt8]

    subscript(key: String) -> JSONValue? { object?[key] }

    /// The same body, seen from a value within.
    func inside(_ value: JSONValue?) -> SenderObject { SenderObject(object: value?.object, body: body) }
}

extension Shape.Field {
    /// A value of one kind, to the letter. `name` is the sender's key where it differs.
    private static func copy(_ key: String, from name: String?, _ kind: JSONValue.Kind?) -> Self {
        Self(key: key) { sender, writer in
            guard let value = sender[name ?? key], kind == nil || value.kind == kind else { return writer.null() }
            writer.raw(value.raw)
        }
    }

    static func string(_ key: String, from name: String? = nil) -> Self { copy(key, from: name, .string) }
    static func boolean(_ key: String) -> Self { copy(key, from: nil, .boolean) }
    static func number(_ key: String) -> Self { copy(key, from: nil, .number) }

    /// Metadata and other values of the sender's own shape: any JSON value.
    static func anything(_ key: String) -> Self { copy(key, from: nil, nil) }

    /// A time: the sender's number of seconds or milliseconds as an RFC 3339 text.
    static func time(_ key: String) -> Self {
        Self(key: key) { sender, writer in
            guard let time = sender[key].flatMap(Timestamp.init(_:)) else { return writer.null() }
            writer.string(time.rfc3339)
        }
    }

    /// An object of a shape of its own, or null where the sender has no object.
    static func object(_ key: String, from name: String? = nil, _ shape: Shape) -> Self {
        Self(key: key) { sender, writer in
            let inner = sender.inside(sender[name ?? key])
            guard inner.object != nil else { return writer.null() }
            shape.write(inner, to: &writer)
        }
    }
}
