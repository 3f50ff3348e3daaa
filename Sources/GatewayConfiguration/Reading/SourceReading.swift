import Webhooks

extension Reading {
    private static let sourceKeys = ["path", "scheme", "hmac", "secrets", "tolerance", "allowed_addresses"]
    private static let secretsExample = "secrets: [\"${CLERK_WEBHOOK_SECRET}\"]"
    private static let sourceExample = "{ path: /webhooks/clerk, \(secretsExample) }"

    /// The sources, and the names of all that were written, unusable ones too, so that routes to them are not
    /// reported as well.
    func sources(_ top: Fields) -> (sources: [Source], names: [String]) {
        let example = "clerk: \(Self.sourceExample)"
        guard let entry = top.entry("sources") else {
            top.problem(
                top.place(of: "sources"), "no sources; expected at least one, such as `sources: { \(example) }`")
            return ([], [])
        }
        guard let entries = entries(entry.value, name: "`sources`", example: example) else { return ([], []) }
        if entries.isEmpty {
            report.problem(entry.value.place, "`sources` is empty; expected at least one, such as `\(example)`")
        }
        var sources: [Source] = []
        var paths: [String: String] = [:]
        for entry in entries where isName(entry, what: "source") {
            guard let (source, pathPlace) = source(entry) else { continue }
            if let other = paths[source.path] {
                report.problem(
                    pathPlace,
                    "the path of the source `\(source.name)` is that of the source `\(other)` too; "
                        + "each source needs a path of its own, such as `/webhooks/\(source.name)`")
            }
            paths[source.path] = source.name
            sources.append(source)
        }
        return (sources, entries.map(\.key))
    }

    private func source(_ entry: YAMLNode.Entry) -> (Source, pathPlace: Place)? {
        let name = "the source `\(entry.key)`"
        guard !entry.value.isNull else {
            report.problem(entry.keyPlace, "\(name) is empty; expected `\(Self.sourceExample)`")
            return nil
        }
        guard
            let fields = Fields(
                entry.value, name: name, keys: Self.sourceKeys, example: Self.sourceExample, reading: self)
        else { return nil }
        let path = fields.value(
            "path", expected: "a path that begins with `/`, without `?`, `#` and spaces, such as `/webhooks/clerk`",
            example: "/webhooks/clerk"
        ) { Self.isPath($0) ? $0 : nil }
        let scheme = scheme(fields)
        let addresses = addressRanges("allowed_addresses", of: fields, example: "203.0.113.0/24")
        if let addresses, addresses.isEmpty, let entry = fields.entry("allowed_addresses") {
            report.warning(entry.value.place, "an empty `allowed_addresses` lets nobody post to \(name)")
        }
        let tolerance = fields.duration("tolerance", in: .seconds(1)...(.seconds(3600)), example: "5m")
        if let scheme, !scheme.signsTime, let entry = fields.entry("tolerance") {
            fields.warning(entry.keyPlace, "`tolerance` has no effect: \(name) signs no time")
        }
        guard let secrets = secrets(fields, scheme: scheme, source: name), let scheme,
            // Every secret has been tried already, so that nothing is left to report here.
            var source = try? Source(
                name: entry.key, path: path, scheme: scheme, secrets: secrets.map(\.secret),
                secretPositions: secrets.map(\.position), tolerance: tolerance ?? Source.defaultTolerance)
        else { return nil }
        source.allowedAddresses = addresses
        return (source, fields.entry("path")?.value.place ?? entry.keyPlace)
    }

    /// The secrets that are not empty, and where they stand in the list. Without a scheme they are not tried.
    private func secrets(
        _ fields: Fields, scheme: SignatureScheme?, source: String
    ) -> [(position: Int, secret: Secret)]? {
        guard let entry = fields.entry("secrets") else {
            fields.problem(
                fields.place(of: "secrets"),
                "\(source) has no secrets, so that anyone could post to it; expected `\(Self.secretsExample)`")
            return nil
        }
        guard let items = list(entry.value, name: "`secrets`", example: Self.secretsExample) else { return nil }
        guard items.count <= Source.maximumSecrets else {
            report.problem(
                entry.value.place, "`secrets` has \(items.count) entries; expected at most \(Source.maximumSecrets)")
            return nil
        }
        let read = items.map { secret($0, scheme: scheme) }
        let usable = read.enumerated().compactMap { position, secret -> (position: Int, secret: Secret)? in
            if case .usable(let secret) = secret { (position, secret) } else { nil }
        }
        let broken = read.contains { if case .unusable = $0 { true } else { false } }
        if usable.isEmpty, !broken {
            report.problem(
                entry.value.place,
                "all secrets of \(source) are empty, so that anyone could post to it; expected `\(Self.secretsExample)`"
            )
        }
        return usable.isEmpty ? nil : usable
    }

    private enum ReadSecret {
        case usable(Secret)
        case empty
        case unusable
    }

    private func secret(_ node: YAMLNode, scheme: SignatureScheme?) -> ReadSecret {
        guard !node.isNull else { return .empty }
        guard let field = text(node, name: "a secret", example: "${CLERK_WEBHOOK_SECRET}") else { return .unusable }
        guard !field.text.isEmpty else { return .empty }
        guard let scheme else { return .usable(Secret(field.text)) }
        let key = key(field, name: "a secret", recommended: \.recommendedLength) { secret throws(SigningKeyError) in
            try VerificationKey(secret, scheme)
        }
        return key == nil ? .unusable : .usable(Secret(field.text))
    }

    /// The key to sign with of a text, with a report that does not repeat the text if it is none.
    func signingKey(_ field: FieldText, name: String) -> SigningKey? {
        key(field, name: name, recommended: \.recommendedLength) { secret throws(SigningKeyError) in
            try SigningKey(secret)
        }
    }

    /// The key of a text, with a report that does not repeat the text if it is none, and a warning if it is short.
    private func key<Key>(
        _ field: FieldText, name: String, recommended: (Key) -> Int?,
        make: (Secret) throws(SigningKeyError) -> Key
    ) -> Key? {
        do {
            let key = try make(Secret(field.text))
            if let length = recommended(key) {
                report.warning(
                    field.place, "\(name)\(field.origin) is shorter than \(length) bytes, and easier to guess for it")
            }
            return key
        } catch {
            report.problem(field.place, "\(name)\(field.origin) is unusable: \(error)")
            return nil
        }
    }

    /// The longest path in bytes.
    static let maximumPathLength = 256

    private static func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && text.utf8.count <= maximumPathLength
            && text.utf8.allSatisfy { ASCII.isVisible($0) && !"?#\"<>\\^`{|}".utf8.contains($0) }
    }
}
