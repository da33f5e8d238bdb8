/// Text of others, a process's name for one, made fit for a terminal.
public enum TextEscape {
    /// What stays as it is, beside what can be seen.
    public enum Form {
        /// Nothing: the text can stand between double quotes, and Lua reads it back.
        case quoted
        /// Quotes and backslashes: the text is for the eye, on one line.
        case line
        /// Quotes, backslashes, tabs and line ends.
        case lines
    }

    /// The text with what a terminal would act on, or could not show, in Lua's escapes: control characters, bytes that are no UTF-8,
    /// code points that change the direction of the line or cannot be seen.
    public static func escape(_ bytes: some Collection<UInt8>, as form: Form = .quoted) -> String {
        if form != .quoted, bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return String(decoding: bytes, as: UTF8.self) }
        var result = ""
        var iterator = bytes.makeIterator()
        var position = bytes.startIndex
        var parser = Unicode.UTF8.ForwardParser()
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                bytes.formIndex(&position, offsetBy: encoded.count)
                append(Unicode.UTF8.decode(encoded), to: &result, form)
            case .error(let length):
                for _ in 0..<length {
                    result += hexadecimal(UInt32(bytes[position]))
                    bytes.formIndex(after: &position)
                }
            case .emptyInput: return result
            }
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String, _ form: Form) {
        switch scalar {
        case "\n", "\t": result += form == .lines ? String(scalar) : scalar == "\n" ? "\\n" : "\\t"
        case "\r": result += "\\r"
        case "\"", "\\": result += form != .quoted ? String(scalar) : "\\\(scalar)"
        case " "..."~": result.unicodeScalars.append(scalar)
        case "\u{0}"..."\u{1f}", "\u{7f}": result += hexadecimal(scalar.value)
        default:
            if acts(scalar) { result += "\\u{\(String(scalar.value, radix: 16))}" } else { result.unicodeScalars.append(scalar) }
        }
    }

    /// Whether a terminal would act on a code point, or could not show it: a control character, C1 too, what changes the direction of the
    /// line, what cannot be seen.
    private static func acts(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " "..."~", "\u{200d}": false // joins emoji
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
    }

    /// A text of JSON with the same code points as JSON has them, `\u009B`. Outside of strings it is ASCII; line ends stay.
    public static func escapeJSON(_ text: [UInt8]) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x7f }) { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 64)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            if scalar == "\n" || !acts(scalar) {
                result += UTF8.encode(scalar)!
            } else {
                for unit in UTF16.encode(scalar)! {
                    let digits = String(unit, radix: 16, uppercase: true)
                    result += Array("\\u".utf8) + [UInt8](repeating: UInt8(ascii: "0"), count: 4 - digits.utf8.count) + digits.utf8
                }
            }
        }
        return result
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }
}
