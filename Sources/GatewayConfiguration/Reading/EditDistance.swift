/// Finds the name that was probably meant.
enum EditDistance {
    /// The longest name that is compared.
    static let maximumLength = 64

    /// The most edits that still count as near.
    private static let maximumEdits = 3

    /// The known name nearest to a mistyped one, or nil if none is near enough: two fifths of the length,
    /// at most 3 edits.
    static func nearest(to name: String, among known: [String]) -> String? {
        guard !name.isEmpty, name.utf8.count <= maximumLength else { return nil }
        let mistyped = ASCII.lowercased(name)
        let measured = known.filter { isNearInLength($0, name) }.map { candidate in
            (candidate, between(mistyped, ASCII.lowercased(candidate)))
        }
        guard let best = measured.min(by: { $0.1 < $1.1 }) else { return nil }
        let bound = min(maximumEdits, max(1, max(name.utf8.count, best.0.utf8.count) * 2 / 5))
        return best.1 <= bound ? best.0 : nil
    }

    /// Whether two names can be near each other at all, which spares most comparisons.
    private static func isNearInLength(_ candidate: String, _ name: String) -> Bool {
        abs(candidate.utf8.count - name.utf8.count) <= maximumEdits
    }

    /// The number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    static func between(_ left: String, _ right: String) -> Int {
        let a = Array(left.utf8)
        let b = Array(right.utf8)
        var rows = [Array(0...b.count)]
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
