import Linux
import LuaKit
import Namespaces

/// ns.graph and snapshot:graph: a snapshot as a picture, or for other programs.
enum GraphFunction {
    private enum Format: String, CaseIterable {
        case dot, mermaid, json, html
    }

    private static let fields: [LuaField] =
        [
            LuaField("format", .choice(Format.allCases.map(\.rawValue)), "dot if not given"),
            LuaField("anonymous", .boolean, "numbers, names, ids and paths are replaced: net#1, process#1"),
            LuaField("all", .boolean, "in dot and mermaid: the initial namespaces, and what is only in them"),
        ] + ListFunction.filters
    private static let results = [LuaField("text", .string, "for dot(1), for Mermaid, for ns.load or another program, or for a browser")]
    private static let details =
        "dot is Graphviz's language. mermaid is what Markdown of GitHub and others draws. html is one file with everything in it. json is what "
        + "snapshot:save writes. The filters are those of ns.list; what owns a namespace or is above it comes with it. Anonymous, the text "
        + "tells the shape and nothing of the machine, and the same set-up gives the same text again; processes that are only in initial "
        + "namespaces are left out."

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.graph", [LuaField("options", .record(LuaRecord("ns.graph", ScanFunction.fields + fields)), "which, and how")],
        returns: results, "Shows the namespaces of the machine as a graph", details: details,
        example: "local p <close> = ns.clone{uts=true, user=\"root\"}\nprint(ns.graph{format=\"mermaid\", pid=p.pid, anonymous=true})"
    ) { call throws(LuaError) in
        let options = ScanFunction.read(call[0])
        return push(call.lua, try kernel { () throws(Failure) in try Scan.take(options) }, call[0])
    }

    nonisolated(unsafe) static let method = LuaFunction(
        "snapshot:graph", [SnapshotObject.receiver, LuaField("options", .record(LuaRecord("snapshot:graph", fields)), "which, and how")],
        returns: results, "Shows the namespaces that were seen as a graph", details: details,
        example: "local page = ns.scan():graph{format=\"html\"}\nassert(#page > 5000)"
    ) { call throws(LuaError) in push(call.lua, try call.receiver(SnapshotObject.self).snapshot, call[1]) }

    private static func push(_ lua: Lua, _ snapshot: Snapshot, _ value: LuaValue) -> Int {
        let table = value.table
        var snapshot = snapshot.part(ListFunction.filter(value))
        if table?["anonymous"].boolean ?? false { snapshot = snapshot.anonymised() }
        let all = table?["all"].boolean ?? false
        switch table?["format"].string.flatMap({ Format(rawValue: $0) }) ?? .dot {
        case .dot: lua.push(Graph(snapshot, all: all).dot)
        case .mermaid: lua.push(Graph(snapshot, all: all).mermaid)
        case .json: lua.push(snapshot.json.text)
        case .html: lua.push(HTMLPage.text(snapshot))
        }
        return 1
    }
}
