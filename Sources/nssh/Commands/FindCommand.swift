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
            or cri-o, or 12 digits of its id; of a net namespace of ip netns; of a pin.
            In JSON name_bytes and path_bytes are the bytes of a name or path that is not UTF-8.
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
                    ("runtime", JSON.of(item.runtime)), ("id", JSON.of(item.id)),
                ])
            }
            writeOut(JSON.object([("found", .array(items)), ("unreadable", .array(found.unreadable.map { .string($0) }))]).text)
        } else if !found.items.isEmpty {
            for line in table(found.items).lines(columns: Terminal.columns(1)) { writeOut(line + "\n") }
        }
        for text in found.unreadable { complain("find: \(text)") }
        return found.items.isEmpty ? 1 : 0
    }

    /// A column for what at least one has.
    private static func table(_ items: [Find.Item]) -> TextTable {
        let cells: [(title: String, of: (Find.Item) -> String?)] = [
            ("KIND", { $0.kind }), ("NAME", { $0.name.shown }), ("PID", { $0.pid.map { String($0) } }), ("PATH", { $0.path?.shown }),
            ("RUNTIME", { $0.runtime }), ("ID", { $0.id }),
        ]
        let shown = cells.filter { cell in items.contains { cell.of($0) != nil } }
        return TextTable(
            shown.map { TextTable.Column($0.title, right: $0.title == "PID") }, items.map { item in shown.map { $0.of(item) ?? "" } })
    }
}
