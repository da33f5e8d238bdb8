import Linux

/// Rows of cells in aligned columns, as lsns(8) and ps(1) print them.
public struct TextTable {
    /// A column.
    public struct Column {
        /// What stands above it.
        public var title: String
        /// Whether its cells end in the same column, as numbers do.
        public var isRight: Bool

        /// A column.
        public init(_ title: String, right: Bool = false) {
            self.title = title
            isRight = right
        }
    }

    /// From left to right.
    public var columns: [Column]
    /// From top to bottom, a cell a column.
    public var rows: [[String]]
    /// Whether the titles are shown.
    public var hasTitles = true

    /// A table; what a terminal would act on is escaped in the cells.
    public init(_ columns: [Column], _ rows: [[String]]) {
        self.columns = columns
        self.rows = rows.map { row in row.map { TextEscape.escape($0.utf8, as: .line) } }
    }

    /// Its lines, without blanks at their ends; cut to so many columns, or not at all.
    public func lines(columns most: Int? = nil) -> [String] {
        let all = (hasTitles ? [columns.map(\.title)] : []) + rows
        let widths = columns.indices.map { column in all.map { TextWidth.of($0[column]) }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                if column > 0 { line += " " }
                line +=
                    column == row.count - 1 && !columns[column].isRight
                    ? cell : TextWidth.pad(cell, to: widths[column], right: columns[column].isRight)
            }
            while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
            return most.map { TextWidth.cut(line, to: $0) } ?? line
        }
    }

    /// Its lines with one blank between cells, for other programs: blanks in a cell are `\x20`, an empty one is `-`.
    public func rawLines() -> [String] {
        let all = (hasTitles ? [columns.map(\.title)] : []) + rows
        return all.map { row in row.map { $0.isEmpty ? "-" : TextTable.withoutBlanks($0) }.joined(separator: " ") }
    }

    private static func withoutBlanks(_ cell: String) -> String {
        cell.split(separator: " ", omittingEmptySubsequences: false).joined(separator: "\\x20")
    }
}
