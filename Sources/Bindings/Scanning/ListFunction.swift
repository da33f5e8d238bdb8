import Linux
import LuaKit
import Namespaces

/// ns.list and snapshot:list: namespaces as a Lua list of records, which prints as a table.
enum ListFunction {
    /// Which namespaces, for everything that shows a part of a snapshot.
    static let filters: [LuaField] = [
        LuaField("type", Declared.types, "only this type, or these"),
        LuaField("pid", .integer, "only those that this process is in"),
        LuaField("name", .string, "only those that a process of this name is in, or that have this name themselves"),
        LuaField("uid", .integer, "only those that a process of this user id is in"),
        LuaField("holder", .choice(Holder.Kind.allCases.map(\.rawValue)), "only those that something of this kind holds"),
        LuaField("persistent", .boolean, "only those without a process"),
    ]
    private static let columns = LuaField(
        "columns", .list(.choice(ListColumn.allCases.map(\.rawValue))),
        "what tostring shows; \(ListColumn.usual.map(\.rawValue).joined(separator: " ")) if not given")
    private static let results = [
        LuaField("list", .list(.table), "a record of each, its fields named as the columns, in small letters; tostring shows a table")
    ]
    private static let details =
        "The columns: " + ListColumn.allCases.map { "\($0.rawValue), \($0.summary)" }.joined(separator: "; ")
        + ". Besides, a record has link, owner and parent (links), and initial. holders counts them by kind, names and nsfs are lists. list.columns may be changed."

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.list", [LuaField("options", .record(LuaRecord("ns.list", ScanFunction.fields + filters + [columns])), "which, and how")],
        returns: results, "Lists the namespaces of the machine", details: details,
        example: "local p <close> = ns.clone{uts=true, user=\"root\"}\nlocal list = ns.list{type=\"uts\", pid=p.pid}\n"
            + "assert(#list == 1 and list[1].ns == p:inode(\"uts\"))\nprint(list)"
    ) { call throws(LuaError) in
        let options = options(call[0])
        let snapshot = try kernel { () throws(Failure) in try Scan.takeVisibly(options) }
        return push(call.lua, snapshot, call[0])
    }

    nonisolated(unsafe) static let method = LuaFunction(
        "snapshot:list",
        [SnapshotObject.receiver, LuaField("options", .record(LuaRecord("snapshot:list", filters + [columns])), "which, and how")],
        returns: results, "Lists the namespaces that were seen", details: details,
        example: "print(ns.scan():list{type={\"pid\", \"user\"}, columns={\"NS\", \"TYPE\", \"PNS\", \"COMMAND\"}})"
    ) { call throws(LuaError) in push(call.lua, try call.receiver(SnapshotObject.self).snapshot, call[1]) }

    /// What to scan for a list: only the types that it is to have.
    static func options(_ value: LuaValue) -> ScanOptions {
        var options = ScanFunction.read(value)
        // Only the processes that stand for a namespace have to be known by name, unless all are asked for theirs.
        options.names = value.table?["names"].boolean ?? filter(value).asksNames
        guard let table = value.table, table["types"].isNone else { return options }
        if let types = table["type"].namespaceTypes { options.types = types.reduce(into: NamespaceTypes()) { $0.insert($1) } }
        return options
    }

    /// The filter of a checked table.
    static func filter(_ value: LuaValue) -> NamespaceList.Filter {
        var filter = NamespaceList.Filter()
        guard let table = value.table else { return filter }
        filter.types = table["type"].namespaceTypes
        filter.pid = table["pid"].integer.flatMap { Int32(exactly: $0) ?? -1 }
        filter.name = table["name"].bytes
        filter.uid = table["uid"].integer.flatMap { UInt32(exactly: $0) ?? .max }
        filter.holder = table["holder"].string.flatMap { Holder.Kind(rawValue: $0) }
        filter.persistent = table["persistent"].boolean ?? false
        return filter
    }

    private static func push(_ lua: Lua, _ snapshot: Snapshot, _ value: LuaValue) -> Int {
        let columns = value.table?["columns"].table?.list.compactMap { $0.string }
        lua.push(list: NamespaceList(snapshot, filter(value)).rows) { push(lua, $0) }
        lua.push(columns ?? ListColumn.usual.map(\.rawValue))
        lua.rawSet(-2, "columns")
        lua.state.pushMetatable(lua, named: "list")
        lua.setMetatable(-2)
        return 1
    }

    private static func push(_ lua: Lua, _ row: NamespaceList.Row) {
        let namespace = row.namespace
        lua.push([
            ("ns", .integer(Int(namespace.key.inode))), ("type", .string(namespace.key.type.rawValue)),
            ("path", row.path.map { .string($0) }),
            ("nprocs", .integer(row.processes)), ("pid", row.first.map { .integer(Int($0.pid)) }),
            ("ppid", row.first.map { .integer(Int($0.parent)) }), ("command", row.command.map { .string($0) }),
            ("uid", row.first.map { .integer(Int($0.uid)) }), ("user", row.user.map { .string($0) }),
            ("netnsid", namespace.netnsId.map { $0 < 0 ? .string("unassigned") : .integer(Int($0)) }),
            ("pns", namespace.parent.map { .integer(Int($0.inode)) }), ("ons", namespace.owner.map { .integer(Int($0.inode)) }),
            ("id", namespace.id.map { .integer(Int(truncatingIfNeeded: $0)) }), ("link", .string(namespace.key.link)),
            ("owner", namespace.owner.map { .string($0.link) }), ("parent", namespace.parent.map { .string($0.link) }),
            ("initial", .boolean(namespace.isInitial)),
        ])
        lua.push(row.holders.map { ($0.kind.rawValue, .integer($0.count)) })
        lua.rawSet(-2, "holders")
        lua.push(row.mounts)
        lua.rawSet(-2, "nsfs")
        lua.push(row.names)
        lua.rawSet(-2, "names")
    }

    /// Declares the metatable. `tostring` shows the records as they are now, which may have been changed: a list can be sorted, and
    /// shortened.
    static func declare(_ state: LuaState) {
        state.declareTable("list") { list in
            let columns = list.table("columns") { $0.strings().compactMap { ListColumn(name: $0) } } ?? ListColumn.usual
            var rows: [[String]] = []
            var widths = [Int](repeating: 0, count: columns.count)
            let left = list.forEachRecord { record in
                let row = columns.map { cell(record, $0) }
                rows.append(row)
                // A long cell makes all the others of its column longer.
                for (column, cell) in row.enumerated() {
                    let growth = max(0, cell.utf8.count - widths[column])
                    widths[column] += growth
                    list.spend(widths[column] + growth * rows.count)
                }
            }
            let table = TextTable(columns.map { TextTable.Column($0.rawValue, right: $0.isRight) }, rows)
            let lines = table.lines(columns: Terminal.columns(1))
            return (lines + (TableReader.left(left).map { [$0] } ?? [])).joined(separator: "\n")
        }
    }

    private static func cell(_ record: TableReader, _ column: ListColumn) -> String {
        let name = column.rawValue.lowercased()
        if column == .HOLDERS { return record.table(name, counts) ?? "" }
        if let number = record.integer(name) { return String(number) }
        return record.table(name) { $0.strings().joined(separator: ",") } ?? record.string(name) ?? ""
    }

    /// The text of a record's `holders`.
    private static func counts(_ holders: TableReader) -> String {
        NamespaceList.Row.text(of: Holder.Kind.allCases.compactMap { kind in holders.integer(kind.rawValue).map { (kind, $0) } })
    }
}
