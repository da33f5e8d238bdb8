import LuaKit
import Namespaces

/// What the kernel can do, as a Lua table that prints as aligned lines.
enum FeaturesTable {
    nonisolated(unsafe) static let function = LuaFunction(
        "ns.features",
        returns: [
            LuaField(
                "features", .list(.table),
                "name, supported, since, summary and, if there is more to say, detail of each; also by name. supported is nil where it could "
                    + "not be found out")
        ],
        "Shows what this kernel can do, found out by doing it",
        details:
            "Each thing is tried once, when it is first asked for, and nothing of it stays; what a limit or a lack of power kept from being "
            + "tried is tried again the next time. since is the Linux version that brought it; "
            + "a container may refuse what its kernel has. In a function body the answers are those of nssh.",
        example: "local f = ns.features()\nassert(f.clone3.supported and f.clone3.since == \"5.3\")\nprint(f)"
    ) { call throws(LuaError) in
        let lua = call.lua
        lua.reserve(8)
        lua.pushTable(array: Feature.allCases.count, fields: Feature.allCases.count)
        for (position, feature) in Feature.allCases.enumerated() {
            let finding = feature.finding
            lua.push([
                ("name", .string(feature.rawValue)), ("supported", finding.works.map { .boolean($0) }), ("since", .string(feature.since)),
                ("summary", .string(feature.summary)), ("detail", finding.detail.map { .string($0) }),
            ])
            lua.pushValue(-1)
            lua.rawSet(-3, feature.rawValue)
            lua.rawSet(-2, position + 1)
        }
        lua.state.pushMetatable(lua, named: "features")
        lua.setMetatable(-2)
        return 1
    }

    /// Declares the metatable.
    static func declare(_ state: LuaState) { state.declareTable("features", text: text) }

    nonisolated(unsafe) private static let text = LuaFunction(
        "features.__tostring", [LuaField("self", .table, optional: false, "")], ""
    ) { call throws(LuaError) in
        let lua = call.lua
        var rows: [[String]] = []
        for position in stride(from: 1, through: lua.rawLength(1), by: 1) {
            guard lua.rawGet(1, position) == .table else { continue }
            var row: [String] = []
            for name in ["name", "supported", "since", "summary", "detail"] {
                let kind = lua.rawGet(-1, name)
                row.append(kind == .boolean ? (lua.boolean(-1) ? "yes" : "no") : name == "supported" ? "?" : lua.string(-1) ?? "")
                lua.pop()
            }
            lua.pop()
            rows.append(row)
        }
        let width = rows.map { $0[0].utf8.count }.max() ?? 0
        let lines = rows.map { row in
            let name = row[0] + String(repeating: " ", count: width - row[0].utf8.count)
            let since = String(repeating: " ", count: max(0, 4 - row[2].utf8.count)) + row[2]
            let supported = row[1] + String(repeating: " ", count: 3 - row[1].utf8.count)
            return "\(name)  \(supported)  \(since)  \(row[3])\(row[4].isEmpty ? "" : " · \(row[4])")"
        }
        lua.push(lines.joined(separator: "\n"))
        return 1
    }
}
