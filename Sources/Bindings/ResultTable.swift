import Linux
import LuaKit
import Namespaces

/// The result of a process that has ended, as a Lua table: fields to look at, and `check`.
enum ResultTable {
    /// Pushes the result of `process`, which has ended.
    static func push(_ lua: Lua, _ process: Process, _ results: [UInt8]?) throws(LuaError) {
        guard let exit = process.exit else { throw .message("the process has not ended") }
        lua.reserve(8)
        lua.pushTable(fields: 12)
        let table = lua.top
        func set(_ name: String, _ value: LuaScalar) {
            lua.push(value)
            lua.rawSet(table, name)
        }
        set("pid", .integer(Int(process.pid)))
        set("ok", .boolean(exit.isSuccess && !process.timedOut))
        if let status = exit.status { set("status", .integer(Int(status))) }
        if let signal = exit.signal { set("signal", .string(signal)) }
        set("timed_out", .boolean(process.timedOut))
        set("seconds", .number((process.ended ?? process.started) - process.started))
        for (name, bytes) in [("stdout", process.capturedOutput), ("stderr", process.capturedError)] {
            guard let bytes else { continue }
            lua.push(bytes)
            lua.rawSet(table, name)
        }
        switch try FunctionBody.pushOutcome(lua, results) {
        case .none: break
        case .error: lua.rawSet(table, "error")
        case .values(let count):
            lua.pushTable(array: count, fields: 1)
            lua.insert(table + 1)
            for position in stride(from: count, through: 1, by: -1) { lua.rawSet(table + 1, position) }
            lua.push(count)
            lua.rawSet(table + 1, "n")
            lua.rawSet(table, "values")
        }
        lua.state.pushMetatable(lua, named: "result")
        lua.setMetatable(table)
    }

    /// Declares the metatable of results; they can cross to another process.
    static func declare(_ state: LuaState) { state.declareTable("result", text: text, methods: [check]) }

    nonisolated(unsafe) static let check = LuaFunction(
        "result:check", [LuaField("self", .table, optional: false, "a result")],
        returns: [LuaField("result", .named("result", .table), "the result itself")],
        "Returns the result if the process ended well, raises an error otherwise",
        details: "The error has the fields status, signal, timed_out and stderr; of a function body it is the function's own error.",
        example: "print(ns.run{\"echo\", \"hello\"}:check().stdout)"
    ) { call throws(LuaError) in
        let lua = call.lua
        lua.rawGet(1, "ok")
        if lua.boolean(-1) {
            lua.pushValue(1)
            return 1
        }
        if lua.rawGet(1, "error") != .nil { throw .value(LuaReference(lua)) }
        var fields: [(name: String, value: LuaScalar)] = [("code", .string("EXIT"))]
        for name in ["status", "signal", "timed_out", "stderr"] {
            switch lua.rawGet(1, name) {
            case .number: fields.append((name, .integer(lua.integer(-1) ?? 0)))
            case .string: fields.append((name, .string(lua.string(-1) ?? "")))
            case .boolean: fields.append((name, .boolean(lua.boolean(-1))))
            default: break
            }
            lua.pop()
        }
        lua.rawGet(1, "stderr")
        let last = (lua.string(-1) ?? "").split(separator: "\n").last.map { ": \($0)" } ?? ""
        throw .fields(message: "the process \(words(lua, 1))\(last)", fields)
    }

    nonisolated(unsafe) private static let text = LuaFunction("result.__tostring", [LuaField("self", .table, optional: false, "")], "") {
        call throws(LuaError) in
        let lua = call.lua
        lua.rawGet(1, "pid")
        let pid = lua.integer(-1) ?? 0
        lua.rawGet(1, "seconds")
        let milliseconds = Int(((lua.number(-1) ?? 0) * 1000).rounded())
        var text = "result of process \(pid): \(words(lua, 1)) after \(milliseconds) ms"
        for name in ["stdout", "stderr"] where lua.rawGet(1, name) == .string {
            let count = lua.rawLength(-1)
            if count > 0 { text += ", \(name) \(count) byte\(count == 1 ? "" : "s")" }
        }
        for name in ["stdout", "stderr"] where lua.rawGet(1, name) == .string { text += excerpt(lua.string(-1) ?? "") }
        lua.push(text)
        return 1
    }

    /// The first lines of what was written.
    private static func excerpt(_ text: String) -> String {
        if text.isEmpty { return "" }
        let lines = text.prefix(4000).split(separator: "\n", omittingEmptySubsequences: false)
        let shown = lines.prefix(20).joined(separator: "\n")
        return "\n" + (shown.utf8.last == UInt8(ascii: "\n") ? String(shown.dropLast()) : shown)
            + (shown.utf8.count + 1 < text.utf8.count ? "\n…" : "")
    }

    /// `exited with 1`, `was killed by SIGKILL: its time was up`.
    private static func words(_ lua: Lua, _ table: Int32) -> String {
        let top = lua.top
        defer { lua.top = top }
        lua.rawGet(table, "timed_out")
        let late = lua.boolean(-1) ? ": its time was up" : ""
        if lua.rawGet(table, "signal") == .string { return "was killed by \(lua.string(-1) ?? "")\(late)" }
        lua.rawGet(table, "status")
        return lua.integer(-1).map { "exited with \($0)\(late)" } ?? "ended, and was reaped by somebody else"
    }
}
