/// Replaces `${NAME}`, `${NAME:-default}` and `${file:PATH}` inside a text; `$${` stands for a plain `${`.
///
/// What is put in is not looked at again: a variable that holds `${…}` stays as it is. The default stands in for a
/// variable that is unset or empty, as in a POSIX shell. Of a file one line end at the end is dropped.
struct Expansion {
    /// The largest file that is put in, in bytes.
    static let maximumFileBytes = 64 * 1024

    let environment: [String: String]
    let readFile: (String) throws -> String

    /// A text after replacement, or all that kept it from being replaced.
    enum Outcome {
        /// The text, and what was replaced in it, such as `${NAME}`, without defaults.
        case text(String, references: [String])
        case failure([String])
    }

    /// Replaces everything in a text. No message holds the value of a variable or of a file.
    func expand(_ written: String) -> Outcome {
        var text = ""
        var complaints: [String] = []
        var references: [String] = []
        var rest = written[...]
        while let dollar = rest.firstIndex(of: "$") {
            text += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                text += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    complaints.append("`${` without a closing `}`; write `$${` for a plain `${`")
                    return .failure(complaints)
                }
                let reference = rest[..<end].dropFirst(2)
                switch value(of: reference) {
                case .success(let value): text += value
                case .failure(let complaint): complaints.append(complaint.message)
                }
                let isFile = reference.hasPrefix("file:")
                let name = isFile ? reference : reference.prefix { $0 != ":" }
                references.append("${\(name)}")
                rest = rest[rest.index(after: end)...]
            } else {
                text += "$"
                rest = rest.dropFirst()
            }
        }
        return complaints.isEmpty ? .text(text + rest, references: references) : .failure(complaints)
    }

    private struct Complaint: Error {
        var message: String

        init(_ message: String) {
            self.message = message
        }
    }

    private func value(of reference: Substring) -> Result<String, Complaint> {
        guard !reference.contains("${") else {
            return .failure(Complaint("`${…}` inside of `${…}` is not supported; give a plain default"))
        }
        if reference.hasPrefix("file:") { return contents(of: String(reference.dropFirst(5))) }
        let parts = reference.firstRange(of: ":-").map { (reference[..<$0.lowerBound], reference[$0.upperBound...]) }
        let name = String(parts?.0 ?? reference)
        guard isName(name) else {
            return .failure(
                Complaint(
                    "\(Quoted.text("${\(reference)}")) is not understood; "
                        + "expected `${NAME}`, `${NAME:-default}` or `${file:/run/secrets/name}`"))
        }
        let value = environment[name]
        if let fallback = parts?.1 { return .success(value.flatMap { $0.isEmpty ? nil : $0 } ?? String(fallback)) }
        if let value { return .success(value) }
        let near = EditDistance.nearest(to: name, among: environment.keys.sorted())
        let hint = near.map { " (did you mean \(Quoted.text($0))?)" } ?? ""
        return .failure(
            Complaint(
                "the environment variable \(Quoted.text(name)) is not set\(hint); "
                    + "set it, or give a default: `${\(name):-default}`"))
    }

    private func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !ASCII.isDigit(first) else { return false }
        return text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
    }

    private func contents(of path: String) -> Result<String, Complaint> {
        guard !path.isEmpty else { return .failure(Complaint("`${file:}` names no file")) }
        let contents: String
        do {
            contents = try readFile(path)
        } catch {
            return .failure(Complaint("the file \(Quoted.text(path)) cannot be read: \(error)"))
        }
        guard contents.utf8.count <= Self.maximumFileBytes else {
            return .failure(
                Complaint("the file \(Quoted.text(path)) is larger than \(SizeText.format(Self.maximumFileBytes))"))
        }
        // CR LF is one character in Swift, so that this drops either form of line end.
        return .success(contents.last?.isNewline == true ? String(contents.dropLast()) : contents)
    }
}
