/// Columns of text, aligned by spaces.
package enum TextTable {
    /// The rows as lines; each column is as wide as its longest cell. A column that is empty but for its heading is
    /// left out.
    package static func lines(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let columns = (0..<count).filter { column in
            rows.dropFirst().contains { column < $0.count && !$0[column].isEmpty }
        }
        let widths = columns.map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, width) in zip(columns, widths) where column < row.count {
                line += row[column] + String(repeating: " ", count: width - row[column].count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// Words with commas between them, broken into lines.
    static func wrapped(_ words: [String], width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in words {
            if !line.isEmpty, line.count + word.count + 2 > width {
                lines.append(line + ",")
                line = ""
            }
            line += line.isEmpty ? word : ", \(word)"
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
