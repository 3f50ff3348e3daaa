import Yams

/// Puts the parser's complaints into words that help.
enum YAMLSyntax {
    /// The place and the message for an error of the parser.
    static func explain(_ error: any Error, text: String) -> (Place, String) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            // The scanner notices a bare `*` one character late; the alias it takes it for begins where it should point.
            let place = Place(context?.text.contains("alias") == true ? context?.mark : mark)
            let began = context.flatMap { $0.mark.line == mark.line ? nil : " (begun in line \($0.mark.line))" } ?? ""
            return (place, "not valid YAML: \(problem)\(began)\(hint(problem: problem, at: place, text: text))")
        case .composer(_, let problem, let mark, _) where problem.contains("another document"):
            return (Place(mark), "a second YAML document begins here; a configuration is one document")
        case .composer(_, let problem, let mark, _):
            let place = Place(mark)
            return (place, "not valid YAML: \(problem)\(hint(problem: problem, at: place, text: text))")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0).unicodeScalars.count
            return (TextLines.place(of: before, in: Array(text.unicodeScalars)), "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(_, let context):
            return (Place(context.mark), "duplicate key; each key is given once")
        default:
            return (.start, "not valid YAML")
        }
    }

    private static func hint(problem: String, at place: Place, text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        let character = TextLines.index(of: place, in: scalars).map { scalars[$0] }
        let line = TextLines.line(place.line, of: scalars)
        if character == "\t" { return "; indent with spaces, YAML allows no tabs here" }
        if character == "*" || problem.contains("alias") || problem.contains("alphabetic") {
            return "; put a pattern that begins with * into quotes: \"**\""
        }
        if line.contains("${"), line.contains("{") || line.contains("[") {
            return "; inside of { … } and [ … ] put a value with ${…} into quotes: \"${NAME}\""
        }
        if character == "@" || character == "`" || character == "%" { return "; put the value into quotes" }
        return ""
    }
}
