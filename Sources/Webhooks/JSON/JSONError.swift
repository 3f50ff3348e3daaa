/// Why a text is not JSON.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// The kinds of malformed JSON.
    package enum Code: Sendable {
        case unexpectedEnd, unexpectedByte, trailingData, tooDeep, invalidNumber, invalidEscape, controlCharacter
        case invalidUTF8
    }

    /// What is wrong.
    package let code: Code
    /// Where, in bytes from the beginning of the text.
    package let offset: Int

    init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// A message that says what and where, and quotes nothing of the text.
    package var description: String {
        let reason =
            switch code {
            case .unexpectedEnd: "the text ends too early"
            case .unexpectedByte: "a byte that JSON does not allow there"
            case .trailingData: "data after the end of the value"
            case .tooDeep: "more than \(JSONScanner.maximumDepth) arrays and objects within each other"
            case .invalidNumber: "a malformed number"
            case .invalidEscape: "a malformed escape in a string"
            case .controlCharacter: "a bare control character in a string"
            case .invalidUTF8: "a string that is not UTF-8"
            }
        return "no valid JSON: \(reason), at byte \(offset)"
    }
}
