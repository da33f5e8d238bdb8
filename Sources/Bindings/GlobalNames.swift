import LuaKit

/// Which global variables there are, for `nssh --strict`, `nssh -W` and the prompt. What watches their reads is the bundled nssh.globals.
public enum GlobalNames {
    /// The loader of nssh.suggest, a function: the nearest of a list of names to a word, or nil.
    nonisolated(unsafe) static let suggestLoader = LuaFunction("nssh.suggest", variadic: true, "") { call throws(LuaError) in
        call.lua.state.push(suggest, call.lua)
        return 1
    }

    nonisolated(unsafe) private static let suggest = LuaFunction(
        "suggest", [LuaField("word", .bytes, ""), LuaField("names", .list(.bytes), "")], returns: [LuaField("name", .string, "")],
        "The nearest of some names"
    ) { call throws(LuaError) in
        let names = call[1].table?.list.compactMap(\.string) ?? []
        if let name = suggestion(for: call[0].string ?? "", among: names) { call.lua.push(name) } else { call.lua.pushNil() }
        return 1
    }

    /// From now on reading a global variable that was never assigned to is an error, or a warning.
    ///
    /// - Parameter how: `error` or `warn`.
    public static func watch(_ lua: Lua, _ how: String) throws(LuaError) {
        let top = lua.top
        defer { lua.top = top }
        lua.reserve(6)
        lua.pushGlobals()
        lua.rawGet(-1, "require")
        lua.push("nssh.globals")
        try lua.call(arguments: 1, results: 1, traceback: true)
        lua.push(how)
        try lua.call(arguments: 1, results: 0, traceback: true)
    }

    /// A variable by that name exists, whatever its value.
    public static func declare(_ lua: Lua, _ name: String) {
        guard lua.reserve(8) else { return }
        let top = lua.top
        defer { lua.top = top }
        lua.pushGlobals()
        guard lua.pushMetafield(-1, "__declared") == .table else { return }
        lua.push(true)
        lua.rawSet(-2, name)
    }

    /// Whether a global variable of that name may exist, without running anything. Where an `__index` of somebody's own could have an
    /// answer, it may.
    public static func mayExist(_ lua: Lua, _ name: String) -> Bool {
        guard lua.reserve(12) else { return true }
        let top = lua.top
        defer { lua.top = top }
        lua.pushGlobals()
        let globals = lua.top
        if lua.rawGet(globals, name) != .nil { return true }
        if lua.pushMetafield(globals, "__declared") == .table { return lua.rawGet(-1, name) != .nil }
        return lua.hasMetafield(globals, "__index")
    }
}
