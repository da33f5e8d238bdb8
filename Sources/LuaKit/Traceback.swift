import CLinux

/// Tracebacks as `lua` prints them, without the frames that are nssh's own.
enum Traceback {
    /// The message handler of protected calls: a string or a value with `__tostring` gets a traceback, an error table gets
    /// one in its field `traceback`, so that scripts keep the table.
    nonisolated(unsafe) static let handler = LuaFunction("traceback", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        let text = text(lua, from: 1)
        switch lua.kind(1) {
        case .string, .number:
            // The bytes as they are, be they text or not.
            guard let message = lua.bytes(1) ?? (try? lua.display(1)).map({ Array($0.utf8) }) else { return 1 }
            // An error out of another process has its traceback already.
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

    /// The frames above `level`, one a line; of many, the first and the last.
    static func text(_ lua: Lua, from level: Int32) -> String {
        var lines: [String] = []
        var frame = nssh_lua_frame()
        let end = nssh_lua_depth(lua.raw)
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
        return lines.isEmpty ? "" : "\nstack traceback:" + lines.map { "\n\t" + $0 }.joined()
    }
}
