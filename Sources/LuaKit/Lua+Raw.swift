import CLinux
import CLua

/// Looks at values without running any code: no metamethod, no user's function. For the prompt, which shows and completes.
extension Lua {
    /// Pushes a field of the metatable of the value at `index`, and tells what it is; nothing is pushed, and `.none`, when there is
    /// none. luaL_getmetafield.
    @discardableResult public func pushMetafield(_ index: Int32, _ name: String) -> Kind {
        claim(2)
        guard lua_getmetatable(raw, index) != 0 else { return .none }
        let kind = rawGet(-1, name)
        remove(-2)
        if kind == .nil {
            pop()
            return .none
        }
        return kind
    }

    /// Whether the metatable of the value at `index` has a field. luaL_getmetafield.
    public func hasMetafield(_ index: Int32, _ name: String) -> Bool {
        guard pushMetafield(index, name) != .none else { return false }
        pop()
        return true
    }

    /// What tells tables, functions and the like apart. lua_topointer.
    public func identity(_ index: Int32) -> UnsafeRawPointer { lua_topointer(raw, index) ?? UnsafeRawPointer(bitPattern: 1)! }

    /// Whether two values are equal without metamethods. lua_rawequal.
    public func rawEquals(_ first: Int32, _ second: Int32) -> Bool { lua_rawequal(raw, first, second) != 0 }

    /// Where a Lua function is defined, `file.lua` and the line; nil for one of C. lua_getinfo.
    public func definition(_ index: Int32) -> (source: String, line: Int)? {
        var info = lua_Debug()
        reserve(1)
        pushValue(index)
        guard lua_getinfo(raw, ">S", &info) != 0, info.linedefined >= 0 else { return nil }
        let source = withUnsafeBytes(of: &info.short_src) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return (source, Int(info.linedefined))
    }

    /// The first bytes of a string; empty for what is none.
    public func prefix(_ index: Int32, _ most: Int) -> [UInt8] {
        guard kind(index) == .string else { return [] }
        var count = 0
        guard let start = lua_tolstring(raw, index, &count) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: min(count, max(most, 0))))
    }

    /// The start of a string, of at most so many bytes, with `…` after what was cut; nil for what is no string.
    public func string(_ index: Int32, most: Int) -> String? {
        guard kind(index) == .string else { return nil }
        var bytes = prefix(index, most < .max ? most + 1 : most)
        if bytes.count <= most { return String(decoding: bytes, as: UTF8.self) }
        // Not in the middle of a character.
        while let last = bytes.popLast(), last & 0xc0 == 0x80, bytes.count > most - 4 {}
        return String(decoding: bytes, as: UTF8.self) + "…"
    }

    /// The name of the declared metatable that the table at `index` has; nil when it has none of them.
    public func tableName(_ index: Int32) -> String? {
        guard reserve(4), lua_getmetatable(raw, index) != 0 else { return nil }
        defer { pop() }
        return state.tables.first { table in
            guard let reference = table.reference else { return false }
            reference.push(self)
            defer { pop() }
            return rawEquals(-1, -2)
        }?.name
    }

    /// Pushes `package.loaded[name]`, which the registry keeps whatever scripts do to `package`; `.none`, and nothing pushed, when it
    /// is not there. LUA_LOADED_TABLE.
    @discardableResult public func pushLoaded(_ name: String) -> Kind {
        reserve(4)
        let top = top
        guard rawGet(Lua.registry, "_LOADED") == .table else {
            self.top = top
            return .none
        }
        let kind = rawGet(-1, name)
        remove(-2)
        if kind == .nil { pop() }
        return kind == .nil ? .none : kind
    }

    /// The name of a function of the standard library: `print`, `string.rep`.
    public func libraryName(_ index: Int32) -> String? {
        let index = absolute(index)
        for library in ["_G", "string", "table", "math", "io", "os", "coroutine", "utf8", "debug", "package"] {
            let base = top
            defer { top = base }
            guard pushLoaded(library) == .table else { continue }
            let table = top
            pushNil()
            while (try? next(table)) == true {
                if rawEquals(-1, index), let name = string(-2) { return library == "_G" ? name : "\(library).\(name)" }
                pop()
            }
        }
        return nil
    }
}
