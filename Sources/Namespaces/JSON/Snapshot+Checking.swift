import CLinux
import Glibc
import Linux

/// What a file says of places, against what is here. It may be of another machine, or forged: a path in it is taken for one only where it
/// leads to what the file says.
extension Snapshot {
    /// Takes the paths of holders for known that are found to be right. What comes into being later is not looked for.
    mutating func checkHolders() {
        let checker = HolderChecker(self)
        for position in namespaces.indices {
            let key = namespaces[position].key
            for index in namespaces[position].holders.indices where namespaces[position].holders[index].isHearsay {
                namespaces[position].holders[index].isHearsay = !checker.isRight(namespaces[position].holders[index], key)
            }
        }
        for index in suspects.indices where suspects[index].holder.isHearsay {
            suspects[index].holder.isHearsay = !checker.isRight(suspects[index].holder, nil)
        }
    }
}

/// Looks at the places of a snapshot's holders.
private struct HolderChecker {
    /// The mnt namespace whose paths are nssh's own.
    private let own: UInt64?
    /// A process in each mnt namespace, the one that `Snapshot.member` has.
    private var members: [UInt64: Int32] = [:]

    init(_ snapshot: Snapshot) {
        own = snapshot.mountNamespace
        for index in snapshot.processes.indices.reversed() where !snapshot.processes[index].isZombie {
            guard let key = snapshot.namespace(of: index, link: NamespaceType.mnt.ordinal) else { continue }
            members[key.inode] = snapshot.processes[index].pid
        }
    }

    /// Whether a holder is where it is said to be.
    ///
    /// - Parameter key: the namespace that it holds; nil for a suspect.
    func isRight(_ holder: Holder, _ key: NamespaceKey?) -> Bool {
        switch holder.kind {
        case .mount, .procfs:
            guard let key, !holder.isCovered, holder.root == nil, let file = open(holder) else { return false }
            return holder.kind == .mount ? isNamespace(file, key) : isProcfs(file, of: key)
        default:
            guard let pid = holder.pid, let number = holder.descriptor else { return false }
            let path = "\(pid)\(holder.tid.map { "/task/\($0)" } ?? "")/fd/\(number)"
            if let said = holder.path, (try? Proc.linkBytes(path)) != said { return false }
            if holder.kind != .descriptor { return true }
            guard let key, let file = try? Proc.open(path, flags: nssh_o_path) else { return false }
            return isNamespace(file, key)
        }
    }

    /// Opens what is at a mount point. The kernel writes these without symbolic links: a way through one is somebody's own making.
    private func open(_ holder: Holder) -> Descriptor? {
        guard let mnt = holder.mountNamespace, let path = try? holder.path?.cString("open") else { return nil }
        let root: Descriptor?
        if mnt == own {
            root = try? Descriptor.open([UInt8(ascii: "/")], flags: nssh_o_path | O_DIRECTORY)
        } else {
            root = members[mnt].flatMap { try? Proc.open("\($0)/root", flags: nssh_o_path | O_DIRECTORY) }
        }
        guard let root else { return nil }
        let raw = nssh_open_without_links(root.raw, path, nssh_o_path)
        return raw < 0 ? nil : Descriptor(raw)
    }

    private func isNamespace(_ file: Descriptor, _ key: NamespaceKey) -> Bool {
        var info = stat()
        return nssh_is_nsfs(file.raw) == 1 && fstat(file.raw, &info) == 0 && UInt64(info.st_ino) == key.inode
    }

    /// A procfs is of the pid namespace that its process 1 is in.
    private func isProcfs(_ file: Descriptor, of key: NamespaceKey) -> Bool {
        guard nssh_file_system(file.raw) == Int(NSSH_PROCFS) else { return false }
        guard case .inode(key.inode) = Inspect.look("1/ns/pid", below: file.raw) else { return false }
        return true
    }
}
