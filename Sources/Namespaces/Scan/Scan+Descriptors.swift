import CLinux
import Glibc
import Linux

/// Open descriptors of namespaces, in /proc/PID/fd of every process and /proc/PID/task/TID/fd of threads with their own. They are known by the device of nsfs: the link's text is a path
/// where the namespace was opened through a bind mount. Sockets are collected in the same pass.
extension Scan {
    /// A socket, or an open /dev/net/tun.
    struct SocketFile {
        /// Whose descriptor it is.
        var table: DescriptorTable
        /// The descriptor's number there.
        var number: Int32
        /// The inode number, of a socket.
        var inode: UInt64
        var isTun: Bool
    }

    /// - Returns: the number of descriptors.
    func lookThroughDescriptors() throws(Failure) -> Int {
        try walkDescriptors(.fds) { table, number, inode in note(descriptor: number, inode, of: table) }
    }

    /// Calls `found` for every descriptor of a namespace, and keeps the sockets.
    ///
    /// - Returns: the number of descriptors.
    func walkDescriptors(
        _ source: Snapshot.Source, _ found: (_ table: DescriptorTable, _ number: Int32, _ inode: UInt64) -> Void
    ) throws(Failure) -> Int {
        var own = nssh_file()
        guard nssh_look_at(Proc.root, "self/ns/\(NamespaceType.mnt.rawValue)", &own) == 0 else {
            throw Failure("statx", target: "/proc/self/ns/mnt")
        }
        var looked = 0
        var sockets: [SocketFile] = []
        var namespaces: [(number: Int32, inode: UInt64)] = []
        for index in snapshot.processes.indices {
            try pause(source, index, snapshot.processes.count)
            for table in descriptorTables(of: index) {
                let path = directory(of: table) + "/fd"
                let directory = nssh_openat(Proc.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
                if directory < 0 {
                    let errno = Errno.last
                    // With its memory, a process loses its user as the owner of these files: one that has ended refuses that user.
                    guard let state = status.read(table.thread ?? numbers[index]), !state.isZombie else { continue }
                    note(unreadable: "/proc/\(path)", pid: snapshot.processes[index].pid, errno, in: source)
                    continue
                }
                namespaces.removeAll(keepingCapacity: true)
                let errno = entries.read(directory) { number, name in
                    looked += 1
                    var file = nssh_file()
                    guard nssh_look_at(directory, name, &file) == 0 else { return }
                    if file.device == own.device {
                        namespaces.append((number, file.inode))
                    } else if file.is_socket || file.is_tun {
                        sockets.append(SocketFile(table: table, number: number, inode: file.inode, isTun: file.is_tun))
                    }
                }
                close(directory)
                if let errno { note(unreadable: "/proc/\(path)", pid: snapshot.processes[index].pid, errno, in: source) }
                for (number, inode) in namespaces { found(table, number, inode) }
            }
        }
        self.sockets = sockets
        return looked
    }

    private func note(descriptor number: Int32, _ inode: UInt64, of table: DescriptorTable) {
        let path = "\(directory(of: table))/fd/\(number)"
        guard let text = try? Proc.link(path) else { return }
        var holder = holder(.descriptor, number, of: table)
        let key: NamespaceKey
        if let (type, named) = Target.readLink(text), named == inode {
            key = NamespaceKey(type, inode)
        } else {
            do throws(Failure) {
                guard let handle = try NamespaceHandle(descriptorAt: path, target: text), handle.inode == inode else { return }
                key = handle.key
                if options.types.contains(key.type) { relate(handle) }
            } catch {
                if let errno = error.errno { note(unreadable: "/proc/\(path)", pid: holder.pid, errno, in: .fds) }
                return
            }
            if let bytes = try? Proc.linkBytes(path), bytes.first == UInt8(ascii: "/"), bytes.count > 1 { holder.path = bytes }
        }
        guard options.types.contains(key.type) else { return }
        let flags = try? Proc.words("\(directory(of: table))/fdinfo/\(number)", "flags").first.flatMap { Int32($0, radix: 8) }
        if let flags, flags & nssh_o_path != 0 { holder.isPath = true }
        note(holder, of: key)
    }
}

extension NamespaceHandle {
    /// The namespace at a descriptor below /proc/PID/fd; nil when something else is there by now, which is not opened: it may be a device.
    convenience init?(descriptorAt path: String, target: String) throws(Failure) {
        let seen = try Proc.open(path, flags: nssh_o_path)
        guard nssh_is_nsfs(seen.raw) == 1 else { return nil }
        try self.init(try Proc.open("self/fd/\(seen.raw)", flags: O_RDONLY), target: target)
    }
}
