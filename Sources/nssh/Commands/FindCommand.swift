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
            Exit code: 0, 1 if nothing was found, 2 after a wrong option.
            """,
        options: []
    ) { line throws(CommandError) in
        guard let name = line.operands.first?.lossy else { throw .usage("what is it called? NAME is missing") }
        let found = Find(name)
        let cells: [(title: String, of: (Find.Item) -> String?)] = [
            ("KIND", { $0.kind }), ("NAME", { $0.name }), ("PID", { $0.pid.map { String($0) } }), ("PATH", { $0.path }),
            ("RUNTIME", { $0.runtime }), ("ID", { $0.id }),
        ]
        let shown = cells.filter { cell in found.items.contains { cell.of($0) != nil } }
        let table = TextTable(
            shown.map { TextTable.Column($0.title, right: $0.title == "PID") }, found.items.map { item in shown.map { $0.of(item) ?? "" } })
        if !found.items.isEmpty { for line in table.lines(columns: Terminal.columns(1)) { writeOut(line + "\n") } }
        for text in found.unreadable { complain("find: \(text)") }
        return found.items.isEmpty ? 1 : 0
    }
}
