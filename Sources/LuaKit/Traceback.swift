import CLinux

/// Tracebacks as `lua` prints them, without the frames that are nssh's own.
enum Traceback {
    /// The line above the frames.
    static let title: Substring = "stack traceback:"
    fileprivate static let titleOverThere: Substring = "stack traceback in the function's process:"

    /// The message handler of protected calls: a string or a value with `__tostring` gets a traceback, an error table gets
    /// one in its field `traceback`, so that scripts keep the table.
    nonisolated(unsafe) static let handler = LuaFunction("traceback", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        let text = textOverThere(lua, 1) + text(lua, from: 1)
        // An error ends here. A later one may have the same text and come from elsewhere.
        lua.state.forgetErrorFromOutside()
        switch lua.kind(1) {
        case .string, .number:
            // The bytes as they are, be they text or not.
            guard let message = lua.bytes(1) ?? (try? lua.display(1)).map({ Array($0.utf8) }) else { return 1 }
            // A script's own handler may have put one there already.
            lua.push(String(decoding: message, as: UTF8.self).includes("\nstack traceback:\n") ? message : message + text.utf8)
        case .table:
            if let table = TableReader(lua, 1), table.kind("message") == .string, table.kind("traceback") == .nil {
                lua.push(text)
                lua.rawSet(1, "traceback")
            }
            lua.pushValue(1)
        default: lua.pushValue(1)
        }
        return 1
    }

    /// The message handler of `Lua.call(noting:)`: what was raised stays as it is, and the traceback is noted beside it.
    nonisolated(unsafe) static let noter = LuaFunction("traceback", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        let state = lua.state
        if let last = state.noting {
            let text = textOverThere(lua, 1) + text(lua, from: 1, above: last.depth)
            last.traceback = text.isEmpty ? nil : String(text.dropFirst())
        }
        lua.top = 1
        return 1
    }

    /// The traceback of the process that the error at `index` came from, when it is the last one that came from another.
    private static func textOverThere(_ lua: Lua, _ index: Int32) -> String {
        guard let last = lua.state.errorFromOutside, lua.reserve(1) else { return "" }
        last.value.push(lua)
        defer { lua.pop() }
        return lua.rawEquals(-1, index) ? "\n" + last.traceback : ""
    }

    /// The frames above `level`, one a line, without the `depth` oldest; of many, the first and the last.
    static func text(_ lua: Lua, from level: Int32, above depth: Int32 = 0) -> String {
        var lines: [String] = []
        var frame = nssh_lua_frame()
        let end = nssh_lua_depth(lua.raw) - depth
        var level = level
        var skipped: Int32 = 0
        while level < end {
            // Lua finds a frame by walking to it: of the million of an endless recursion, just these are looked at.
            if lines.count >= 11, end - level > 64 {
                skipped = end - 16 - level
                level = end - 16
            }
            guard nssh_lua_frame_at(lua.raw, level, &frame) else { break }
            level += 1
            let source = withUnsafeBytes(of: &frame.source) { String(cString: $0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
            let name = frame.name.map { String(cString: $0) }
            if source.hasPrefix("nssh:") || frame.is_c && name == nil { continue }
            let kind = frame.name_kind.map { String(cString: $0) } ?? ""
            var line = frame.is_c ? "[C]: in " : frame.line > 0 ? "\(source):\(frame.line): in " : "\(source): in "
            if frame.function_index >= 0, let binding = lua.state.function(number: Int(frame.function_index)) {
                line += "function '\(binding.name)'"
            } else if frame.is_main {
                line += "main chunk"
            } else if let name {
                line += "\(kind.isEmpty ? "function" : kind) '\(name)'"
            } else {
                line += "function <\(source):\(frame.line_defined)>"
            }
            lines.append(line)
            if frame.is_tail_call { lines.append("(...tail calls...)") }
        }
        let surplus = max(0, lines.count - 22)
        if surplus > 0 || skipped > 0 {
            lines.replaceSubrange(11..<(11 + surplus), with: ["...\t(skipping \(surplus + Int(skipped)) levels)"])
        }
        return lines.isEmpty ? "" : "\n\(title)" + lines.map { "\n\t" + $0 }.joined()
    }
}

extension Lua {
    /// As `call`, and leaves an error as it was raised.
    ///
    /// - Parameter traceback: gets the frames between the caller and the error, as `debug.traceback` would show them; nil without an error.
    public func call(arguments: Int32, results: Int32 = -1, noting traceback: inout String?) throws(LuaError) {
        let state = state
        let own = Noting(depth: nssh_lua_depth(raw), outer: state.noting)
        state.noting = own
        defer {
            traceback = own.traceback
            state.noting = own.outer
        }
        try call(arguments: arguments, results: results, handler: Traceback.noter)
    }

    /// Notes that the error on top of the stack, which is about to be raised, comes from another process, or goes to one, with its
    /// traceback there. Where the error ends in nssh, that is shown too.
    public func noteErrorFromOutside(traceback: String) {
        reserve(1)
        pushValue(-1)
        // One more copy on the way has put another part before that.
        let lines = traceback.split(separator: "\n").map { $0 == Traceback.title ? Traceback.titleOverThere : $0 }
        state.errorFromOutside = (LuaReference(self), lines.joined(separator: "\n"))
    }
}
