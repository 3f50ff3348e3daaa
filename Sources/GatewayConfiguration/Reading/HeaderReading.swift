import Webhooks

extension Reading {
    /// The headers that the gateway or its HTTP client sets itself.
    private static let ownHeaders: Set<String> = [
        "connection", "content-encoding", "content-length", "content-type", "expect", "host", "idempotency-key",
        "keep-alive", "te", "traceparent", "trailer", "transfer-encoding", "upgrade", "user-agent", "webhook-id",
        "webhook-signature", "webhook-timestamp",
    ]
    private static let ownPrefixes = ["ce-", "oncegate-", "proxy-"]
    /// The longest value of a header in bytes.
    private static let maximumHeaderLength = 8192
    private static let headerExample = "headers: { authorization: \"Bearer ${EMAIL_TOKEN}\" }"

    func headers(_ fields: Fields) -> [Destination.Header] {
        guard let entry = fields.entry("headers"),
            let entries = entries(entry.value, name: "`headers`", example: Self.headerExample)
        else { return [] }
        guard entries.count <= Destination.maximumHeaders else {
            report.problem(
                entry.value.place,
                "`headers` has \(entries.count) entries; expected at most \(Destination.maximumHeaders)")
            return []
        }
        var names: Set<String> = []
        return entries.compactMap { entry in
            guard isHeaderName(entry) else { return nil }
            guard names.insert(ASCII.lowercased(entry.key)).inserted else {
                report.problem(
                    entry.keyPlace, "the header \(Quoted.text(entry.key)) is given twice; upper and lower case are one")
                return nil
            }
            return header(entry)
        }
    }

    /// Whether a text can name a header: RFC 9110, section 5.6.2, tchar.
    static func isToken(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    private func isHeaderName(_ entry: YAMLNode.Entry) -> Bool {
        let name = ASCII.lowercased(entry.key)
        guard Self.isToken(name) else {
            report.problem(
                entry.keyPlace,
                "\(Quoted.text(entry.key)) is no header name; expected letters, digits and `-`, such as `x-api-key`")
            return false
        }
        guard !Self.ownHeaders.contains(name), !Self.ownPrefixes.contains(where: { name.hasPrefix($0) }) else {
            report.problem(
                entry.keyPlace, "the header \(Quoted.text(entry.key)) is set by Oncegate itself; leave it out")
            return false
        }
        return true
    }

    private func header(_ entry: YAMLNode.Entry) -> Destination.Header? {
        let name = "the header \(Quoted.text(entry.key))"
        guard !entry.value.isNull else {
            report.warning(entry.keyPlace, "\(name) is empty and is not sent")
            return nil
        }
        guard let field = text(entry.value, name: name, example: "authorization: \"Bearer ${EMAIL_TOKEN}\"") else {
            return nil
        }
        let blank: Set<Character> = [" ", "\t"]
        var value = field.text[...]
        while let first = value.first, blank.contains(first) { value.removeFirst() }
        while let last = value.last, blank.contains(last) { value.removeLast() }
        // RFC 9110, section 5.5, without obs-text, whose meaning is up to the receiver.
        guard value.utf8.allSatisfy({ ASCII.isVisible($0) || $0 == 0x20 || $0 == 0x09 }),
            value.utf8.count <= Self.maximumHeaderLength
        else {
            report.problem(
                field.place,
                "the value of \(name)\(field.origin) has characters that a header cannot hold, or is too long; "
                    + "expected one line of ASCII, at most \(SizeText.format(Self.maximumHeaderLength))")
            return nil
        }
        guard !value.isEmpty else {
            report.warning(field.place, "\(name) is empty and is not sent")
            return nil
        }
        return Destination.Header(name: entry.key, value: Secret(String(value)))
    }
}
