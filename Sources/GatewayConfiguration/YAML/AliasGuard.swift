/// Refuses aliases inside of keys before the parser sees them.
///
/// Yams compares the keys of each mapping with one another, which takes time exponential in the depth of aliases within
/// aliases. Values are not compared and are bounded afterwards. The patterns may catch more than keys, but only in a file
/// that has both anchors and something like an alias in a key.
enum AliasGuard {
    /// The place of the first key that may hold an alias, or nil.
    static func aliasInKey(_ text: String) -> Place? {
        // An anchor or alias begins a line, follows a space or stands in a flow collection.
        let anchor = /(?:^|[\s\[{,?:-])&[A-Za-z0-9_-]/
        guard text.utf8.contains(UInt8(ascii: "&")), text.firstMatch(of: anchor) != nil else { return nil }
        // `? key` with the key on lines of its own, `*alias : value`, `[ *alias ] : value`.
        let keys = [
            /(?:^|[\s\[{,])\?\s/, /(?:^|[\s\[{,?:-])\*[A-Za-z0-9_-]+[ \t]*:/,
            /(?:^|[\s\[{,?:-])\*[A-Za-z0-9_-]+[^\n\r]*[\]}][ \t]*:/,
        ]
        let index = TextLines.all(of: text).firstIndex { line in keys.contains { line.firstMatch(of: $0) != nil } }
        return index.map { Place(line: $0 + 1, column: 1) }
    }
}
