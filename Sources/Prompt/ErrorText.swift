import Linux
import LuaKit

/// An uncaught error as the user sees it.
public enum ErrorText {
    /// The error's text, with the traceback that an error table carries. What it says may be another process's words: it is escaped.
    public static func of(_ error: LuaError, _ lua: Lua) -> String { TextEscape.escape(whole(error, lua), as: .lines) }

    private static func whole(_ error: LuaError, _ lua: Lua) -> [UInt8] {
        // The bytes as they are: what is no UTF-8 is shown as such.
        if case .value(let reference) = error {
            let top = lua.top
            defer { lua.top = top }
            reference.push(lua)
            if let bytes = lua.bytes(-1) { return bytes }
        }
        return Array(text(error, lua).utf8)
    }

    private static func text(_ error: LuaError, _ lua: Lua) -> String {
        let top = lua.top
        defer { lua.top = top }
        lua.push(error)
        let value = lua.top
        switch lua.kind(value) {
        case .string, .number: return lua.string(value) ?? (try? lua.display(value)) ?? ""
        case .table:
            let text = (try? lua.display(value)) ?? "(error object is a table)"
            if lua.rawGet(value, "message") == .string {
                let shown = text.hasPrefix("table: ") ? lua.string(-1) ?? text : text
                return lua.rawGet(value, "traceback") == .string ? shown + (lua.string(-1) ?? "") : shown
            }
            return text.hasPrefix("table: ") ? "(error object is a table)" : text
        case .nil: return "(error object is a nil value)"
        default: return (try? lua.display(value)) ?? "(error object is a \(lua.typeName(value)) value)"
        }
    }
}
