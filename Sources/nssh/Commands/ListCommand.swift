import Bindings
import Glibc
import Linux
import Namespaces

extension ShellCommand {
    /// lsns(8), with what nobody is in.
    static let list = ShellCommand(
        name: "ls", operands: "[TARGET]", most: 1, summary: "Lists namespaces: all, those of a process, or the processes in one.",
        details: """
            TARGET is a process, by its pid or name: its namespaces; or a namespace, by its inode number, as net:[4026531840] or by a path: the \
            processes in it. Namespaces without a process are listed too; HOLDERS tells what keeps them alive, and nssh why says more.
            Columns: \(ListColumn.allCases.map { "\($0.rawValue) \($0.summary)" }.joined(separator: "; ")).
            Kinds of holders: \(Holder.Kind.allCases.map(\.rawValue).joined(separator: " ")).
            In JSON nsfs_bytes and names_bytes are beside nsfs and names that are not all UTF-8: a list of bytes for each that is not, else null.
            From a file, paths that do not lead to the namespace here are marked as said by the file, and not in the JSON.
            Exit code: 0, 1 if TARGET is nowhere, 2 after a wrong option.
            """,
        options: [
            Option("J", "json", "as JSON"),
            Option("n", "noheadings", "without the line of titles"),
            Option("o", "output", .required("LIST"), "columns, separated by commas; +LIST: besides the usual ones"),
            Option(nil, "columns", .required("LIST"), "as --output"),
            Option(nil, "output-all", "all columns"),
            Option("p", "task", .required("PID"), "the namespaces of this process"),
            Option("t", "type", .required("LIST"), "only these types: \(NamespaceType.allCases.map(\.rawValue).joined(separator: " "))"),
            Option(nil, "name", .required("NAME"), "only what a process of this name is in, or that has this name itself"),
            Option(nil, "uid", .required("USER"), "only what a process of this user is in"),
            Option(nil, "holder", .required("KIND"), "only what something of this kind holds"),
            Option("P", "persistent", "only what no process is in"),
            Option("r", "raw", "one blank between cells, for other programs"),
            Option("u", "notruncate", "lines are not cut at the end of the terminal"),
            Option("l", "list", "as a list, which is what it is anyway"),
            Option("W", "nowrap", "a line each, as it is anyway"),
            Option("T", "tree", .optional("REL"), "as nssh tree --by REL"),
        ] + ScanArguments.options
    ) { line throws(CommandError) in
        if line.has("tree") { return try drawTree(line, by: line.text("tree"), of: "ls") }
        return try NamespaceListing(line).print()
    }
}

/// What `nssh ls` was asked for.
private struct NamespaceListing {
    let line: CommandLine
    var options: ScanOptions
    var filter = NamespaceList.Filter()
    var columns = ListColumn.usual
    /// The namespace whose processes are wanted.
    var subject: Subject?
    /// What is listed instead of this machine.
    let loaded: Snapshot?

    init(_ line: CommandLine) throws(CommandError) {
        self.line = line
        options = try ScanArguments.read(line)
        options.names = false
        loaded = try ScanArguments.load(line)
        try readFilter()
        try readColumns()
        try readTarget()
        if let types = filter.types { options.types = types.reduce(into: NamespaceTypes()) { $0.insert($1) } }
    }

    private mutating func readFilter() throws(CommandError) {
        if let text = line.text("type") {
            let names = NamespaceType.allCases.map(\.rawValue)
            filter.types = try ScanArguments.list(text, "type of namespaces", among: names) { NamespaceType(name: $0) }
        }
        if let text = line.text("holder") {
            let names = Holder.Kind.allCases.map(\.rawValue)
            filter.holder = try ScanArguments.list(text, "kind of holders", among: names) { Holder.Kind(rawValue: $0) }.first
        }
        filter.pid = try line.number("task", in: 1...Target.highestPid).map { Int32($0) }
        filter.name = line.value("name")
        filter.persistent = line.has("persistent")
        if let text = line.text("uid") {
            guard let uid = UInt32(text) ?? Users.id(of: text) else { throw CommandError("no user is called '\(text)'") }
            filter.uid = uid
        }
        options.names = filter.name != nil || filter.uid != nil
    }

    private mutating func readColumns() throws(CommandError) {
        if line.has("output-all") { columns = ListColumn.allCases }
        guard let text = line.text("output") ?? line.text("columns") else { return }
        let adds = text.hasPrefix("+")
        let names = ListColumn.allCases.map(\.rawValue)
        let found = try ScanArguments.list(String(adds ? text.dropFirst() : text[...]), "column", among: names) { ListColumn(name: $0) }
        columns = adds ? columns + found.filter { !columns.contains($0) } : found
        if columns.isEmpty { throw .usage("--output: no column is named") }
    }

