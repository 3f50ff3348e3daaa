import Yams

/// Reads the text of a configuration file into nodes with places.
///
/// Anchors and aliases are allowed as values: an alias stands for its anchor's node. What they can blow up is bounded by
/// `maximumNodes`. Merge keys, keys that are not plain text, tags of one's own and further documents are refused.
struct YAMLDocument {
    /// The largest file in bytes.
    static let maximumBytes = 1 << 20
    /// The most nodes after aliases have been replaced.
    static let maximumNodes = 100_000
    /// The deepest nesting of lists and mappings.
    static let maximumDepth = 16

    /// The top of the document, or nil if it could not be read.
    private(set) var root: YAMLNode?
    private let report: Report
    private var nodes = 0
    private var firstCharacters: [Unicode.Scalar: Unicode.Scalar] = [:]

    /// Parses the text and reports whatever is wrong with it as YAML.
    init(yaml: String, report: Report) {
        self.report = report
        guard yaml.utf8.count <= Self.maximumBytes else {
            report.problem(
                .start, "the file has \(yaml.utf8.count) bytes; a configuration has at most \(Self.maximumBytes) (1MiB)"
            )
            return
        }
        // A byte order mark is no part of the text (Unicode Standard, section 23.8).
        let text = yaml.unicodeScalars.first == "\u{FEFF}" ? String(yaml.unicodeScalars.dropFirst()) : yaml
        if let place = AliasGuard.aliasInKey(text) {
            report.problem(place, "an alias inside of a mapping key is not supported; write the key out")
            return
        }
        guard let (node, renamed) = compose(text) else { return }
        firstCharacters = renamed
        do {
            root = try convert(node, depth: 0)
        } catch {
            report.problem(error.place, error.message)
        }
    }

    /// Why a document is given up as a whole.
    private struct TooLarge: Error {
        var place: Place
        var message: String
    }

    private func compose(_ text: String) -> (Node, [Unicode.Scalar: Unicode.Scalar])? {
        var duplicates = DuplicateKeys(text)
        while true {
            do {
                // The encoding is named because the default would look at, and print, an environment variable.
                // The basic resolver leaves every scalar a text.
                let parser = try Parser(yaml: duplicates.text, resolver: .basic, encoding: .utf8)
                if let node = try parser.singleRoot() { return (node, duplicates.firstCharacters) }
                report.problem(.start, "the file is empty; `oncegate init` writes one to start from")
                return nil
            } catch YamlError.duplicatedKeysInMapping(_, let context) where duplicates.rename(at: Place(context.mark)) {
                continue
            } catch {
                let (place, message) = YAMLSyntax.explain(error, text: text)
                report.problem(place, message)
                return nil
            }
        }
    }

    private mutating func convert(_ node: Node, depth: Int) throws(TooLarge) -> YAMLNode {
        let place = Place(node.mark)
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            throw TooLarge(
                place: place, message: "the file holds more than \(Self.maximumNodes) values, aliases counted in full")
        }
        guard depth <= Self.maximumDepth else {
            throw TooLarge(place: place, message: "lists and mappings are nested more than \(Self.maximumDepth) deep")
        }
        checkTag(of: node, at: place)
        switch node {
        case .scalar(let scalar):
            return YAMLNode(place: place, content: .scalar(scalar.string, isPlain: scalar.style == .plain))
        case .sequence(let items):
            var list: [YAMLNode] = []
            for item in items { list.append(try convert(item, depth: depth + 1)) }
            return YAMLNode(place: place, content: .list(list))
        case .mapping(let mapping):
            var pairs: [YAMLNode.Entry] = []
            for (key, value) in mapping {
                let converted = try convert(value, depth: depth + 1)
                if let entry = entry(key, converted) { pairs.append(entry) }
            }
            return YAMLNode(place: place, content: .mapping(withoutDuplicates(pairs)))
        case .alias:
            // Yams replaces aliases while it parses; one that is left over stands for nothing.
            return YAMLNode(place: place, content: .scalar("", isPlain: true))
        }
    }

    private func entry(_ key: Node, _ value: YAMLNode) -> YAMLNode.Entry? {
        let place = Place(key.mark)
        guard case .scalar(let scalar) = key else {
            report.problem(place, "a key must be plain text, such as `timeout: 15s`")
            return nil
        }
        guard scalar.string != "<<" || scalar.style != .plain else {
            report.problem(place, "merge keys (`<<`) are not supported; write the keys out")
            return nil
        }
        var name = scalar.string
        if let first = name.unicodeScalars.first, let original = firstCharacters[first] {
            name = String(original) + String(name.unicodeScalars.dropFirst())
        }
        return YAMLNode.Entry(key: name, keyPlace: place, value: value)
    }

    private func withoutDuplicates(_ entries: [YAMLNode.Entry]) -> [YAMLNode.Entry] {
        var first: [String: Place] = [:]
        return entries.filter { entry in
            guard let earlier = first[entry.key] else {
                first[entry.key] = entry.keyPlace
                return true
            }
            let key = Quoted.text(entry.key)
            report.problem(entry.keyPlace, "duplicate key \(key); it is already given in line \(earlier.line)")
            return false
        }
    }

    private func checkTag(of node: Node, at place: Place) {
        let tag =
            switch node {
            case .scalar(let scalar): scalar.tag
            case .sequence(let sequence): sequence.tag
            case .mapping(let mapping): mapping.tag
            case .alias(let alias): alias.tag
            }
        let known = ["", "!", "str", "int", "float", "bool", "null", "seq", "map"]
        let name = tag.description
        let prefix = "tag:yaml.org,2002:"
        if !known.contains(name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name) {
            report.problem(place, "the tag \(Quoted.text(name)) is not supported; write the value itself")
        }
    }
}

extension Place {
    /// The place of a mark of Yams; a missing mark counts as the start.
    init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}
