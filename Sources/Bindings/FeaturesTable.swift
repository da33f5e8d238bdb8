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
    static func declare(_ state: LuaState) {
        state.declareTable("features") { list in
            var rows: [(name: String, words: String)] = []
            let left = list.forEachRecord { feature in
                let supported = feature.kind("supported") == .boolean ? (feature.isTrue("supported") ? "yes" : "no ") : "?  "
                let since = feature.string("since", most: 20) ?? ""
                let blanks = String(repeating: " ", count: max(0, 4 - since.utf8.count))
                let detail = feature.string("detail").map { $0.isEmpty ? "" : " · \($0)" } ?? ""
                let words = "\(supported)  \(blanks)\(since)  \(feature.string("summary") ?? "")\(detail)"
                rows.append((feature.string("name", most: 60) ?? "", words))
            }
            let width = rows.map(\.name.utf8.count).max() ?? 0
            let lines = rows.map { row in
                row.name + String(repeating: " ", count: width - row.name.utf8.count) + "  " + row.words
            }
            return (lines + (TableReader.left(left).map { [$0] } ?? [])).joined(separator: "\n")
        }
    }
}
