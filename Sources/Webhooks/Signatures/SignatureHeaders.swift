/// The three values that a signed message carries in its headers.
package struct SignatureHeaders: Sendable, Equatable {
    /// The sender's id of the message, as it came.
    package let id: String
    /// Seconds since 1970 at the time of the sender's attempt, as it came.
    package let timestamp: String
    /// The list of signatures, as it came.
    package let signature: String

    /// The header families in the order in which they are looked for.
    static let families = ["svix-", "webhook-"]

    /// Makes the values of one message, without checking them.
    package init(id: String, timestamp: String, signature: String) {
        self.id = id
        self.timestamp = timestamp
        self.signature = signature
    }

    /// Picks the values from a message's headers: the whole `svix-` family or else the whole `webhook-` family.
    ///
    /// The two are never mixed, or the id that was signed need not be the id that is claimed.
    /// - Parameter values: all values of a header, by its name in lower case.
    /// - Throws: `missingHeaders` where neither family is complete (a blank value counts as missing), `repeatedHeader`
    ///   where a value of the family is given more than once.
    package init(values: (String) -> [String]) throws(VerificationFailure) {
        for family in Self.families {
            let ids = values(family + "id")
            let timestamps = values(family + "timestamp")
            let signatures = values(family + "signature")
            guard let id = ids.first, let timestamp = timestamps.first, let signature = signatures.first,
                !id.isBlank, !timestamp.isBlank, !signature.isBlank
            else { continue }
            guard ids.count == 1, timestamps.count == 1, signatures.count == 1 else { throw .repeatedHeader }
            self.init(id: id, timestamp: timestamp, signature: signature)
            return
        }
        throw .missingHeaders
    }
}

extension String {
    fileprivate var isBlank: Bool {
        utf8.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
}
