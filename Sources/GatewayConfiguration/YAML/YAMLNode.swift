/// A place in the configuration file.
struct Place: Hashable, Comparable {
    /// The line, from 1.
    var line: Int
    /// The column, from 1, counted in Unicode scalars.
    var column: Int

    static let start = Place(line: 1, column: 1)

    static func < (left: Place, right: Place) -> Bool { (left.line, left.column) < (right.line, right.column) }
}

/// A node of the parsed file: text, list or mapping, and where it begins.
struct YAMLNode {
    /// One entry of a mapping. Keys are unique within their mapping.
    struct Entry {
        var key: String
        var keyPlace: Place
        var value: YAMLNode
    }

    enum Content {
        /// The text of a scalar, and whether it stands there without quotes.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case mapping([Entry])
    }

    var place: Place
    var content: Content

    /// Whether nothing was written: an empty value, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The kind of the node in words.
    var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
