import CLinux
import Glibc
import Linux

/// Open files of /proc that belong to a namespace and keep it, whatever has become of the process in whose directory they were; and files
/// of cgroups, which keep the cgroup namespace of who has opened them.
extension Scan {
    /// What tells to which namespace they belong.
    struct ProcFiles {
        /// For a name below /proc/PID/net the net namespaces by the inode number that it has there.
        var net: [String: [UInt64: NamespaceKey]] = [:]
    }

    func lookAtProcFile(_ file: OpenFile, _ known: inout ProcFiles) {
        // Who looks a file up there gets a new one, and the one that is open counts as removed.
        let removed = " (deleted)"
        var file = file
        if file.text.hasSuffix(removed) {
            file.text.removeLast(removed.utf8.count)
            file.bytes.removeLast(removed.utf8.count)
        }
        let parts = file.text.split(separator: "/")
        if let net = parts.lastIndex(of: "net"), net + 1 < parts.count, isOnProcfs(file) {
            if options.types.contains(.net) { lookAtNetFile(file, parts[(net + 1)...].joined(separator: "/"), &known) }
        } else if let name = parts.last, ["mountinfo", "mounts", "mountstats"].contains(name), isOnProcfs(file) {
            if options.types.contains(.mnt) { lookAtMountsFile(file, hasIds: name == "mountinfo") }
        } else if let name = parts.last, ["uid_map", "gid_map", "projid_map", "setgroups"].contains(name), isOnProcfs(file) {
            suspect(file, as: .proc_file, [.user])
        } else if parts.dropLast().last == "sysvipc", isOnProcfs(file) {
            suspect(file, as: .proc_file, [.ipc, .pid])
        } else if parts.contains(where: { $0.hasPrefix("cgroup") }), [NSSH_CGROUP, NSSH_CGROUP2].contains(fileSystem(of: file)) {
            suspect(file, as: .cgroup_file, [.cgroup])
        }
        if let number = parts.lazy.compactMap({ Int32($0) }).first, isOfEnded(file, number) { suspect(file, as: .proc_file, [.pid]) }
    }

    private func suspect(_ file: OpenFile, as kind: Holder.Kind, _ types: [NamespaceType]) {
        var holder = holder(kind, file)
        holder.path = file.bytes
        suspect(holder, types)
    }

    private func fileSystem(of file: OpenFile) -> Int {
        let raw = nssh_openat(Proc.root, path(of: file), nssh_o_path | O_CLOEXEC, 0)
        if raw < 0 { return -1 }
        defer { close(raw) }
        return nssh_file_system(raw)
    }

    private func isOnProcfs(_ file: OpenFile) -> Bool { fileSystem(of: file) == Int(NSSH_PROCFS) }

    /// Whether a file is below /proc/PID of a process that has been reaped: it keeps the pid namespaces that the process had a number in.
    /// Only in the /proc that nssh counts by.
    private func isOfEnded(_ file: OpenFile, _ number: Int32) -> Bool {
        var proc = nssh_file()
        var info = nssh_file()
        guard nssh_look_at(Proc.root, ".", &proc) == 0, nssh_look_at(Proc.root, path(of: file), &info) == 0, proc.device == info.device
        else { return false }
        return faccessat(Proc.root, String(number), F_OK, 0) < 0
    }

    /// Each net namespace has files of its own below /proc/PID/net: the inode number tells which.
    private func lookAtNetFile(_ file: OpenFile, _ name: String, _ known: inout ProcFiles) {
        var info = nssh_file()
        guard nssh_look_at(Proc.root, path(of: file), &info) == 0 else { return }
        if known.net[name] == nil { known.net[name] = netFiles(name) }
        var holder = holder(.proc_file, file)
        holder.path = file.bytes
        if let key = known.net[name]?[info.inode] { note(holder, of: key) } else { suspect(holder, [.net]) }
    }

    /// The inode number of a file below /proc/PID/net in each net namespace that has a process.
    private func netFiles(_ name: String) -> [UInt64: NamespaceKey] {
        var files: [UInt64: NamespaceKey] = [:]
        for position in 0..<Int32(count) where self[position].key.type == .net && firsts[Int(position)] >= 0 {
            var info = nssh_file()
            let number = numbers[Int(firsts[Int(position)]) / LinkReader.count]
            if nssh_look_at(Proc.root, "\(number)/net/\(name)", &info) == 0 { files[info.inode] = self[position].key }
        }
        return files
    }

    /// The first mount in a mountinfo tells the mnt namespace; mounts and mountstats have no ids.
    private func lookAtMountsFile(_ file: OpenFile, hasIds: Bool) {
        var holder = holder(.proc_file, file)
        holder.path = file.bytes
        guard hasIds, let copy = copy(of: file) else { return suspect(holder, [.mnt]) }
        // At an offset of its own: the process goes on reading where it was.
        var bytes = [UInt8](repeating: 0, count: 32)
        let size = pread(copy.raw, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(size, 0)).prefix { $0 != UInt8(ascii: " ") }
        guard let id = Int(Array(digits).lossy), let inode = mountNamespaces[id] else { return suspect(holder, [.mnt]) }
        note(holder, of: NamespaceKey(.mnt, inode))
    }
}
