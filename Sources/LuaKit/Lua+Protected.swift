import CLinux
import CLua

/// The calls that may run Lua code, and so fail with an error of any value.
extension Lua {
    /// Calls the function below its `arguments` on the stack. lua_pcall.
    ///
    /// - Parameters:
    ///   - results: how many results to leave, -1 for all.
    ///   - traceback: whether an error that is a string gets the stack's traceback (see `Traceback`).
    public func call(arguments: Int32, results: Int32 = -1, traceback: Bool = false) throws(LuaError) {
        try call(arguments: arguments, results: results, handler: traceback ? Traceback.handler : nil)
    }

    func call(arguments: Int32, results: Int32, handler: LuaFunction?) throws(LuaError) {
        if results > 0, !reserve(results) {
            pop(arguments + 1)
            throw .message("stack overflow")
        }
        var position: Int32 = 0
        if let handler {
            state.push(handler, self)
            position = top - arguments - 1
            insert(position)
        }
        let status = nssh_lua_pcall(raw, arguments, results, position)
        if handler != nil { remove(position) }
        try check(status)
        // nssh_lua_pcall has made it.
        if results < 0 { grant(StackCheck.least) }
    }

    /// Loads a chunk and pushes it as a function. `name` as lua_load has it: `=stdin`, `@file.lua`.
    public func load(_ bytes: [UInt8], name: String, mode: String? = nil) throws(LuaError) {
        try load(bytes, name: Array(name.utf8), mode: mode)
    }

    /// The same under a name of any bytes, as a file may have; one of zero would end it.
    public func load(_ bytes: [UInt8], name: [UInt8], mode: String? = nil) throws(LuaError) {
        let name = name.map(CChar.init(bitPattern:)) + [0]
        claim()
        let status = bytes.withUnsafeBytes {
            nssh_lua_load(raw, $0.baseAddress?.assumingMemoryBound(to: CChar.self) ?? emptyText, $0.count, name, mode)
        }
        try check(status)
    }

    /// Pops a key, pushes `table[key]`, metamethods included. lua_gettable.
    public func get(_ table: Int32) throws(LuaError) { try check(nssh_lua_get(raw, table)) }

    /// Pops a key and a value: `table[key] = value`, metamethods included. lua_settable.
    public func set(_ table: Int32) throws(LuaError) { try check(nssh_lua_set(raw, table)) }

    /// Pops a key, pushes the next key and its value; false, and nothing pushed, at the end. lua_next.
    public func next(_ table: Int32) throws(LuaError) -> Bool {
        claim()
        var more: Int32 = 0
        try check(nssh_lua_next(raw, table, &more))
        return more != 0
    }

    /// The text that `tostring` would give, metamethods included. luaL_tolstring.
    public func display(_ index: Int32) throws(LuaError) -> String {
        try check(nssh_lua_display(raw, index))
        defer { pop() }
        return string(-1) ?? ""
    }

    /// The start of that text, `…` after what was cut.
    public func display(_ index: Int32, most: Int) throws(LuaError) -> String {
        try check(nssh_lua_display(raw, index))
        defer { pop() }
        return string(-1, most: most) ?? ""
    }

    /// Whether two values are equal, metamethods included. lua_compare.
    public func equals(_ first: Int32, _ second: Int32) throws(LuaError) -> Bool {
        try check(nssh_lua_equals(raw, first, second))
        defer { pop() }
        return boolean(-1)
    }

    /// Throws the error on top of the stack, when there is one.
    private func check(_ status: Int32) throws(LuaError) {
        guard status != LUA_OK else { return }
        throw LuaError.value(LuaReference(self))
    }
}

nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    text.initialize(to: 0)
    return UnsafePointer(text)
}()