    private mutating func readTarget() throws(CommandError) {
        guard let word = line.operands.first else { return }
        switch try ScanArguments.target(word, in: loaded) {
        case .pid(let pid): filter.pid = pid
        case .own: filter.pid = loaded?.ownPid ?? getpid()
        case let target:
            subject = try ScanArguments.subject(target, nil, in: loaded)
            options.names = true
        }
    }

    func print() throws(CommandError) -> Int32 {
        let snapshot = try ScanArguments.snapshot(loaded, options)
        var status: Int32 = 0
        if let subject {
            if let key = snapshot.key(of: subject) {
                let members = Members(of: key, in: snapshot)
                if line.has("json") { writeOut(members.json.text) } else { print(members.table) }
            } else {
                complain("ls: \(subject.text) was not found")
                status = 1
            }
        } else {
            let list = NamespaceList(snapshot, filter)
            if line.has("json") { writeOut(list.json(columns, leftOut: snapshot.leftOut).text) } else { print(list.table(columns)) }
            if let pid = filter.pid, list.rows.isEmpty {
                complain("ls: no namespace of process \(pid) was found")
                status = 1
            }
        }
        ScanArguments.report(snapshot, line, of: "ls")
        return status
    }

    private func print(_ table: TextTable) {
        var table = table
        table.hasTitles = !line.has("noheadings")
        let lines = line.has("raw") ? table.rawLines() : table.lines(columns: line.has("notruncate") ? nil : Terminal.columns(1))
        for line in lines { writeOut(line + "\n") }
    }
}

/// The processes in a namespace, as lsns(8) lists them.
private struct Members {
    private let rows: [(process: Snapshot.Process, user: String)]

    init(of key: NamespaceKey, in snapshot: Snapshot) {
        var users = UserNames(snapshot)
        let members = snapshot.position(of: key).map { snapshot.members()[$0] } ?? []
        rows = members.map { member in
            let process = snapshot.processes[member]
            return (process, users[process.uid] ?? String(process.uid))
        }
    }

    var table: TextTable {
        let columns = [TextTable.Column("PID", right: true), TextTable.Column("PPID", right: true)]
        return TextTable(
            columns + [TextTable.Column("USER"), TextTable.Column("COMMAND")],
            rows.map { process, user in
                [String(process.pid), String(process.parent), user, process.command ?? process.name ?? ""]
            })
    }

    var json: JSON {
        .object([
            (
                "processes",
                .array(
                    rows.map { process, user in
                        .object([
                            ("pid", .integer(Int(process.pid))), ("ppid", .integer(Int(process.parent))), ("user", .string(user)),
                            ("command", JSON.of(process.command ?? process.name)),
                        ])
                    })
            )
        ])
    }
}

extension NamespaceList {
    /// As lsns(8) writes it: a list of objects, with the columns in small letters. What a namespace does not have is null.
    fileprivate func json(_ columns: [ListColumn], leftOut: [Snapshot.Unreadable]) -> JSON {
        let objects = rows.map { row in
            JSON.fields(
                columns.flatMap { column -> [(name: String, value: JSON?)] in
                    let name = column.rawValue.lowercased()
                    return [(name, row.json(column)), (name + "_bytes", row.bytes(column))]
                })
        }
        // lsns(8) has no such field; it is there when something may be missing since nssh has stopped looking.
        let texts = leftOut.map { JSON.string("\($0.source.words) of \($0.target): \($0.text)") }
        return .fields([("namespaces", .array(objects)), ("not_looked_at", texts.isEmpty ? nil : .array(texts))])
    }
}

extension NamespaceList.Row {
    /// Of a column of paths, the bytes of each, null for one whose text is exact; nil where all are.
    fileprivate func bytes(_ column: ListColumn) -> JSON? {
        let all = column == .NSFS ? mounts : column == .NAMES ? names : []
        let bytes = all.map { JSON.bytes($0) }
        return bytes.contains { $0 != nil } ? .array(bytes.map { $0 ?? .null }) : nil
    }

    fileprivate func json(_ column: ListColumn) -> JSON {
        switch column {
        case .HOLDERS: return .object(holders.map { ($0.kind.rawValue, .integer($0.count)) })
        case .NSFS: return .array(mounts.map { .string($0.lossy) })
        case .NAMES: return .array(names.map { .string($0.lossy) })
        default:
            let text = text(column)
            return column.isRight ? Int(text).map { .integer($0) } ?? .null : JSON.of(text.isEmpty ? nil : text)
        }
    }
}
