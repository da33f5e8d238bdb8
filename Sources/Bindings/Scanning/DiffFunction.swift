import Linux
import LuaKit
import Namespaces

/// ns.diff, of two processes or two snapshots, and snapshot:diff.
enum DiffFunction {
    private static let compared = LuaType.either([Declared.target, .object("snapshot")])

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.diff", [LuaField("a", compared, optional: false, "one"), LuaField("b", compared, optional: false, "the other")],
        returns: [LuaField("differences", .table, "of targets { type = { inode of a, inode of b } }; of snapshots as snapshot:diff")],
        "Shows in which types two targets differ, or what has changed between two snapshots",
        example: "local p <close> = ns.clone{uts=true, user=\"root\"}\nassert(ns.diff(\"self\", p).uts[2] == p:inode(\"uts\"))"
    ) { call throws(LuaError) in
        if let before = call[0].object(SnapshotObject.self) {
            guard let after = call[1].object(SnapshotObject.self) else { throw .argument(2, of: "ns.diff", "a snapshot too expected") }
            push(call.lua, before.snapshot, after.snapshot)
            return 1
        }
        if call[1].object(SnapshotObject.self) != nil { throw .argument(1, of: "ns.diff", "a snapshot too expected") }
        let (a, b) = (try call[0].target(), try call[1].target())
        let differences = try kernel { () throws(Failure) in try Inspect.difference(a, b) }
        let lua = call.lua
        lua.pushTable(fields: differences.count)
        for (type, x, y) in differences {
            lua.pushTable(array: 2)
            lua.push(Int(x))
            lua.rawSet(-2, 1)
            lua.push(Int(y))
            lua.rawSet(-2, 2)
            lua.rawSet(-2, type.rawValue)
        }
        return 1
    }

    nonisolated(unsafe) static let method = LuaFunction(
        "snapshot:diff", [SnapshotObject.receiver, LuaField("other", .object("snapshot"), optional: false, "a later snapshot")],
        returns: [
            LuaField("difference", .named("difference", .table), "born, died, changed, ignored; tostring says it in words")
        ], "Tells what has changed between this snapshot and a later one",
        details:
            "born and died are lists of namespaces: namespace, type, inode and holders, as of ns.holders. changed has namespace, came and went, which are "
            + "holders, of each that is in both. An inode number that was used again is a death and a birth where the kernel has ids. ignored are the "
            + "sources that only one snapshot has looked through: what they found counts for nothing.",
        example: "local before = ns.scan{types=\"uts\"}\nlocal p <close> = ns.clone{uts=true, user=\"root\"}\n"
            + "local d = before:diff(ns.scan{types=\"uts\"})\nlocal found\n"
            + "for _, b in ipairs(d.born) do found = found or b.inode == p:inode(\"uts\") end\nassert(found)"
    ) { call throws(LuaError) in
        let before = try call.receiver(SnapshotObject.self).snapshot
        guard let after = call[1].object(SnapshotObject.self)?.snapshot else { return 0 }
        push(call.lua, before, after)
        return 1
    }

    private static func push(_ lua: Lua, _ before: Snapshot, _ after: Snapshot) {
        let difference = after.since(before)
        lua.push([("text", .string(difference.text(before, after)))])
        lua.reserve(8)
        let table = lua.top
        for (name, list, snapshot) in [("born", difference.born, after), ("died", difference.died, before)] {
            lua.push(list: list) { item in
                lua.push([
                    ("namespace", .string(item.key.link)), ("type", .string(item.key.type.rawValue)),
                    ("inode", .integer(Int(item.key.inode))),
                ])
                HoldersFunction.push(lua, snapshot, item.holders)
                lua.rawSet(-2, "holders")
            }
            lua.rawSet(table, name)
        }
        lua.push(list: difference.changed) { change in
            lua.push([("namespace", .string(change.key.link))])
            HoldersFunction.push(lua, after, change.came)
            lua.rawSet(-2, "came")
            HoldersFunction.push(lua, before, change.went)
            lua.rawSet(-2, "went")
        }
        lua.rawSet(table, "changed")
        lua.push(difference.ignored.map(\.rawValue))
        lua.rawSet(table, "ignored")
        lua.state.pushMetatable(lua, named: "difference")
        lua.setMetatable(-2)
    }

    /// Declares the metatable.
    static func declare(_ state: LuaState) { state.declareTable("difference", text: ToldText.of) }
}

/// What `tostring` says of tables that carry their text.
enum ToldText {
    static func of(_ table: TableReader) -> String { table.string("text", most: .max) ?? "a table without its text" }
}
