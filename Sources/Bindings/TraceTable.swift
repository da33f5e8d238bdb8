import Linux
import LuaKit

/// What was really called, as a Lua table.
enum TraceTable {
    nonisolated(unsafe) static let function = LuaFunction(
        "ns.trace", [LuaField("fn", .function, optional: false, "what to follow")], variadic: true,
        returns: [
            LuaField("calls", .list(.table), "call, text, by, result or errno and error, and seconds of each; tostring shows them"),
            LuaField("…", .any, "what fn returns"),
        ],
        "Calls a function and shows the kernel calls about namespaces that it made, with results and times",
        details:
            "by is nssh, intermediate, child, init or function: who made the call. An error of fn is no error of ns.trace: it is in the "
            + "field error of what comes back, with the calls up to it. What fn's programs call is not seen: that is for strace(1).",
        example: "local calls = ns.trace(function() ns.run{user=\"root\", uts=\"box\", \"true\"} end)\nprint(calls)"
    ) { call throws(LuaError) in
        let lua = call.lua
        guard try kernel({ () throws(Failure) in try Trace.start() }) else { throw .message("ns.trace: a trace is being kept already") }
        let base = lua.top
        lua.reserve(8)
        var raised: LuaError?
        do throws(LuaError) {
            lua.pushValue(1)
            let rest = call.rest
            for position in rest { lua.pushValue(position) }
            try lua.call(arguments: Int32(rest.count), results: -1, traceback: true)
        } catch { raised = error }
        let (calls, lost) = Trace.stop()
        // ^C is meant for all.
        if let raised, lua.state.isInterrupted { throw raised }
        if raised != nil { lua.top = base }
        let count = lua.top - base
        push(lua, calls, lost)
        if let raised {
            lua.push(raised)
            lua.rawSet(-2, "error")
        }
        lua.insert(base + 1)
        return Int(count) + 1
    }

    private static func push(_ lua: Lua, _ calls: [Trace.Call], _ lost: Int) {
        lua.reserve(8)
        lua.push(list: calls) { call in
            var fields: [(String, LuaScalar?)] = [
                ("call", .string(call.name)), ("text", .string(call.text)), ("by", .string(call.maker.rawValue)),
                ("seconds", .number(call.seconds)),
            ]
            if let result = call.result { fields.append(("result", .integer(result))) }
            if let errno = call.errno { fields += [("errno", .integer(Int(errno.rawValue))), ("code", .string(errno.name))] }
            lua.push(fields)
        }
        if lost > 0 {
            lua.push(lost)
            lua.rawSet(-2, "lost")
        }
        lua.state.pushMetatable(lua, named: "trace")
        lua.setMetatable(-2)
    }

    /// Declares the metatable of traces.
    static func declare(_ state: LuaState) { state.declareTable("trace", text: text) }

    nonisolated(unsafe) private static let text = LuaFunction("trace.__tostring", [LuaField("self", .table, optional: false, "")], "") {
        call throws(LuaError) in
        let lua = call.lua
        lua.reserve(8)
        var lines: [String] = []
        for position in stride(from: 1, through: lua.rawLength(1), by: 1) {
            guard lua.rawGet(1, position) == .table else { continue }
            let entry = lua.top
            func field(_ name: String) -> String? {
                defer { lua.pop() }
                lua.rawGet(entry, name)
                return lua.string(-1)
            }
            lua.rawGet(entry, "seconds")
            let microseconds = Int(((lua.number(-1) ?? 0) * 1e6).rounded())
            lua.pop()
            lua.rawGet(entry, "result")
            let result = lua.integer(-1).map { String($0) }
            lua.pop()
            let maker = field("by") ?? ""
            let outcome = result ?? field("code") ?? "?"
            lines.append(
                maker + String(repeating: " ", count: max(13 - maker.utf8.count, 1)) + (field("text") ?? "")
                    + " = \(outcome)  (\(microseconds) µs)")
            lua.pop()
        }
        if lua.rawGet(1, "lost") == .number { lines.append("… and \(lua.integer(-1) ?? 0) more") }
        lua.pop()
        if lua.rawGet(1, "error") != .nil { lines.append("then: " + ((try? lua.display(-1)) ?? "an error")) }
        lua.push(lines.isEmpty ? "no calls" : lines.joined(separator: "\n"))
        return 1
    }
}
