import Linux
import LuaKit
import Namespaces

/// The result of a process that has ended, as a Lua table: fields to look at, and `check`.
enum ResultTable {
    /// Pushes the result of `process`, which has ended.
    ///
    /// - Parameter deadline: when its time is up, on `monotonicSeconds`; values that are not decoded by then are not in the result.
    static func push(_ lua: Lua, _ process: Process, _ reply: FunctionBody.Reply, until deadline: Double?) throws(LuaError) {
        guard let exit = process.exit else { throw .message("the process has not ended") }
        lua.reserve(8)
        lua.pushTable(fields: 12)
        let table = lua.top
        let outcome = try FunctionBody.pushOutcome(lua, reply, until: deadline)
        switch outcome {
        case .none: break
        case .late: process.timeIsUp()
        case .error(let traceback):
            lua.rawSet(table, "error")
            if let traceback {
                lua.push(traceback)
                lua.rawSet(table, "traceback")
            }
        case .values(let count):
            lua.pushTable(array: count, fields: 1)
            lua.insert(table + 1)
            for position in stride(from: count, through: 1, by: -1) { lua.rawSet(table + 1, position) }
            lua.push(count)
            lua.rawSet(table + 1, "n")
            lua.rawSet(table, "values")
        }
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
        for (name, list) in [("weaker", process.weaker), ("notes", process.notes)] where !list.isEmpty {
            lua.push(list)
            lua.rawSet(table, name)
        }
        lua.state.pushMetatable(lua, named: "result")
        lua.setMetatable(table)
    }

    /// Declares the metatable of results; they can cross to another process.
    static func declare(_ state: LuaState) { state.declareTable("result", methods: [check], text: text) }

    nonisolated(unsafe) static let check = LuaFunction(
        "result:check", [LuaField("self", .table, optional: false, "a result")],
        returns: [LuaField("result", .named("result", .table), "the result itself")],
        "Returns the result if the process ended well, raises an error otherwise",
        details:
            "The error has the fields status, signal, timed_out and stderr. Of a function body it is what the function raised: it is in the field "
            + "error, and its traceback in traceback.",
        example: "print(ns.run{\"echo\", \"hello\"}:check().stdout)"
    ) { call throws(LuaError) in
        let lua = call.lua
        guard let result = TableReader(lua, 1) else { throw .message("stack overflow") }
        if result.isTrue("ok") {
            lua.pushValue(1)
            return 1
        }
        if result.kind("error") != .nil {
            let traceback = result.whole("traceback").map { Array($0.utf8) }
            lua.rawGet(1, "error")
            throw FunctionBody.raised(lua, traceback)
        }
        var fields: [(name: String, value: LuaScalar)] = [("code", .string("EXIT"))]
        for name in ["status", "signal", "timed_out", "stderr"] {
            switch result.kind(name) {
            case .number: fields.append((name, .integer(result.integer(name) ?? 0)))
            case .string: fields.append((name, .string(result.whole(name) ?? "")))
            case .boolean: fields.append((name, .boolean(result.isTrue(name))))
            default: break
            }
        }
        let last = (result.whole("stderr") ?? "").split(separator: "\n").last.map { ": \($0)" } ?? ""
        throw .fields(message: "the process \(words(result))\(last)", fields)
    }

    private static func text(_ result: TableReader) -> String {
        let milliseconds = NumberText.whole((result.number("seconds") ?? 0) * 1000)
        var text = "result of process \(result.integer("pid") ?? 0): \(words(result)) after \(milliseconds) ms"
        for name in ["stdout", "stderr"] {
            if let size = result.size(name), size > 0 { text += ", \(name) \(size) byte\(size == 1 ? "" : "s")" }
        }
        if let error = result.display("error") { text += "\nerror: \(error)" }
        for name in ["stdout", "stderr"] { text += excerpt(result, name) }
        return text
    }

    /// The first lines of what was written.
    private static func excerpt(_ result: TableReader, _ name: String) -> String {
        let most = 4000
        guard let size = result.size(name), size > 0, var text = result.string(name, most: most) else { return "" }
        let isCut = size > most
        if isCut { text.removeLast() }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let shown = lines.prefix(20).joined(separator: "\n")
        return "\n" + (shown.utf8.last == UInt8(ascii: "\n") ? String(shown.dropLast()) : shown)
            + (isCut || shown.utf8.count + 1 < text.utf8.count ? "\n…" : "")
    }

    /// `exited with 1`, `was killed by SIGKILL: its time was up`.
    private static func words(_ result: TableReader) -> String {
        let late = result.isTrue("timed_out") ? ": its time was up" : ""
        if let signal = result.string("signal") { return "was killed by \(signal)\(late)" }
        return result.integer("status").map { "exited with \($0)\(late)" } ?? "ended, and was reaped by somebody else"
    }
}
