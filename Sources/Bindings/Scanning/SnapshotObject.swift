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
        properties: properties,
        methods: [
            ListFunction.method,
            HoldersFunction.method,
            WhyFunction.method,
            TreeFunction.method,
            DiffFunction.method,
            GraphFunction.method,
            LoadFunction.method,
        ])
}
