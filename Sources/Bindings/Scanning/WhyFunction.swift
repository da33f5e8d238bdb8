import Linux
import LuaKit
import Namespaces

/// ns.why and snapshot:why.
enum WhyFunction {
    private static let results = [
        LuaField(
            "why", .named("why", .table),
            "alive, explained, namespace, initial; certain and suspects: lists as of ns.holders; unseen and release: lists of strings; tostring says it in sentences"
        )
    ]
    private static let details =
        "alive is nil when it was not seen and could live all the same. explained is whether something that was seen holds it for certain. unseen is what "
        + "could not be looked at, or, where nothing is certain, shows nowhere. release is what lets go of it, in an order that works: commands, and words where there is none."

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.why", HoldersFunction.parameters + [HoldersFunction.options], returns: results, "Tells why a namespace is alive",
        details: details,
        example:
            "local p <close> = ns.clone{uts=true, user=\"root\"}\nlocal why = ns.why(p, \"uts\")\nassert(why.alive and why.explained)\nprint(why)"
    ) { call throws(LuaError) in
        let (snapshot, why) = try HoldersFunction.ask(call)
        push(call.lua, snapshot, why)
        return 1
    }

    nonisolated(unsafe) static let method = LuaFunction(
        "snapshot:why", [SnapshotObject.receiver] + HoldersFunction.parameters, returns: results,
        "Tells why a namespace was alive when the snapshot was taken", details: details,
        example: "print(ns.scan{types=\"uts\"}:why(\"self\", \"uts\"))"
    ) { call throws(LuaError) in
        let snapshot = try call.receiver(SnapshotObject.self).snapshot
        push(call.lua, snapshot, snapshot.why(try call[1].subject(call[2], in: snapshot)))
        return 1
    }

    private static func push(_ lua: Lua, _ snapshot: Snapshot, _ why: Why) {
        let alive: LuaScalar? =
            switch why.life {
            case .alive: .boolean(true)
            case .dead: .boolean(false)
            case .unknown: nil
            }
        lua.push([
            ("alive", alive), ("explained", .boolean(why.isExplained)), ("namespace", .string(why.subject)),
            ("initial", .boolean(why.isInitial)), ("text", .string(snapshot.text(of: why))),
        ])
        lua.reserve(8)
        let table = lua.top
        HoldersFunction.push(lua, snapshot, why.certain)
        lua.rawSet(table, "certain")
        HoldersFunction.push(lua, snapshot, why.suspects)
        lua.rawSet(table, "suspects")
        lua.push(why.unseen)
        lua.rawSet(table, "unseen")
        lua.push(why.release)
        lua.rawSet(table, "release")
        lua.state.pushMetatable(lua, named: "why")
        lua.setMetatable(-2)
    }

    /// Declares the metatable.
    static func declare(_ state: LuaState) { state.declareTable("why", text: ToldText.of) }
}
