/// Why a signed body is no event: repeating it cannot help.
package struct InvalidPayload: Error, Equatable, CustomStringConvertible {
    /// The kinds of unusable body.
    package enum Code: Sendable, Equatable {
        /// It is no valid JSON.
        case notJSON(JSONError)
        /// It is valid JSON, but no object.
        case notAnObject
        /// There is no `type` that is a string.
        case missingType
        /// The `type` is empty.
        case emptyType
        /// The `type` is longer than ``Envelope/maximumAttributeLength``.
        case typeTooLong
        /// There is no id where the scheme has it.
        case missingID
    }

    /// What is wrong with the body.
    package let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// A message for the log that quotes nothing of the body.
    package var description: String {
        switch code {
        case .notJSON(let error): error.description
        case .notAnObject: "the body is JSON, but no object"
        case .missingType: "the body has no string `type`"
        case .emptyType: "the body's `type` is empty"
        case .typeTooLong: "the body's `type` is longer than \(Envelope.maximumAttributeLength) bytes"
        case .missingID: "the body has no id where the source's scheme has it"
        }
    }
}
