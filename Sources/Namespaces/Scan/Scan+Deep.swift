import CLinux
import Glibc
import Linux

/// What is found behind descriptors and mappings of processes, at some cost, and what can only be suspected there. Each kind has a file
/// of its own.
extension Scan {
    /// A descriptor of a process.
    struct OpenFile {
        /// The process's index in the snapshot.
        var process: Int
        /// The descriptor's number there.
        var number: Int32
        /// What its link says: `socket:[4711]`, `/proc/1/net/tcp`.
        var text: String
    }

    /// - Returns: the number of descriptors and processes.
    func lookDeeper() throws(Failure) -> Int {
        var looked = 0
        var sockets: Set<String> = []
        var procFiles = ProcFiles()
        for index in snapshot.processes.indices {
            try pause(.deep, index, snapshot.processes.count)
            looked += 1
            if options.types.contains(.ipc) { lookAtMappings(of: index) }
            looked += readOpenFiles(of: index) { file in
                switch file.text {
                case "anon_inode:[io_uring]": lookAtRing(file)
                case "anon_inode:[fscontext]": suspect(file, .fs_context, [.ipc, .pid, .net, .user, .cgroup])
                case "anon_inode:[pidfd]": lookAtPidfd(file)
                case let text where text.hasPrefix("pidfd:["): lookAtPidfd(file)
                case let text where text.hasPrefix("socket:["): if sockets.insert(text).inserted { lookInFlight(file) }
                case let text where text.hasPrefix("/"): lookAtProcFile(file, &procFiles)
                default: break
                }
            }
        }
        return looked
    }

    /// Calls `body` for each descriptor of a process.
    ///
    /// - Returns: their number.
    private func readOpenFiles(of index: Int, _ body: (OpenFile) -> Void) -> Int {
        let path = "\(numbers[index])/fd"
        let directory = nssh_openat(Proc.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        if directory < 0 {
            note(unreadable: "/proc/\(path)", pid: snapshot.processes[index].pid, .last, in: .deep)
            return 0
        }
        defer { close(directory) }
        var open: [Int32] = []
        if let errno = entries.read(directory, { number, _ in open.append(number) }) {
            note(unreadable: "/proc/\(path)", pid: snapshot.processes[index].pid, errno, in: .deep)
        }
        for number in open where number != directory || snapshot.processes[index].pid != snapshot.ownPid {
            guard let text = try? Proc.link(String(number), below: directory) else { continue }
            body(OpenFile(process: index, number: number, text: text))
        }
        return open.count
    }

    /// The lines of /proc/PID/fdinfo/N; empty when it has gone.
    func fdinfo(of file: OpenFile) -> [UInt8] { (try? Proc.read("\(numbers[file.process])/fdinfo/\(file.number)")) ?? [] }

    /// A copy of a descriptor; nil when it has gone, or nssh may not have one. pidfd_getfd(2)
    func copy(of file: OpenFile) -> Descriptor? {
        let pid = snapshot.processes[file.process].pid
        let pidfd = nssh_pidfd_open(pid)
        if pidfd < 0 { return nil }
        defer { close(pidfd) }
        let raw = nssh_pidfd_getfd(pidfd, file.number)
        if raw >= 0 { return Descriptor(raw) }
        let errno = Errno.last
        if errno.rawValue != EBADF { note(unreadable: "/proc/\(numbers[file.process])/fd/\(file.number)", pid: pid, errno, in: .deep) }
        return nil
    }

    /// A holder that is a descriptor, or behind one.
    func holder(_ kind: Holder.Kind, _ file: OpenFile, _ detail: String? = nil) -> Holder {
        var holder = Holder(kind)
        holder.pid = snapshot.processes[file.process].pid
        holder.descriptor = file.number
        holder.detail = detail
        return holder
    }

    /// Notes what may hold a namespace of these types.
    func suspect(_ file: OpenFile, _ kind: Holder.Kind, _ types: [NamespaceType], _ detail: String? = nil) {
        suspect(holder(kind, file, detail), types)
    }

    /// Notes what may hold a namespace of these types.
    func suspect(_ holder: Holder, _ types: [NamespaceType]) {
        let wanted = types.filter { options.types.contains($0) }
        if wanted.isEmpty { return }
        var holder = holder
        holder.isCertain = false
        snapshot.suspects.append(Snapshot.Suspect(types: wanted, holder: holder))
    }
}
