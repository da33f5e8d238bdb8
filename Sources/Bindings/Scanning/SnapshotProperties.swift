import Linux
import LuaKit
import Namespaces

/// The fields of a snapshot. A table is made when it is asked for, so that what a script does not look at costs nothing.
extension SnapshotObject {
    nonisolated(unsafe) static let properties = [
        LuaProperty(
            "namespaces", .list(.table),
            "type, inode, link, id, owner, parent, uid, initial, path (by which it can be opened) and names (of ip-netns(8), of bind mounts) of each; of a snapshot from a file, mounts and descriptors that lead to it here"
        ) {
            object, lua throws(LuaError) in
            let snapshot = (object as! SnapshotObject).snapshot
            let paths = snapshot.openPaths()
            lua.push(list: Array(snapshot.namespaces.indices)) { index in
                let namespace = snapshot.namespaces[index]
                lua.push([
                    ("type", .string(namespace.key.type.rawValue)), ("inode", .integer(Int(namespace.key.inode))),
                    ("link", .string(namespace.key.link)), ("id", namespace.id.map { .integer(Int(truncatingIfNeeded: $0)) }),
                    ("owner", namespace.owner.map { .string($0.link) }), ("parent", namespace.parent.map { .string($0.link) }),
                    ("uid", namespace.ownerUid.map { .integer(Int($0)) }), ("initial", .boolean(namespace.isInitial)),
                    ("path", paths[index].map { .bytes($0) }),
                ])
                lua.push(snapshot.names(of: namespace))
                lua.rawSet(-2, "names")
            }
        },
        LuaProperty(
            "processes", .list(.table),
            "pid, pids (from nssh's pid namespace down to its own), name, uid, parent, zombie, and namespaces (inode numbers by link) of each"
        ) { object, lua throws(LuaError) in
            let snapshot = (object as! SnapshotObject).snapshot
            lua.push(list: Array(snapshot.processes.indices)) { push(snapshot, $0, lua) }
        },
        LuaProperty(
            "suspects", .list(.table),
            "what may hold a namespace of which only the type is known: types, and the fields that ns.holders lists, of each"
        ) { object, lua throws(LuaError) in
            let snapshot = (object as! SnapshotObject).snapshot
            HoldersFunction.push(lua, snapshot, snapshot.suspects.map(\.holder))
            for (index, suspect) in snapshot.suspects.enumerated() {
                lua.rawGet(-1, index + 1)
                lua.push(suspect.types.map(\.rawValue))
                lua.rawSet(-2, "types")
                lua.pop()
            }
        },
        LuaProperty("unreadable", .list(.table), "what could not be looked at: source, target, pid, code, message of each") {
            object, lua throws(LuaError) in
            lua.push(list: (object as! SnapshotObject).snapshot.unreadable) { item in
                lua.push([
                    ("source", .string(item.source.rawValue)), ("target", .string(item.target)),
                    ("pid", item.pid.map { .integer(Int($0)) }), ("code", .string(item.errno.name)),
                    ("message", .string("\(item.target): \(item.text)")),
                ])
            }
        },
        LuaProperty("costs", .list(.table), "source, seconds and looked (how many things it looked at) of each source, in order") {
            object, lua throws(LuaError) in
            lua.push(list: (object as! SnapshotObject).snapshot.costs) { cost in
                lua.push([
                    ("source", .string(cost.source.rawValue)), ("seconds", .number(cost.seconds)), ("looked", .integer(cost.looked)),
                ])
            }
        },
    ]

    private static func push(_ snapshot: Snapshot, _ index: Int, _ lua: Lua) {
        let process = snapshot.processes[index]
        // What was not read is absent.
        let isKnown = process.name != nil
        lua.push([
            ("pid", .integer(Int(process.pid))), ("name", process.exactName.map { .bytes($0) }),
            ("uid", isKnown ? .integer(Int(process.uid)) : nil), ("parent", isKnown ? .integer(Int(process.parent)) : nil),
            ("zombie", isKnown ? .boolean(process.isZombie) : nil),
        ])
        if isKnown {
            lua.push(list: process.innerPids.isEmpty ? [process.pid] : process.innerPids) { lua.push(Int($0)) }
            lua.rawSet(-2, "pids")
        }
        lua.reserve(4)
        lua.pushTable(fields: Inspect.links.count)
        for (link, name) in Inspect.links.enumerated() {
            guard let key = snapshot.namespace(of: index, link: link) else { continue }
            lua.push(Int(key.inode))
            lua.rawSet(-2, name)
        }
        lua.rawSet(-2, "namespaces")
    }
}
