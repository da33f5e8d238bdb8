import Linux
import LuaKit
import Namespaces

/// A plan as a Lua table: a list of kernel calls that prints as one line.
enum PlanTable {
    nonisolated(unsafe) static let function = LuaFunction(
        "ns.plan", [LuaField("options", .record(Declared.plan), "those of ns.clone or ns.run")],
        returns: [
            LuaField("plan", .list(.table), "call, text, by and asked of each kernel call; fields command, go and inexpressible")
        ],
        "Shows the kernel calls that options stand for, without doing anything",
        details:
            "tostring shows the calls that were asked for. by is nssh, child, intermediate or init: who makes the call. asked is false for what "
            + "every launch does: streams, signals, process group. command is the same as a command line of unshare(1) and nsenter(1), go the "
            + "same as a Go program's SysProcAttr, of the options that are given: a stream that is not is the caller's. Where one of them has no "
            + "words for an option, or would take a value for something else, it is nil and inexpressible says which and why. A string as stdin is "
            + "refused, as ns.clone takes it for a path and ns.run for data: { path = \"…\" } and { data = \"…\" } are the same in both.",
        example: "print(ns.plan{user=\"root\", uts=\"box\", \"true\"})"
    ) { call throws(LuaError) in
        let options = try OptionsReader(call.lua, call[0], for: .plan).options
        let lines = try kernel { () throws(Failure) in try Plan(for: options) }.lines
        let lua = call.lua
        lua.push(list: lines) { line in
            lua.push([
                ("call", .string(line.call)), ("text", .string(line.text)), ("by", .string(line.maker.rawValue)),
                ("asked", .boolean(line.isAsked)),
            ])
        }
        pushOthers(lua, options)
        lua.state.pushMetatable(lua, named: "plan")
        lua.setMetatable(-2)
        return 1
    }

    /// The same in other tools' words.
    private static func pushOthers(_ lua: Lua, _ options: Options) {
        var reasons: [(name: String, value: LuaScalar?)] = []
        let forms: [(String, (Options) throws(Inexpressible) -> [UInt8])] = [
            ("command", PlanCommand.text), ("go", { options throws(Inexpressible) in Array(try PlanGo.text(for: options).utf8) }),
        ]
        for (name, form) in forms {
            do throws(Inexpressible) {
                lua.push(try form(options))
                lua.rawSet(-2, name)
            } catch {
                reasons.append((name, .string(error.reason)))
            }
        }
        lua.push(reasons)
        lua.rawSet(-2, "inexpressible")
    }

    /// Declares the metatable of plans.
    static func declare(_ state: LuaState) {
        state.declareTable("plan") { plan in
            var parts: [String] = []
            let left = plan.forEachRecord { call in if call.isTrue("asked") { parts.append(call.string("text") ?? "") } }
            if let left = TableReader.left(left) { parts.append(left) }
            return parts.joined(separator: " → ")
        }
    }
}
