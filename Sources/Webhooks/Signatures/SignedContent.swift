/// The text that a signature covers: the body, and around it what else is signed with it.
package struct SignedContent: Sendable, Hashable {
    /// A piece of the text.
    enum Part: Sendable, Hashable {
        /// The same in every message.
        case literal(String)
        /// The id in its header.
        case id
        /// The timestamp as it came.
        case timestamp
    }

    /// The pieces before the body.
    let before: [Part]
    /// The pieces behind the body.
    let after: [Part]

    init(_ before: Part..., after: [Part] = []) {
        self.before = before
        self.after = after
    }

    /// Reads a template such as `{id}.{timestamp}.{body}`; in it `{body}` stands exactly once.
    /// - Throws: ``SignedContentError`` for anything else.
    package init(template: String) throws(SignedContentError) {
        var parts: [[Part]] = [[]]
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            if open != rest.startIndex { parts[parts.count - 1].append(.literal(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else { throw SignedContentError(.unclosed) }
            switch rest[rest.index(after: open)..<close] {
            case "id": parts[parts.count - 1].append(.id)
            case "timestamp": parts[parts.count - 1].append(.timestamp)
            case "body": parts.append([])
            default: throw SignedContentError(.unknownPlaceholder)
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts[parts.count - 1].append(.literal(String(rest))) }
        guard parts.count == 2 else { throw SignedContentError(parts.count < 2 ? .noBody : .bodyTwice) }
        before = parts[0]
        after = parts[1]
    }

    /// Whether the id is signed.
    package var hasID: Bool { (before + after).contains(.id) }

    /// Whether a timestamp is signed.
    package var hasTimestamp: Bool { (before + after).contains(.timestamp) }

    /// The text before the body of one message.
    func prefix(id: String?, timestamp: String?) -> String { Self.text(before, id: id, timestamp: timestamp) }

    /// The text behind it.
    func suffix(id: String?, timestamp: String?) -> String { Self.text(after, id: id, timestamp: timestamp) }

    private static func text(_ parts: [Part], id: String?, timestamp: String?) -> String {
        guard !parts.isEmpty else { return "" }
        var text = ""
        text.reserveCapacity((id?.utf8.count ?? 0) + (timestamp?.utf8.count ?? 0) + 8 * parts.count)
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .id: text += id ?? ""
            case .timestamp: text += timestamp ?? ""
            }
        }
        return text
    }
}

/// Why a template is none.
package struct SignedContentError: Error, Equatable, CustomStringConvertible {
    /// The kinds of unusable template.
    package enum Code: Sendable { case unclosed, unknownPlaceholder, noBody, bodyTwice }

    /// What is wrong with the template.
    package let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// A message for the person who wrote the configuration.
    package var description: String {
        switch code {
        case .unclosed: "has a `{` without a `}`"
        case .unknownPlaceholder: "has a placeholder other than `{id}`, `{timestamp}` and `{body}`"
        case .noBody: "has no `{body}`, so that anyone could change it"
        case .bodyTwice: "has `{body}` more than once"
        }
    }
}
