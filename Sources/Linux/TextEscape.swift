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
}
