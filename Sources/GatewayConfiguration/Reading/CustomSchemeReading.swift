import Webhooks

extension Reading {
    private static let schemeKeys = [
        "algorithm", "encoding", "header", "prefix", "content", "timestamp", "id", "type",
    ]
    private static let schemeExample =
        "hmac: { header: x-signature, content: \"{timestamp}.{body}\", timestamp: x-timestamp, id: { json: id } }"

    /// The scheme of a source: the one that is named, or the one that `hmac` describes. Nil, with a report, where it is
    /// unusable.
    func scheme(_ source: Fields) -> SignatureScheme? {
        let entry = source.entry(SignatureScheme.custom)
        guard source.entry("scheme") != nil else {
            if let entry { refuse(description: entry) }
            return .svix
        }
        let named = source.choice("scheme", names: SignatureScheme.names) { name -> SignatureScheme?? in
            name == SignatureScheme.custom ? .some(nil) : SignatureScheme.named(name).map { .some($0) }
        }
        switch named {
        case nil: return nil
        case .some(let scheme?):
            if let entry { refuse(description: entry) }
            return scheme
        case .some(nil):
            guard let entry else {
                source.problem(
                    source.place(of: SignatureScheme.custom),
                    "\(source.name) does not say how it signs; expected for example `\(Self.schemeExample)`")
                return nil
            }
            return customScheme(entry)
        }
    }

    private func refuse(description entry: YAMLNode.Entry) {
        report.problem(
            entry.keyPlace, "`\(entry.key)` describes a scheme that is not in use; add `scheme: hmac`, or leave it out")
    }

    private func customScheme(_ entry: YAMLNode.Entry) -> SignatureScheme? {
        guard
            let fields = Fields(
                entry.value, name: "`hmac`", keys: Self.schemeKeys, example: Self.schemeExample, reading: self)
        else { return nil }
        let header = schemeHeader(fields)
        let id = place(fields, "id", example: "id: { header: x-event-id }", isRequired: true)
        let type = place(fields, "type", example: "type: { json: type }", isRequired: false)
        let timestamp = headerName(fields, "timestamp", example: "x-timestamp")
        let content = fields.entry("content").flatMap { _ in schemeContent(fields) }
        let prefix = fields.value(
            "prefix", expected: "up to 64 visible ASCII characters, such as `sha256=`", example: "\"sha256=\""
        ) { $0.utf8.count <= 64 && $0.utf8.allSatisfy(ASCII.isVisible) ? $0 : nil }
        let algorithm = fields.choice("algorithm", HMACAlgorithm.self)
        let encoding = fields.choice("encoding", SignatureEncoding.self)
        guard let header, let id else { return nil }
        var scheme = CustomScheme(header: header, id: id)
        scheme.timestamp = timestamp
        if let type { scheme.type = type }
        if let content { scheme.content = content }
        if let prefix { scheme.prefix = prefix }
        if let algorithm { scheme.algorithm = algorithm }
        if let encoding { scheme.encoding = encoding }
        check(scheme, fields)
        return scheme.scheme
    }

    /// Checks that what is signed and what is sent with it agree.
    private func check(_ scheme: CustomScheme, _ fields: Fields) {
        let place = fields.entry("content")?.value.place ?? fields.place
        if scheme.content.hasTimestamp, fields.entry("timestamp") == nil {
            fields.problem(
                place,
                "`content` has `{timestamp}`, but no `timestamp` names its header, such as `timestamp: x-timestamp`")
        }
        if let timestamp = fields.entry("timestamp"), !scheme.content.hasTimestamp {
            fields.problem(
                timestamp.value.place,
                "`timestamp` is not part of `content`, so that anyone could change it; "
                    + "expected `{timestamp}` in `content`, or no `timestamp`")
        }
        if case .json = scheme.id, scheme.content.hasID {
            fields.problem(place, "`content` has `{id}`, but the id is in the body; expected `id: { header: … }`")
        }
        if case .header = scheme.id, !scheme.content.hasID, let id = fields.entry("id") {
            fields.warning(
                id.value.place,
                "the id is not part of `content`: whoever gets hold of a signed request can send it under another id")
        }
    }

    private func schemeHeader(_ fields: Fields) -> String? {
        guard fields.entry("header") != nil else {
            fields.problem(
                fields.place(of: "header"),
                "`hmac` does not say which header the signature is in; "
                    + "expected for example `header: x-signature`")
            return nil
        }
        return headerName(fields, "header", example: "x-signature")
    }

    private func headerName(_ fields: Fields, _ key: String, example: String) -> String? {
        fields.value(key, expected: "the name of a header, such as `\(example)`", example: example) {
            Self.isToken($0) ? ASCII.lowercased($0) : nil
        }
    }

    private func schemeContent(_ fields: Fields) -> SignedContent? {
        guard let field = fields.text("content", example: "\"{timestamp}.{body}\"") else { return nil }
        do {
            return try SignedContent(template: field.text)
        } catch {
            let shown =
                field.wasReplaced ? "`content`, taken from \(field.shown)," : "`content` is \(field.shown), which"
            report.problem(field.place, "\(shown) \(error); expected for example `{timestamp}.{body}`")
            return nil
        }
    }

    /// A place in a header or in the body: `{ header: NAME }` or `{ json: PATH }`.
    private func place(
        _ fields: Fields, _ key: String, example: String, isRequired: Bool
    ) -> CustomScheme.Place? {
        guard let entry = fields.entry(key) else {
            if isRequired {
                fields.problem(
                    fields.place(of: key),
                    "`hmac` does not say where the \(key) of an event is; expected for example `\(example)`")
            }
            return nil
        }
        guard
            let place = Fields(
                entry.value, name: "`\(key)`", keys: ["header", "json"], example: example, reading: self)
        else { return nil }
        switch (place.entry("header"), place.entry("json")) {
        case (_?, nil): return headerName(place, "header", example: "x-event-\(key)").map { .header($0) }
        case (nil, _?):
            return place.value(
                "json", expected: "keys with dots between them, such as `data.id`", example: "data.id"
            ) { JSONPath(parsing: $0) }.map { .json($0) }
        case (nil, nil), (_?, _?):
            report.problem(
                entry.value.place, "`\(key)` is in one place; expected `{ header: NAME }` or `{ json: PATH }`")
            return nil
        }
    }
}
