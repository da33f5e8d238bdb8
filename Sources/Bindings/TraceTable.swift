import Linux
import LuaKit

/// What was really called, as a Lua table.
public enum TraceTable {
    nonisolated(unsafe) static let function = LuaFunction(
        "ns.trace", [LuaField("fn", .function, optional: false, "what to follow")], variadic: true,
        returns: [
            LuaField("calls", .list(.table), "call, text, by, result or errno and error, and seconds of each; tostring shows them"),
            LuaField("…", .any, "what fn returns"),
        ],
        "Calls a function and shows the kernel calls about namespaces that it made, with results and times",
        details:
            "by is nssh, intermediate, child, init or function: who made the call. An error of fn is no error of ns.trace: it is in the "
            + "field error of what comes back, as it was raised, and its traceback in traceback, with the calls up to it. What fn's programs call is not seen: that is for strace(1).",
        example: "local calls = ns.trace(function() ns.run{user=\"root\", uts=\"box\", \"true\"} end)\nprint(calls)"
    ) { call throws(LuaError) in
        let lua = call.lua
        let start = try kernel { () throws(Failure) in try Trace.start() }
        let base = lua.top
        lua.reserve(8)
        var raised: LuaError?
        var traceback: String?
        do throws(LuaError) {
            lua.pushValue(1)
            let rest = call.rest
            for position in rest { lua.pushValue(position) }
            try lua.call(arguments: Int32(rest.count), results: -1, noting: &traceback)
        } catch { raised = error }
        let (calls, lost) = Trace.stop(from: start)
        // ^C is meant for all.
        if let raised, lua.state.isInterrupted { throw raised }
        if raised != nil { lua.top = base }
        let count = lua.top - base
        push(lua, calls, lost)
        if let raised {
            lua.push(raised)
            lua.rawSet(-2, "error")
            if let traceback {
                lua.push(traceback)
                lua.rawSet(-2, "traceback")
            }
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
    static func declare(_ state: LuaState) {
        state.declareTable("trace") { trace in
            var lines: [String] = []
            let left = trace.forEachRecord { lines.append(line($0)) }
            if let left = TableReader.left(left) { lines.append(left) }
            if trace.kind("lost") == .number { lines.append("… and \(trace.integer("lost") ?? 0) more") }
            if let error = trace.display("error", most: 1 << 16) { lines.append("then: " + error) }
            return lines.isEmpty ? "no calls" : lines.joined(separator: "\n")
        }
    }

    private static func line(_ call: TableReader) -> String {
        let outcome = call.integer("result").map { String($0) } ?? call.string("code") ?? "?"
        return line(by: call.string("by") ?? "", call.string("text") ?? "", outcome, seconds: call.number("seconds") ?? 0)
    }

    private static func line(by maker: String, _ text: String, _ outcome: String, seconds: Double) -> String {
        let blanks = String(repeating: " ", count: max(13 - maker.utf8.count, 1))
        return "\(maker)\(blanks)\(text) = \(outcome)  (\(NumberText.whole(seconds * 1e6)) µs)"
    }

    /// A call as a line of text.
    public static func line(_ call: Trace.Call) -> String {
        let outcome = call.result.map { String($0) } ?? call.errno?.name ?? "?"
        return line(by: call.maker.rawValue, call.text, outcome, seconds: call.seconds)
    }
}
