/// Lines of a text as libyaml counts them: CR LF, LF, CR, NEL, LS and PS each end one (YAML 1.1, section 4.1.4).
enum TextLines {
    /// The index of a place, or nil if the text does not reach so far.
    static func index(of place: Place, in scalars: [Unicode.Scalar]) -> Int? {
        var line = 1
        var index = 0
        while line < place.line {
            guard index < scalars.count else { return nil }
            if endsLine(at: index, in: scalars) { line += 1 }
            index += 1
        }
        index += place.column - 1
        return index < scalars.count ? index : nil
    }

    /// The place of an index.
    static func place(of index: Int, in scalars: [Unicode.Scalar]) -> Place {
        var place = Place.start
        for at in 0..<min(index, scalars.count) {
            if endsLine(at: at, in: scalars) {
                place = Place(line: place.line + 1, column: 1)
            } else {
                place.column += 1
            }
        }
        return place
    }

    /// The text of one line without its end.
    static func line(_ number: Int, of scalars: [Unicode.Scalar]) -> String {
        guard let start = index(of: Place(line: number, column: 1), in: scalars) else { return "" }
        let rest = scalars[start...]
        let end = rest.indices.first { endsLine(at: $0, in: scalars) } ?? rest.endIndex
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[start..<end])
        return String(view)
    }

    /// All lines of a text without what ends them; a CR before a LF counts as part of its line.
    static func all(of text: String) -> [Substring] {
        var lines: [Substring] = []
        let scalars = text.unicodeScalars
        var start = scalars.startIndex
        var index = start
        while index < scalars.endIndex {
            let next = scalars.index(after: index)
            if endsLine(scalars[index], before: next < scalars.endIndex ? scalars[next] : nil) {
                lines.append(text[start..<index])
                start = next
            }
            index = next
        }
        return lines + [text[start...]]
    }

    private static func endsLine(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        endsLine(scalars[index], before: index + 1 < scalars.count ? scalars[index + 1] : nil)
    }

    private static func endsLine(_ scalar: Unicode.Scalar, before next: Unicode.Scalar?) -> Bool {
        switch scalar {
        case "\r": next != "\n"
        case "\n", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
