import CLinux
import Glibc
import Linux

/// What is found behind descriptors and mappings of processes, at some cost, and what can only be suspected there. Each kind has a file
/// of its own.
extension Scan {
    /// A descriptor.
    struct OpenFile {
        /// Whose it is.
        var table: DescriptorTable
        /// Its number there.
        var number: Int32
        /// What its link says: `socket:[4711]`, `/proc/1/net/tcp`.
        var text: String
        /// The same, in the bytes that it has.
        var bytes: [UInt8]
    }

    /// - Returns: the number of descriptors and processes.
    func lookDeeper() throws(Failure) -> Int {
        var looked = 0
        var waiting: [String: Waiting] = [:]
        var procFiles = ProcFiles()
        for index in snapshot.processes.indices {
            try pause(.deep, index, snapshot.processes.count)
            looked += 1
            if options.types.contains(.ipc) { lookAtMappings(of: index) }
            for table in descriptorTables(of: index) {
                looked += readOpenFiles(of: table) { file in
                    switch file.text {
                    case "anon_inode:[io_uring]": lookAtRing(file)
                    case "anon_inode:[fscontext]": suspect(file, .fs_context, [.ipc, .pid, .net, .user, .cgroup])
                    case "anon_inode:[pidfd]": lookAtPidfd(file)
                    case let text where text.hasPrefix("pidfd:["): lookAtPidfd(file)
                    case let text where text.hasPrefix("socket:["): lookInFlight(file, &waiting)
                    case let text where text.hasPrefix("/"): lookAtProcFile(file, &procFiles)
                    default: break
                    }
                }
            }
        }
        return looked
    }

    /// Calls `body` for each descriptor of a table.
    ///
    /// - Returns: their number.
    private func readOpenFiles(of table: DescriptorTable, _ body: (OpenFile) -> Void) -> Int {
        let path = directory(of: table) + "/fd"
        let pid = snapshot.processes[table.process].pid
        let directory = nssh_openat(Proc.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        if directory < 0 {
            note(unreadable: "/proc/\(path)", pid: pid, .last, in: .deep)
            return 0
        }
        defer { close(directory) }
        var open: [Int32] = []
        if let errno = entries.read(directory, { number, _ in open.append(number) }) {
            note(unreadable: "/proc/\(path)", pid: pid, errno, in: .deep)
        }
        for number in open where number != directory || pid != snapshot.ownPid {
            guard let bytes = try? Proc.linkBytes(String(number), below: directory) else { continue }
            body(OpenFile(table: table, number: number, text: bytes.lossy, bytes: bytes))
        }
        return open.count
    }

    /// The path of a descriptor below /proc.
    func path(of file: OpenFile) -> String { "\(directory(of: file.table))/fd/\(file.number)" }

    /// The lines of /proc/PID/fdinfo/N; empty when it has gone.
    func fdinfo(of file: OpenFile) -> [UInt8] { (try? Proc.read("\(directory(of: file.table))/fdinfo/\(file.number)")) ?? [] }

    /// A copy of a descriptor; nil when it has gone, or nssh may not have one. pidfd_getfd(2)
    func copy(of file: OpenFile) -> Descriptor? {
        let pidfd = openPidfd(of: file.table)
        if pidfd < 0 { return nil }
        defer { close(pidfd) }
        let raw = nssh_pidfd_getfd(pidfd, file.number)
        if raw >= 0 { return Descriptor(raw) }
        let errno = Errno.last
        if errno.rawValue != EBADF {
            note(unreadable: "/proc/\(path(of: file))", pid: snapshot.processes[file.table.process].pid, errno, in: .deep)
        }
        return nil
    }

    /// A holder that is a descriptor, or behind one.
    func holder(_ kind: Holder.Kind, _ file: OpenFile, _ remark: String? = nil) -> Holder {
        var holder = holder(kind, file.number, of: file.table)
        holder.remark = remark
        return holder
    }

    /// Notes what may hold a namespace of these types.
    func suspect(_ file: OpenFile, _ kind: Holder.Kind, _ types: [NamespaceType], _ remark: String? = nil) {
        suspect(holder(kind, file, remark), types)
    }

    /// Notes what may hold a namespace of these types.
    func suspect(_ holder: Holder, _ types: [NamespaceType]) {
        let wanted = types.filter { options.types.contains($0) }
        if wanted.isEmpty { return }
        var holder = holder
        holder.isCertain = false
        if let last = snapshot.suspects.last, last.holder == holder {
            snapshot.suspects[snapshot.suspects.count - 1].types = NamespaceType.allCases.filter { (last.types + wanted).contains($0) }
            return
        }
        snapshot.suspects.append(Snapshot.Suspect(types: wanted, holder: holder))
    }
}
