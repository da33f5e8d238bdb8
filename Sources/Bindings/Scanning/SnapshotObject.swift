import Linux
import LuaKit
import Namespaces

/// A snapshot as a Lua value.
final class SnapshotObject: LuaObject {
    let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    override class var declaration: LuaClass { declared }
    override var description: String {
        let unreadable = snapshot.unreadable.isEmpty ? "" : ", \(snapshot.unreadable.count) things unreadable"
        return "snapshot: \(snapshot.namespaces.count) namespaces, \(snapshot.processes.count) processes\(unreadable)"
    }

    /// What its methods are called on.
    static let receiver = LuaField("self", .object("snapshot"), optional: false, "the snapshot")

    nonisolated(unsafe) private static let declared = LuaClass(
        "snapshot", "Every namespace that could be seen at one moment: ns.scan.",
        properties: [
            LuaProperty("namespaces", .list(.table), "type, inode, link, id, owner, parent, uid and initial of each") {
                object, lua throws(LuaError) in
                lua.push(list: (object as! SnapshotObject).snapshot.namespaces) { namespace in
                    lua.push([
                        ("type", .string(namespace.key.type.rawValue)), ("inode", .integer(Int(namespace.key.inode))),
                        ("link", .string(namespace.key.link)), ("id", namespace.id.map { .integer(Int(truncatingIfNeeded: $0)) }),
                        ("owner", namespace.owner.map { .string($0.link) }), ("parent", namespace.parent.map { .string($0.link) }),
                        ("uid", namespace.ownerUid.map { .integer(Int($0)) }), ("initial", .boolean(namespace.isInitial)),
                    ])
                }
            },
            LuaProperty("processes", .list(.table), "pid, name, uid and parent of each") { object, lua throws(LuaError) in
                lua.push(list: (object as! SnapshotObject).snapshot.processes) { process in
                    lua.push([
                        ("pid", .integer(Int(process.pid))), ("name", process.name.map { .string($0) }),
                        ("uid", .integer(Int(process.uid))),
                        ("parent", .integer(Int(process.parent))),
                    ])
                }
            },
            LuaProperty("unreadable", .list(.table), "what could not be looked at: source, target, pid, code, message of each") {
                object, lua throws(LuaError) in
                lua.push(list: (object as! SnapshotObject).snapshot.unreadable) { item in
                    lua.push([
                        ("source", .string(item.source.rawValue)), ("target", .string(item.target)),
                        ("pid", item.pid.map { .integer(Int($0)) }), ("code", .string(item.errno.name)),
                        ("message", .string("\(item.target): \(item.errno.text)")),
                    ])
                }
            },
        ],
        methods: [
            ListFunction.method,
            HoldersFunction.method,
            WhyFunction.method,
            TreeFunction.method,
        ])
}
