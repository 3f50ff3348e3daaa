import EventLedger

/// The query of a request, taken apart strictly: a name that is not known is an error, so that a filter that is
/// misspelt never passes for none.
struct Query: Sendable {
    private let values: [String: String]

    /// Takes a query apart.
    /// - Parameter names: the names that the request knows.
    init(_ text: String?, names: Set<String>) throws(Refusal) {
        var values: [String: String] = [:]
        for part in (text ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = pair[0].percentDecoded, pair.count == 2, let value = pair[1].percentDecoded else {
                throw .badRequest("the query is not of the form NAME=VALUE&… with percent-encoded values")
            }
            guard names.contains(name) else {
                throw .badRequest("no parameter `\(name)` is known here, but \(names.sorted().joined(separator: ", "))")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw .badRequest("the parameter `\(name)` is there twice")
            }
        }
        self.values = values
    }

    /// The value of a parameter, if it is there.
    subscript(name: String) -> String? { values[name] }

    /// How many items a page shall have at the most.
    func limit() throws(Refusal) -> Int {
        guard let text = self["limit"] else { return API.defaultLimit }
        guard let limit = Int(text), (1...API.maximumLimit).contains(limit) else {
            throw .badRequest("`limit` is a number from 1 to \(API.maximumLimit)")
        }
        return limit
    }

    /// Where a page begins.
    func cursor() throws(Refusal) -> Cursor? {
        guard let text = self["cursor"] else { return nil }
        guard let cursor = Cursor(text) else { throw .badRequest("`cursor` is none that an answer gave") }
        return cursor
    }

    /// A yes or no.
    func flag(_ name: String) throws(Refusal) -> Bool {
        switch self[name] {
        case nil, "false": return false
        case "true": return true
        default: throw .badRequest("`\(name)` is true or false")
        }
    }
}
