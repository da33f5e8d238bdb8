import Linux

/// Strings and numbers as Lua would read them back.
enum Quoting {
    /// The text between double quotes.
    static func quote(_ bytes: some Collection<UInt8>) -> String { "\"\(TextEscape.escape(bytes))\"" }

    /// A float that reads back as the same float; there is no literal for not-a-number.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-math.huge" : "math.huge" }
        return value.description
    }

    /// An integer; the smallest has no literal that is an integer.
    static func number(_ value: Int) -> String { value == .min ? "math.mininteger" : String(value) }

    private static let reserved: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
        "repeat",
        "return", "then", "true", "until", "while",
    ]

    /// Whether a key can stand without brackets.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { ($0 | 0x20) >= 97 && ($0 | 0x20) <= 122 || $0 == 95 || (48...57).contains($0) }
            && !reserved.contains(text)
    }

    /// `1,234,567`.
    static func count(_ value: Int) -> String {
        var digits = String(value)
        var result = ""
        while digits.utf8.count > 3 {
            result = ",\(digits.suffix(3))\(result)"
            digits.removeLast(3)
        }
        return digits + result
    }
}
