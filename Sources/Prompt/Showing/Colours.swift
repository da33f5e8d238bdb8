import Glibc
import Linux

/// What a piece of shown text is, which decides its colour.
enum Role {
    case plain, key, string, number, constant, function, object, header, note
}

/// The colours of the prompt: escape sequences, or nothing.
struct Colours {
    /// Whether there are any.
    let areOn: Bool

    /// Whether a descriptor gets colours: it is a terminal that knows them (TERM is not `dumb`), and NO_COLOR is not set, or empty.
    static func wanted(_ descriptor: Int32) -> Bool {
        guard isatty(descriptor) == 1, (environmentValue("NO_COLOR") ?? "").isEmpty else { return false }
        return !["", "dumb"].contains(environmentValue("TERM") ?? "")
    }

    /// The text in the colour of its role. The basic eight colours only: the terminal's user has chosen those.
    func paint(_ text: String, _ role: Role) -> String {
        guard areOn, !text.isEmpty else { return text }
        let code: String
        switch role {
        case .plain: return text
        case .key: code = "36"
        case .string: code = "32"
        case .number: code = "33"
        case .constant: code = "35"
        case .function: code = "34"
        case .object: code = "1"
        case .header: code = "1"
        case .note: code = "2"
        }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }
}
