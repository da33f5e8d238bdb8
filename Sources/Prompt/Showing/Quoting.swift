/// Strings and numbers as Lua would read them back.
enum Quoting {
    /// The text between double quotes.
    static func quote(_ bytes: some Collection<UInt8>) -> String { "\"\(escape(bytes))\"" }

    /// The text with what a terminal would act on, or could not show, in Lua's escapes: control characters, bytes that are no UTF-8,
    /// code points that change the direction of the line or cannot be seen.
    ///
    /// - Parameter keepingLines: whether quotes, backslashes, tabs and line ends stay.
    static func escape(_ bytes: some Collection<UInt8>, keepingLines: Bool = false) -> String {
        var result = ""
        var iterator = bytes.makeIterator()
        var position = bytes.startIndex
        var parser = Unicode.UTF8.ForwardParser()
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                bytes.formIndex(&position, offsetBy: encoded.count)
                append(Unicode.UTF8.decode(encoded), to: &result, keepingLines)
            case .error(let length):
                for _ in 0..<length {
                    result += hexadecimal(UInt32(bytes[position]))
                    bytes.formIndex(after: &position)
                }
            case .emptyInput: return result
            }
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String, _ keepingLines: Bool) {
        switch scalar {
        case "\n", "\t": result += keepingLines ? String(scalar) : scalar == "\n" ? "\\n" : "\\t"
        case "\r": result += "\\r"
        case "\"", "\\": result += keepingLines ? String(scalar) : "\\\(scalar)"
        case " "..."~": result.unicodeScalars.append(scalar)
        case "\u{0}"..."\u{1f}", "\u{7f}": result += hexadecimal(scalar.value)
        case "\u{200d}": result.unicodeScalars.append(scalar) // joins emoji
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }

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
