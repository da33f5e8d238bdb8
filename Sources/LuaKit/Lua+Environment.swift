import CLua

extension Lua {
    /// Pops a table and makes it the `_ENV` of the chunk at `index`, as the fourth argument of `load` does.
    public func setEnvironment(_ chunk: Int32) {
        // A chunk's first upvalue is _ENV.
        if lua_setupvalue(raw, absolute(chunk), 1) == nil { pop() }
    }

    /// Pushes the `_ENV` of the chunk at `index`; nil when it has none.
    public func pushEnvironment(_ chunk: Int32) {
        claim()
        if lua_getupvalue(raw, absolute(chunk), 1) == nil { pushNil() }
    }
}
