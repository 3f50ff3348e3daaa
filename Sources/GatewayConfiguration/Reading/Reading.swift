import Webhooks

/// What reading a file needs at every step: where complaints go, and how values are replaced.
struct Reading {
    let report: Report
    let expansion: Expansion
    /// What keeps a certificate from being used; nil where nothing does.
    let tlsComplaint: (TLSMaterial) -> String?

    /// The text of a node, after replacement; nil, with a report, if it is a list or a mapping or cannot be replaced.
    func text(_ node: YAMLNode, name: String, example: String) -> FieldText? {
        guard case .scalar(let written, _) = node.content else {
            report.problem(node.place, "\(name) is \(node.kind); expected a single value such as `\(example)`")
            return nil
        }
        switch expansion.expand(written) {
        case .text(let text, let references):
            return FieldText(text: text, written: written, references: references, place: node.place)
        case .failure(let complaints):
            for complaint in complaints { report.problem(node.place, "\(name): \(complaint)") }
            return nil
        }
    }

    /// The items of a list; nil, with a report, if it is something else.
    func list(_ node: YAMLNode, name: String, example: String) -> [YAMLNode]? {
        guard case .list(let items) = node.content else {
            report.problem(node.place, "\(name) is \(node.kind); expected a list such as `\(example)`")
            return nil
        }
        return items
    }

    /// The entries of a mapping whose keys are names; nil, with a report, if it is something else.
    func entries(_ node: YAMLNode, name: String, example: String) -> [YAMLNode.Entry]? {
        guard case .mapping(let entries) = node.content else {
            report.problem(node.place, "\(name) is \(node.kind); expected a mapping such as `\(example)`")
            return nil
        }
        return entries
    }

    /// Reports a value that cannot be used, in the words of the file.
    func refuse(_ field: FieldText, name: String, expected: String) {
        let found = field.wasReplaced ? "\(name), taken from \(field.shown), is unusable" : "\(name) is \(field.shown)"
        report.problem(field.place, "\(found); expected \(expected)")
    }

    /// Whether a key can name a source or a destination; reports it if not.
    func isName(_ entry: YAMLNode.Entry, what: String) -> Bool {
        let bytes = Array(entry.key.utf8)
        let dashes = [UInt8(ascii: "_"), UInt8(ascii: "-")]
        let isName =
            (1...63).contains(bytes.count) && !dashes.contains(bytes[0])
            && bytes.allSatisfy { ASCII.isLowercase($0) || ASCII.isDigit($0) || dashes.contains($0) }
        if !isName {
            report.problem(
                entry.keyPlace, "\(Quoted.text(entry.key)) cannot name a \(what); expected \(Expected.name)")
        }
        return isName
    }
}
