import CLinux
import Glibc
import Linux

/// A process, or a thread, that is a target, held by a pidfd while it is looked at and joined: what was read by its number is of this one.
struct TargetProcess {
    /// How it was named.
    let target: Target
    /// Its number in nssh's pid namespace.
    let number: Int32
    let pidfd: Descriptor
    /// The child of nssh that it is.
    let child: Process?

    /// Takes hold of it.
    ///
    /// - Returns: nil for what is not a process.
    /// - Throws: ESRCH when it has ended, reaped or not.
    init?(_ target: Target) throws(Failure) {
        self.target = target
        switch target {
        case .process(let process):
            try process.requireOurs()
            number = process.pid
            child = process
            if !process.isAlive { throw process.ended("setns") }
            pidfd = try process.pidfd.duplicate()
        case .pid(let pid):
            number = pid
            child = Children.living(pid)
            pidfd = try TargetProcess.open(pid)
        case .held(let held):
            number = held.pid
            child = Children.living(held.pid)
            pidfd = try held.pidfd.duplicate()
        case .own, .handle, .inode, .path: return nil
        }
        try requireAlive()
    }

    /// pidfd_open(2), of a thread too.
    static func open(_ pid: Int32) throws(Failure) -> Descriptor {
        let raw = nssh_pidfd_open(pid)
        if raw >= 0 { return Descriptor(raw) }
        let errno = Errno.last
        // ENOENT, before Linux 6.9 EINVAL: a thread that does not lead its process.
        if errno.rawValue == ENOENT || errno.rawValue == EINVAL {
            let thread = nssh_pidfd_open_thread(pid)
            if thread >= 0 { return Descriptor(thread) }
            if Errno.last.rawValue == EINVAL, errno.rawValue == EINVAL {
                throw Failure(
                    "pidfd_open", errno, target: "pid \(pid)",
                    hint: "it is a thread: those are targets since Linux 6.9; before, name their namespaces by path, /proc/\(pid)/ns/net")
            }
        }
        throw Failure("pidfd_open", errno, target: "pid \(pid)", hint: errno.rawValue == ESRCH ? "there is no process \(pid)" : nil)
    }

    /// - Throws: ESRCH when it has ended: then its number may be another's, and a zombie is in no namespace.
    func requireAlive() throws(Failure) {
        if try !TargetProcess.hasEnded(pidfd) { return }
        throw Failure(
            code: "ENDED", "\(target.description) has ended", errno: ESRCH, stage: "setns", target: target.description,
            hint: "nothing was run; its namespaces may be gone with it")
    }

    /// Whether the process of a pidfd has ended, reaped or not. poll(2)
    static func hasEnded(_ pidfd: Descriptor) throws(Failure) -> Bool {
        var event = pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&event, 1, 0)
            if count >= 0 { return count > 0 }
            // A signal that is pending interrupts it, though it does not wait.
            let errno = Errno.last
            if errno.rawValue != EINTR { throw Failure("poll", errno, target: "pidfd") }
        }
    }

    /// The inode numbers of its namespaces of all types that nssh itself has.
    func inodes() throws(Failure) -> [(type: NamespaceType, own: UInt64, theirs: UInt64)] {
        let (own, theirs) = (try Inspect.inodes(.own), try Inspect.inodes(target))
        var result: [(type: NamespaceType, own: UInt64, theirs: UInt64)] = []
        for type in NamespaceType.allCases {
            guard let mine = own.first(where: { $0.name == type.rawValue })?.inode else { continue }
            guard let its = theirs.first(where: { $0.name == type.rawValue })?.inode else {
                try requireAlive()
                throw Failure(
                    code: "ENDED", "\(target.description) is in no \(type.rawValue) namespace any more", errno: ESRCH, stage: "setns",
                    target: target.description,
                    hint: "nothing was run; it is ending, or its first thread has: then name another of /proc/\(number)/task")
            }
            result.append((type, mine, its))
        }
        return result
    }

    /// Reads a file of its directory in /proc.
    func read(_ file: String) throws(Failure) -> [UInt8] {
        try target.reading { name throws(Failure) in try Proc.read("\(name)/\(file)") }
    }

    /// Opens its root or working directory, by the link's name.
    func directory(_ link: String) throws(Failure) -> Descriptor {
        try target.reading { name throws(Failure) in try Proc.open("\(name)/\(link)", flags: nssh_o_path | O_DIRECTORY) }
    }

    /// Whether its root is one that leads nowhere: what nssh keeps in namespaces has such a one, and no program could be run there.
    var hasEmptyRoot: Bool {
        let isEmpty = try? target.reading { name throws(Failure) in
            // Only a root that is mounted nowhere is looked into: another one may be a file system that never answers.
            guard try Proc.open("\(name)/mountinfo", flags: O_RDONLY).read(1).isEmpty else { return false }
            return try Proc.entries(of: "\(name)/root").isEmpty
        }
        return isEmpty ?? false
    }
}

/// A process that was found, and is held from then on.
public final class HeldPid {
    /// Its number in nssh's pid namespace.
    public let pid: Int32
    let pidfd: Descriptor

    /// Takes hold of it. pidfd_open(2)
    public init(_ pid: Int32) throws(Failure) {
        self.pid = pid
        pidfd = try TargetProcess.open(pid)
    }

    /// Whether it has ended, reaped or not.
    public func hasEnded() throws(Failure) -> Bool { try TargetProcess.hasEnded(pidfd) }
}
