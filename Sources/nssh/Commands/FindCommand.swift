import Bindings
import Glibc
import Linux
import Namespaces

extension ShellCommand {
    /// ns.find.
    static let find = ShellCommand(
        name: "find", operands: "NAME", most: 1, summary: "Lists what is called NAME and has namespaces.",
        details: """
            NAME is of a command, as ps shows it or its file's last part; of a container of docker, podman, lxc, systemd-nspawn, containerd \
            or cri-o, or 12 digits of its id, or of runc or crun; of a net namespace of ip netns; of a pin.
            There is a line for each SOURCE: what says that it is called so, and the OWNER of that, or who else could have said it. Anybody may call a \
            process what they like. VOUCHES is yes where it was root or you and nobody else can have been: nssh enter takes no other name.
            In JSON name_bytes, path_bytes and source_bytes are the bytes of what is not UTF-8.
            Exit code: 0, 1 if nothing was found, 2 after a wrong option.
            """,
        options: [Option("J", "json", "as JSON")]
    ) { line throws(CommandError) in
        guard let name = line.operands.first else { throw .usage("what is it called? NAME is missing") }
        let found = Find(name)
        if line.has("json") {
            let items = found.items.map { item in
                JSON.fields([
                    ("kind", .string(item.kind)), ("name", .string(item.name.lossy)), ("name_bytes", .bytes(item.name)),
                    ("pid", item.pid.map { .integer(Int($0)) } ?? .null),
                    ("path", JSON.of(item.path?.lossy)), ("path_bytes", item.path.flatMap { .bytes($0) }),
                    ("uid", item.uid.map { .integer(Int($0)) } ?? .null),
                    ("runtime", JSON.of(item.runtime)), ("id", JSON.of(item.id)), ("vouched", .boolean(item.isVouched)),
                    ("sources", .array(item.sources.map { json(of: $0) })),
                ])
            }
            writeOut(JSON.object([("found", .array(items)), ("unreadable", .array(found.unreadable.map { .string($0) }))]).text)
        } else if !found.items.isEmpty {
            for line in table(found.items).lines(columns: Terminal.columns(1)) { writeOut(line + "\n") }
        }
        for text in found.unreadable { complain("find: \(text)") }
        return found.items.isEmpty ? 1 : 0
    }

    private static func json(of source: Find.Source) -> JSON {
        JSON.fields([
            ("source", .string(source.text.lossy)), ("source_bytes", .bytes(source.text)),
            ("uid", source.uid.map { .integer(Int($0)) } ?? .null), ("user", JSON.of(source.user)), ("vouches", .boolean(source.vouches)),
        ])
    }

    private static func owner(_ source: Find.Source) -> String? {
        source.uid.map { uid in source.user.map { "\([UInt8]($0.utf8).shown) (\(uid))" } ?? String(uid) }
    }

    /// A column for what at least one has, a line for each source.
    private static func table(_ items: [Find.Item]) -> TextTable {
        typealias Line = (item: Find.Item, source: Find.Source)
        let lines = items.flatMap { item in item.sources.map { Line(item, $0) } }
        let cells: [(title: String, of: (Line) -> String?)] = [
            ("KIND", { $0.item.kind }), ("NAME", { $0.item.name.shown }), ("PID", { $0.item.pid.map { String($0) } }),
            ("PATH", { $0.item.path?.shown }), ("RUNTIME", { $0.item.runtime }), ("ID", { $0.item.id }),
            ("OWNER", { owner($0.source) }),
            ("VOUCHES", { $0.source.vouches ? "yes" : "no" }), ("SOURCE", { $0.source.text.shown }),
        ]
        let shown = cells.filter { cell in lines.contains { cell.of($0) != nil } }
        return TextTable(
            shown.map { TextTable.Column($0.title, right: $0.title == "PID") }, lines.map { line in shown.map { $0.of(line) ?? "" } })
    }
}
