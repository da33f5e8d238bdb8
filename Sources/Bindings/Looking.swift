import Linux
import LuaKit
import Namespaces

/// What shows namespaces without changing anything.
enum Looking {
    static func pushNamespaces(_ lua: Lua, _ target: Target) throws(LuaError) -> Int {
        let inodes = try kernel { () throws(Failure) in try Inspect.inodes(target) }
        lua.reserve(6)
        lua.pushTable(array: inodes.count)
        var count = 0
        for (name, inode) in inodes {
            guard let type = NamespaceType(rawValue: name) else { continue }
            let handle = try? target.open(type)
            let id = (try? handle?.id()).flatMap { $0 }
            lua.push([
                ("type", .string(name)), ("inode", .integer(Int(inode))), ("id", id.map { .integer(Int(truncatingIfNeeded: $0)) }),
                ("link", .string("\(name):[\(inode)]")),
            ])
            count += 1
            lua.rawSet(-2, count)
        }
        return 1
    }

    static func pushInodes(_ lua: Lua, _ target: Target) throws(LuaError) -> Int {
        let inodes = try kernel { () throws(Failure) in try Inspect.inodes(target) }
        lua.reserve(3)
        lua.pushTable(fields: inodes.count)
        for (name, inode) in inodes {
            lua.push(Int(inode))
            lua.rawSet(-2, name)
        }
        return 1
    }

    static func pushTypes(_ lua: Lua) -> Int {
        lua.reserve(6)
        lua.pushTable(array: 8, fields: 8)
        for (position, type) in NamespaceType.allCases.enumerated() {
            lua.push([
                ("name", .string(type.rawValue)), ("flag", .string(type.flagName)), ("bit", .integer(Int(type.flag))),
                ("isolates", .string(type.isolates)), ("since", .string(type.since)), ("manual", .string(type.manual)),
                ("supported", .boolean(type.isSupported)),
            ])
            lua.pushValue(-1)
            lua.rawSet(-3, type.rawValue)
            lua.rawSet(-2, position + 1)
        }
        return 1
    }
}

/// A ledger as a Lua value.
final class LedgerObject: LuaObject {
    let ledger = Ledger()

    override class var declaration: LuaClass { declared }
    override var description: String {
        let counts = Ledger.Kind.allCases.map { kind in
            let count = ledger.items.count { $0.kind == kind }
            return "\(count) \(kind.rawValue)\(count == 1 ? "" : kind == .process ? "es" : "s")"
        }
        return "ledger: " + counts.joined(separator: ", ")
    }

    private static let receiver = LuaField("self", .object("ledger"), optional: false, "the ledger")

    nonisolated(unsafe) private static let declared = LuaClass(
        "ledger", "A snapshot of what could be left behind on the machine.",
        properties: [
            LuaProperty("unreadable", .list(.string), "what could not be looked at, and why") { object, lua throws(LuaError) in
                lua.push((object as! LedgerObject).ledger.unreadable)
            }
        ],
        methods: [
            LuaFunction(
                "ledger:since",
                [receiver, LuaField("before", .object("ledger"), optional: false, "an earlier ledger")],
                returns: [LuaField("left", .list(.table), "kind, name and certain of each thing; tostring says it in words")],
                "Lists what is there now and was not before",
                details:
                    "kind is process, mount, pin, link, queue, cgroup or descriptor. A process that somebody else started is left out; "
                    + "an orphan that may be anybody's has certain = false, and so have every cgroup, and mounts and links where nssh has no power to make "
                    + "any. Where it has, whatever is new in its own namespaces counts as its own, others' too.",
                example:
                    "local before = ns.ledger()\nlocal left = ns.ledger():since(before)\nassert(tostring(left) == \"left behind: nothing\")"
            ) { call throws(LuaError) in
                let after = try call.receiver(LedgerObject.self).ledger
                guard let before = call[1].object(LedgerObject.self)?.ledger else { return 0 }
                let items = after.since(before)
                let lua = call.lua
                lua.push(list: items) { item in
                    lua.push([("kind", .string(item.kind.rawValue)), ("name", .string(item.name)), ("certain", .boolean(item.isCertain))])
                }
                lua.state.pushMetatable(lua, named: "left behind")
                lua.setMetatable(-2)
                return 1
            }
        ])

    /// Declares the metatable of what `since` returns.
    static func declare(_ state: LuaState) {
        state.declareTable("left behind") { list in
            var lines: [String] = []
            let left = list.forEachRecord { item in
                let doubt = item.isTrue("certain") ? "" : " (perhaps)"
                lines.append("\(item.string("kind") ?? "") \(item.string("name") ?? "")\(doubt)")
            }
            if let left = TableReader.left(left) { lines.append(left) }
            return "left behind:" + (lines.isEmpty ? " nothing" : lines.map { "\n  \($0)" }.joined())
        }
    }
}
