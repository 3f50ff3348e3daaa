/// Text of the file as it is shown in a message: in backticks, on one line, not too long.
enum Quoted {
    /// The longest piece of text that a message repeats, in characters.
    static let maximumLength = 60

    /// The text in backticks. What looks like a signing secret in the wrong place is left out, and what would end the
    /// line or change the order in which it is read is replaced.
    static func text(_ text: String) -> String {
        guard !text.isEmpty else { return "`\"\"`" }
        guard !text.contains("whsec_") else { return "`whsec_…`" }
        var shown = ""
        for character in text.prefix(maximumLength) {
            shown.append(character.unicodeScalars.contains(where: isLayout) ? "�" : character)
        }
        return "`\(shown)\(text.count > maximumLength ? "…" : "")`"
    }

    private static func isLayout(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Several texts, separated by commas.
    static func list(_ texts: [String]) -> String {
        texts.map { text($0) }.joined(separator: ", ")
    }

    /// A question after an unknown name, or the list of what is known if nothing is near.
    static func suggestion(for name: String, among known: [String]) -> String {
        if let near = EditDistance.nearest(to: name, among: known) { return "did you mean \(text(near))?" }
        guard !known.isEmpty else { return "there are none" }
        let shown = known.prefix(maximumNames)
        return "known are \(list(Array(shown)))\(known.count > shown.count ? ", …" : "")"
    }

    /// The most names that a message lists.
    static let maximumNames = 20
}
