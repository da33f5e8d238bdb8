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
        for item in found.items {
            writeOut("\(item.kind)\t\(item.name)\t\(item.pid.map { String($0) } ?? item.path ?? "")\n")
        }
        for text in found.unreadable { complain("find: \(text)") }
        return found.items.isEmpty ? 1 : 0
    }
}
