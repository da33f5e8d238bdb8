import Linux

/// Lays a shown value out: on one line when it fits, else an entry a line.
struct Layout {
    let columns: Int
    let colours: Colours

    /// The whole text, without a line break at the end.
    func text(_ value: Shown) -> String { text(value, indent: 0, used: 0) }

    /// The text of a value that starts in column `used` of a line indented by `indent`.
    private func text(_ value: Shown, indent: Int, used: Int) -> String {
        switch value {
        case .word(let word): return paint(word)
        case .table(let block):
            let width = flatColumns(value)
            if let records = Records(block, columns: columns - indent), records.isWanted(flatColumns: width, of: columns - used) {
                return records.text(colours, indent: indent)
            }
            if width <= columns - used { return flat(value) }
            return broken(block, indent: indent)
        }
    }

    private func paint(_ word: Word) -> String { colours.paint(word.text, word.role) }

    /// The value on one line.
    func flat(_ value: Shown) -> String {
        switch value {
        case .word(let word): return paint(word)
        case .table(let block):
            let parts = block.items.map { ($0.key.map { paint($0) + " = " } ?? "") + flat($0.value) } + block.left.map(paint)
            return parts.isEmpty ? "\(opening(block))}" : "\(opening(block)) \(parts.joined(separator: ", ")) }"
        }
    }

    /// The columns of that line; a text of several lines fits on none.
    func flatColumns(_ value: Shown) -> Int {
        switch value {
        case .word(let word): return word.text.contains("\n") ? 1 << 20 : word.columns
        case .table(let block):
            var sum = opening(block).count + 1
            for item in block.items { sum += (item.key.map { $0.columns + 3 } ?? 0) + flatColumns(item.value) + 2 }
            for word in block.left { sum += word.columns + 2 }
            return sum
        }
    }

    private func opening(_ block: Block) -> String { block.name.map { "\($0) {" } ?? "{" }

    /// An entry a line; words without keys fill lines.
    private func broken(_ block: Block, indent: Int) -> String {
        let inner = indent + 2
        let margin = String(repeating: " ", count: inner)
        var lines: [String] = []
        var line = ""
        var width = 0
        func end() {
            if !line.isEmpty { lines.append(margin + line) }
            (line, width) = ("", 0)
        }
        for item in block.items {
            if item.key == nil, case .word(let word) = item.value, !word.text.contains("\n") {
                let more = word.columns + 1
                if width > 0, inner + width + 1 + more > columns { end() }
                line += (width > 0 ? " " : "") + paint(word) + ","
                width += more + (width > 0 ? 1 : 0)
                continue
            }
            end()
            let key = item.key.map { paint($0) + " = " } ?? ""
            let used = inner + (item.key.map { $0.columns + 3 } ?? 0)
            var value = text(item.value, indent: inner, used: used + 1)
            if case .table(let block) = item.value, isRecords(block, item.value, inner, used + 1) { value = "\n" + value }
            lines.append(margin + key + value + ",")
        }
        end()
        for word in block.left { lines.append(margin + paint(word)) }
        return opening(block) + "\n" + lines.joined(separator: "\n") + "\n" + String(repeating: " ", count: indent) + "}"
    }

    private func isRecords(_ block: Block, _ value: Shown, _ indent: Int, _ used: Int) -> Bool {
        Records(block, columns: columns - indent)?.isWanted(flatColumns: flatColumns(value), of: columns - used) ?? false
    }
}
