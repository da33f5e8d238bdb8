import LuaKit
import Namespaces

/// A plan as a Lua table: a list of kernel calls that prints as one line.
enum PlanTable {
    nonisolated(unsafe) static let function = LuaFunction(
        "ns.plan", [LuaField("options", .record(Declared.plan), "those of ns.clone or ns.run")],
        returns: [
            LuaField("plan", .list(.table), "call, text, by and asked of each kernel call; tostring shows those that were asked for")
        ],
        "Shows the kernel calls that options stand for, without doing anything",
        details:
            "by is nssh, child or intermediate: who makes the call. asked is false for what every launch does: streams, signals, process group.",
        example: "print(ns.plan{user=\"root\", uts=\"box\", \"true\"})"
    ) { call throws(LuaError) in
        let options = try OptionsReader(call.lua, call[0], for: .clone).options
        let lines = Plan(for: options).lines
        let lua = call.lua
        lua.push(list: lines) { line in
            lua.push([
                ("call", .string(line.call)), ("text", .string(line.text)), ("by", .string(line.maker.rawValue)),
                ("asked", .boolean(line.isAsked)),
            ])
        }
        lua.state.pushMetatable(lua, named: "plan")
        lua.setMetatable(-2)
        return 1
    }

    /// Declares the metatable of plans.
    static func declare(_ state: LuaState) { state.declareTable("plan", text: text) }

    nonisolated(unsafe) private static let text = LuaFunction("plan.__tostring", [LuaField("self", .table, optional: false, "")], "") {
        call throws(LuaError) in
        let lua = call.lua
        var parts: [String] = []
        for position in stride(from: 1, through: lua.rawLength(1), by: 1) {
            guard lua.rawGet(1, position) == .table else { continue }
            lua.rawGet(-1, "asked")
            lua.rawGet(-2, "text")
            if lua.boolean(-2) { parts.append(lua.string(-1) ?? "") }
            lua.pop(3)
        }
        lua.push(parts.joined(separator: " → "))
        return 1
    }
}
