import LuaKit

/// An uncaught error as the user sees it.
public enum ErrorText {
    /// The error's text, with the traceback that an error table carries.
    public static func of(_ error: LuaError, _ lua: Lua) -> String {
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
