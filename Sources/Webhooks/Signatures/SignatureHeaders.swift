/// The values of a signed message that are not in its body.
package struct SignatureHeaders: Sendable, Equatable {
    /// The sender's id of the message, as it came; nil where the scheme has it in the body.
    package let id: String?
    /// Seconds since 1970 at the time of the sender's attempt, as it came; nil where the scheme has no header for it.
    package let timestamp: String?
    /// The signatures, as they came.
    package let signature: String
    /// The type of the event, as it came; nil where the scheme has it in the body.
    package let type: String?

    /// Makes the values of one message, without checking them.
    package init(id: String?, timestamp: String?, signature: String, type: String? = nil) {
        self.id = id
        self.timestamp = timestamp
        self.signature = signature
        self.type = type
    }

    /// Picks the values from a message's headers: the first whole family of the scheme's.
    ///
    /// Families are never mixed, or the id that was signed need not be the id that is claimed.
    /// - Parameter values: all values of a header, by its name in lower case.
    /// - Throws: `missingHeaders` where no family is complete (a blank value counts as missing), `repeatedHeader` where a
    ///   value of the family is given more than once.
    package init(
        _ scheme: SignatureScheme = .svix, values: (String) -> [String]
    ) throws(VerificationFailure) {
        for names in scheme.headers {
            let id = names.id.map(values)
            let timestamp = names.timestamp.map(values)
            let signature = values(names.signature)
            let type = names.type.map(values)
            guard id.isComplete, timestamp.isComplete, Optional(signature).isComplete, type.isComplete else { continue }
            guard id?.count ?? 1 == 1, timestamp?.count ?? 1 == 1, signature.count == 1, type?.count ?? 1 == 1 else {
                throw .repeatedHeader
            }
            self.init(id: id?[0], timestamp: timestamp?[0], signature: signature[0], type: type?[0])
            return
        }
        throw .missingHeaders
    }
}

extension [String]? {
    /// Whether the values are not needed, or the first of them is there.
    fileprivate var isComplete: Bool {
        guard let values = self else { return true }
        return values.first.map { !$0.isBlank } ?? false
    }
}

extension String {
    fileprivate var isBlank: Bool {
        utf8.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
}
