/// How many columns text takes on a terminal. Not wcwidth(3): that knows what the locale knows, which in LC_ALL=C is ASCII only.
public enum TextWidth {
    /// The columns of a text without control characters.
    public static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// The columns of one character, which its first code point decides: 0 for a mark alone, 2 for East Asian wide ones and emoji.
    public static func of(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        if first.value < 0x300 { return first.value == 0xad ? 0 : scalars.contains { $0.value == 0xfe0f } ? 2 : 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if isWide(first.value) || first.properties.isEmojiPresentation { return 2 }
        // U+FE0F asks for the emoji form of what is a sign otherwise.
        return scalars.contains { $0.value == 0xfe0f } ? 2 : 1
    }

    /// The start of a text that takes at most so many columns, with an ellipsis for what was cut.
    public static func cut(_ text: String, to columns: Int) -> String {
        if of(text) <= columns { return text }
        guard columns > 0 else { return "" }
        var width = 1
        var result = ""
        for character in text {
            width += of(character)
            if width > columns { break }
            result.append(character)
        }
        return result + "…"
    }

    /// The text with blanks after it, or before it, to so many columns.
    public static func pad(_ text: String, to columns: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, columns - of(text)))
        return right ? blanks + text : text + blanks
    }

    /// The text in lines of at most so many columns, broken at blanks. A word that is longer has a line of its own.
    public static func wrap(_ text: String, to columns: Int) -> [String] {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            var width = 0
            for word in paragraph.split(separator: " ") {
                let more = of(word)
                if !line.isEmpty, width + 1 + more > columns {
                    lines.append(line)
                    (line, width) = ("", 0)
                }
                if !line.isEmpty { (line, width) = (line + " ", width + 1) }
                line += word
                width += more
            }
            lines.append(line)
        }
        return lines
    }

    /// Wide (W) and full-width (F) of Unicode's EastAsianWidth, joined to blocks.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x231a...0x231b, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
        0xa000...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff00...0xff60,
        0xffe0...0xffe6, 0x16fe0...0x18cff, 0x1aff0...0x1b2ff, 0x1f1e6...0x1f1ff, 0x1f200...0x1f2ff, 0x1f300...0x1f320, 0x1f900...0x1f9ff,
        0x20000...0x3fffd,
    ]

    private static func isWide(_ value: UInt32) -> Bool { wide.contains { $0.contains(value) } }
}
