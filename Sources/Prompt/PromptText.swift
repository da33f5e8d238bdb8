import Linux
import LuaKit
import Namespaces

/// What stands before the cursor.
enum PromptText {
    /// `_PROMPT`, a value or a function, if the user has set it, as in Lua's own prompt; else where inputs are evaluated, and in which
    /// namespaces nssh itself is elsewhere than where it started: `nssh[uts,net]> `.
    static func first(_ session: Session) -> String { custom("_PROMPT", session) ?? "\(session.place?.label ?? "nssh")\(away)> " }

    /// Before the further lines of an input.
    static func next(_ session: Session) -> String { custom("_PROMPT2", session) ?? "   >> " }

    private static var away: String {
        let away = Home.away()
        var names = away.types.map(\.rawValue)
        for type in away.childrenOnly where !away.types.contains(type) {
            names.append(type == .pid && away.nextIsInit ? "next child is PID 1" : "\(type.rawValue) of children")
        }
        return names.isEmpty ? "" : "[\(names.joined(separator: ","))]"
    }

    private static func custom(_ name: String, _ session: Session) -> String? {
        let lua = session.state.lua
        let top = lua.top
        defer { lua.top = top }
        lua.reserve(6)
        lua.pushGlobals()
        switch lua.rawGet(-1, name) {
        case .nil: return nil
        case .function:
            do throws(LuaError) { try lua.call(arguments: 0, results: 1) } catch {
                session.state.clearInterrupt()
                return "\(ErrorText.of(error, lua))\n> "
            }
        default: break
        }
        return (try? lua.display(-1)).map(marked)
    }

    /// A prompt with its escape sequences marked as readline wants them, `\u{1}…\u{2}`: what has no width must not be counted.
    static func marked(_ prompt: String) -> String {
        if prompt.unicodeScalars.contains("\u{1}") { return prompt }
        var text = ""
        var isInside = false
        for scalar in prompt.unicodeScalars {
            if scalar == "\u{1b}" {
                text += isInside ? "" : "\u{1}"
                isInside = true
            }
            text.unicodeScalars.append(scalar)
            // ESC [ … letter, as of colours; another sequence is of two characters.
            if isInside, scalar != "\u{1b}", scalar != "[", scalar.value >= 0x40 {
                text += "\u{2}"
                isInside = false
            }
        }
        return isInside ? text + "\u{2}" : text
    }
}
