/// Takes duplicate keys out of the parser's way, so that they are reported together with everything else.
///
/// Yams gives up at the first mapping with a duplicate key. The first character of the key it names is replaced with
/// one of the private use area, which moves no line or column, and the text is parsed again.
struct DuplicateKeys {
    /// The most keys that are renamed before the parser's own complaint is shown instead.
    static let maximumRenamed = 32
    /// U+E000, the first scalar of the private use area (Unicode Standard, section 23.5).
    private static let privateUse: UInt32 = 0xE000

    /// The text with the renamed keys.
    private(set) var text: String
    /// What each stand-in character replaced.
    private(set) var firstCharacters: [Unicode.Scalar: Unicode.Scalar] = [:]

    init(_ text: String) {
        self.text = text
    }

    /// Renames the key at a place. False if that is not possible.
    mutating func rename(at place: Place) -> Bool {
        guard firstCharacters.count < Self.maximumRenamed,
            let standIn = Unicode.Scalar(Self.privateUse + UInt32(firstCharacters.count))
        else { return false }
        var scalars = Array(text.unicodeScalars)
        guard var index = TextLines.index(of: place, in: scalars) else { return false }
        if scalars[index] == "\"" || scalars[index] == "'" {
            let quote = scalars[index]
            index += 1
            guard index < scalars.count, scalars[index] != quote, scalars[index] != "\\" else { return false }
        }
        let original = scalars[index]
        guard original.value < Self.privateUse || original.value > 0xF8FF else { return false }
        firstCharacters[standIn] = original
        scalars[index] = standIn
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        text = String(view)
        return true
    }
}
