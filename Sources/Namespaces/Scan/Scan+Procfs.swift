import CLinux
import Glibc
import Linux

/// Which pid namespaces the mounts of procfs hold: a look at the processes that show there.
extension Scan {
    /// What a procfs shows.
    enum Shown {
        case namespace(UInt64)
        /// No process: the pid namespace's init has ended, or nssh is not shown it.
        case nobody
        case refused(Errno)
    }

    /// Keeps a procfs mount for later, and looks into the procfs if nobody has yet.
    ///
    /// - Parameters:
    ///   - device: the file system's: all mounts of one procfs have the same.
    ///   - open: opens its root directory, if that is what it is told; nil when there is no way there.
    func look(atProcfs holder: Holder, _ device: UInt64, open: ((Descriptor) -> Bool) -> Descriptor?) {
        procfsMounts.append((device, holder))
        if procfs[device] == nil, let root = open({ Scan.device(of: $0.raw) == device }) { procfs[device] = Scan.shown(by: root.raw) }
    }

    /// Notes what the procfs mounts hold.
    func noteProcfsMounts() {
        // The one that nssh has found may be nowhere in reach by now.
        if let own = Scan.device(of: Proc.root), procfs[own] == nil { procfs[own] = Scan.shown(by: Proc.root) }
        for (device, holder) in procfsMounts {
            switch procfs[device] {
            case .namespace(let inode): note(holder, of: NamespaceKey(.pid, inode))
            case .nobody: suspect(holder, because: "no process shows there")
            case .refused(let errno):
                note(unreadable: "the processes in \((holder.path ?? []).lossy)", errno, in: .mounts)
                suspect(holder, because: "nssh may not look at its processes")
            case nil: suspect(holder, because: "nssh cannot reach it")
            }
        }
        procfsMounts = []
    }

    private func suspect(_ holder: Holder, because reason: String) {
        var holder = holder
        holder.remark = reason
        suspect(holder, [.pid])
    }

    /// Goes by a process with a single number there: it is in the pid namespace itself, and not in one below.
    private static func shown(by root: Int32) -> Shown {
        // Its init is, but may be out of nssh's power.
        if case .inode(let inode) = Inspect.look("1/ns/pid", below: root) { return .namespace(inode) }
        let names: [String]
        do throws(Failure) {
            let raw = nssh_openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
            names = try Descriptor(try check(raw, "openat")).names().map(\.lossy)
        } catch { return .refused(error.errno ?? Errno(rawValue: EIO)) }
        var refusal: Errno?
        for name in names where Int32(name) != nil {
            switch Inspect.look("\(name)/ns/pid", below: root) {
            case .inode(let inode):
                let raw = nssh_openat(root, "\(name)/status", O_RDONLY | O_CLOEXEC, 0)
                guard raw >= 0, let status = try? Descriptor(raw).readStream() else { continue }
                if Proc.words(in: status, "NSpid").count == 1 { return .namespace(inode) }
            case .refused(let errno): if errno.rawValue != ENOENT, errno.rawValue != ESRCH { refusal = refusal ?? errno }
            case .other: break
            }
        }
        return refusal.map { .refused($0) } ?? .nobody
    }

    private static func device(of descriptor: Int32) -> UInt64? {
        var major: UInt32 = 0
        var minor: UInt32 = 0
        return nssh_device(descriptor, &major, &minor) < 0 ? nil : MountTable.device(major, minor)
    }
}
