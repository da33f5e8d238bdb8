import Linux

/// A list of tables with the same few names, as aligned columns below a line of the names.
struct Records {
    private struct Cell {
        var text: String
        var role: Role
    }

    private let names: [String]
    private let rows: [[Cell]]
    private let widths: [Int]
    private let left: [Word]

    /// The names that say what a record is come first.
    private static let first = ["type", "kind", "name", "path", "target", "pid", "id", "index", "inode", "link"]
    private static let mostNames = 12
    private static let narrowest = 8

    /// Nil when the block is no such list, or its columns have no room.
    init?(_ block: Block, columns: Int) {
        guard block.name == nil, !block.items.isEmpty, block.isList else { return nil }
        var found: [String] = []
        var records: [[String: Shown]] = []
        for item in block.items {
            guard case .table(let record) = item.value, record.name == nil, record.left.isEmpty, !record.items.isEmpty else { return nil }
            var row: [String: Shown] = [:]
            for field in record.items {
                guard let key = field.key, !key.text.hasPrefix("[") else { return nil }
                if !found.contains(key.text) { found.append(key.text) }
                row[key.text] = field.value
            }
            if found.count > Records.mostNames { return nil }
            records.append(row)
        }
        // The same names: most records have most of them.
        guard records.reduce(0, { $0 + $1.count }) * 2 > found.count * records.count else { return nil }
        let names = found.sorted { Records.rank($0) < Records.rank($1) }
        let rows = records.map { record in names.map { name in record[name].map { Records.cell($0) } ?? Cell(text: "", role: .plain) } }
        var widths = names.map { TextWidth.of($0) }
        for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], TextWidth.of(cell.text)) } }
        guard Records.shrink(&widths, to: columns) else { return nil }
        (self.names, self.rows, self.widths, left) = (names, rows, widths, block.left)
    }

    /// One record that fits on a line, or records of one field, read better as they are.
    func isWanted(flatColumns: Int, of room: Int) -> Bool { rows.count > 1 && names.count > 1 || flatColumns > room }

    private static func rank(_ name: String) -> (Int, String) { (first.firstIndex(of: name) ?? first.count, name) }

    /// Takes room from the widest columns until all fit; false when they cannot.
    private static func shrink(_ widths: inout [Int], to columns: Int) -> Bool {
        while true {
            let excess = widths.reduce(0, +) + 2 * (widths.count - 1) - columns
            if excess <= 0 { return true }
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > narrowest else { return false }
            let next = widths.filter { $0 < widths[widest] }.max() ?? narrowest
            widths[widest] = max(narrowest, widths[widest] - excess, min(next, widths[widest] - 1))
        }
    }

    /// A value in a column: strings bare, a list of words with commas.
    private static func cell(_ value: Shown) -> Cell {
        switch value {
        case .word(let word):
            let text = word.bare ?? word.text
            return Cell(text: text.isEmpty ? word.text : text.contains("\n") ? text.prefix { $0 != "\n" } + " …" : text, role: word.role)
        case .table(let block):
            var words: [String] = []
            for item in block.items {
                guard item.key == nil, case .word(let word) = item.value else {
                    return Cell(text: Layout(columns: 1 << 20, colours: Colours(areOn: false)).flat(value), role: .plain)
                }
                words.append(word.bare ?? word.text)
            }
            words += block.left.map(\.text)
            return Cell(text: words.isEmpty ? "{}" : words.joined(separator: ","), role: .plain)
        }
    }

    /// The lines, each indented.
    func text(_ colours: Colours, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        let isNumeric = names.indices.map { column in rows.allSatisfy { $0[column].role == .number || $0[column].text.isEmpty } }
        func line(_ cells: [Cell]) -> String {
            var line = margin
            for (column, cell) in cells.enumerated() {
                let text = TextWidth.cut(cell.text, to: widths[column])
                let blanks = String(repeating: " ", count: widths[column] - TextWidth.of(text))
                let painted = colours.paint(text, cell.role)
                let isLast = column == cells.count - 1
                line += isNumeric[column] ? blanks + painted : isLast ? painted : painted + blanks
                if !isLast { line += "  " }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
        let lines = [line(names.map { Cell(text: $0, role: .header) })] + rows.map(line)
        return (lines + left.map { margin + colours.paint($0.text, $0.role) }).joined(separator: "\n")
    }
}
