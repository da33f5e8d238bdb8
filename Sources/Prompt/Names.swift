import LuaKit

/// Names that are there, looked up without running anything: no metamethod is called.
enum Names {
    /// Globals and the prompt's local variables.
    static func globals(_ session: Session) -> [String] {
        let lua = session.state.lua
        let top = lua.top
        defer { lua.top = top }
        lua.pushGlobals()
        return session.locals.names + keys(lua)
    }

    /// The fields of a table that a path such as `a.b` names; the functions of a module that is not filled yet too.
    static func fields(of path: String, _ session: Session) -> [String] {
        let lua = session.state.lua
        let top = lua.top
        defer { lua.top = top }
        lua.reserve(8)
        lua.pushGlobals()
        for part in path.split(separator: ".") {
            guard lua.kind(-1) == .table else { return [] }
            lua.rawGet(-1, String(part))
            lua.remove(-2)
        }
        let declared = session.state.modules.first { $0.name == path }?.functions.map(\.shortName) ?? []
        return lua.kind(-1) == .table ? declared + keys(lua) : declared
    }

    /// The names among the keys of the table on top of the stack.
    private static func keys(_ lua: Lua) -> [String] {
        var names: [String] = []
        let table = lua.top
        lua.pushNil()
        while (try? lua.next(table)) == true {
            lua.pop()
            if let name = lua.string(-1) { names.append(name) }
        }
        return names
    }
}
