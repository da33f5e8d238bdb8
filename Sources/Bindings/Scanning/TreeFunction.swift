import Linux
import LuaKit
import Namespaces

/// ns.tree and snapshot:tree: what is below what, as nested tables that print as a tree.
enum TreeFunction {
    private static let fields: [LuaField] = [
        LuaField("by", .choice(Tree.Order.allCases.map(\.rawValue)), "owner, parent or process; owner if not given"),
        LuaField("ascii", .boolean, "drawn in ASCII; if not given, where the locale has no Unicode"),
        LuaField("all", .boolean, "the initial namespaces are not folded to a count"),
    ]
    private static let results = [
        LuaField("tree", .list(.table), "text, link, pid and children of each root, and of each child; tostring draws it")
    ]
    private static let details =
        "By owner: user namespaces with what they own; by parent: pid and user namespaces with their children; by process: processes "
        + "that are in other namespaces than their parent, and which those are. Long lists are cut short with a count. link and pid tell what a "
        + "text stands for, children is a list."

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.tree", [LuaField("options", .record(LuaRecord("ns.tree", ScanFunction.fields + fields)), "by what, and how")],
        returns: results, "Draws the namespaces of the machine as a tree", details: details,
        example: "print(ns.tree{by=\"parent\"})\nassert(ns.tree()[1].link)"
    ) { call throws(LuaError) in
        let options = ScanFunction.read(call[0])
        return push(call.lua, try kernel { () throws(Failure) in try Scan.takeVisibly(options) }, call[0])
    }

    nonisolated(unsafe) static let method = LuaFunction(
        "snapshot:tree", [SnapshotObject.receiver, LuaField("options", .record(LuaRecord("snapshot:tree", fields)), "by what, and how")],
        returns: results, "Draws the namespaces that were seen as a tree", details: details,
        example: "print(ns.scan():tree{by=\"process\"})"
    ) { call throws(LuaError) in push(call.lua, try call.receiver(SnapshotObject.self).snapshot, call[1]) }

    private static func push(_ lua: Lua, _ snapshot: Snapshot, _ value: LuaValue) -> Int {
        let table = value.table
        let order = table?["by"].string.flatMap { Tree.Order(rawValue: $0) } ?? .owner
        let ascii = table?["ascii"].boolean ?? TreeText.wantsASCII
        let tree = Tree(snapshot, by: order, all: table?["all"].boolean ?? false, ascii: ascii)
        push(lua, tree.roots)
        lua.push(TreeText(ascii: ascii).lines(tree.roots).joined(separator: "\n"))
        lua.rawSet(-2, "text")
        lua.state.pushMetatable(lua, named: "tree")
        lua.setMetatable(-2)
        return 1
    }

    private static func push(_ lua: Lua, _ nodes: [TreeNode]) {
        lua.push(list: nodes) { node in
            lua.push([
                ("text", .string(node.parts.joined(separator: "; "))), ("link", node.key.map { .string($0.link) }),
                ("pid", node.pid.map { .integer(Int($0)) }),
            ])
            push(lua, node.children)
            lua.rawSet(-2, "children")
        }
    }

    /// Declares the metatable.
    static func declare(_ state: LuaState) { state.declareTable("tree", text: ToldText.of) }
}
