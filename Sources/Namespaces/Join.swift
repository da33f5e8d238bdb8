import CLinux
import Glibc
import Linux

extension Join {
    /// The namespaces of a process that differ from nssh's own; nil when nothing does.
    ///
    /// - Parameters:
    ///   - types: the types to join; nil: all.
    ///   - takesRoot: whether its root is taken on; nil: where its mnt namespace differs.
    ///   - takesDirectory: the same of its working directory.
    public static func process(
        _ target: Target, types: NamespaceTypes? = nil, takesRoot: Bool? = nil, takesDirectory: Bool? = nil
    ) throws(Failure) -> Join? {
        let pidfd: Descriptor
        let number: Int32
        switch target {
        case .process(let process):
            try process.requireOurs()
            number = process.pid
            if !process.isAlive { throw process.ended("setns") }
            pidfd = try process.pidfd.duplicate()
        case .pid(let pid):
            number = pid
            pidfd = Descriptor(try check(nssh_pidfd_open(pid), "pidfd_open", target: "pid \(pid)"))
        default: return nil
        }
        var mask = NamespaceTypes()
        for (type, _, _) in try Inspect.difference(.own, target) { mask.insert(type) }
        if types?.contains(.pid) ?? true { try addPid(&mask, theirs: try Inspect.inode(target, .pid)) }
        if let types { mask.formIntersection(types) }
        let directory = { (link: String) throws(Failure) in
            try target.reading { name throws(Failure) in try Proc.open("\(name)/\(link)", flags: nssh_o_path | O_DIRECTORY) }
        }
        var join = Join(descriptor: pidfd, mask: mask, origin: .pid(number))
        // Those of what nssh keeps in namespaces may lead nowhere, though its mnt namespace is another's: no program could be run there.
        let leadsSomewhere = mask.contains(.mnt) && !hasEmptyRoot(target)
        if takesRoot ?? leadsSomewhere { join.root = try directory("root") }
        if takesDirectory ?? leadsSomewhere { join.cwd = try directory("cwd") }
        if mask.isEmpty, join.root == nil, join.cwd == nil { return nil }
        // It is still there, so that what was read by its number was read of it.
        if nssh_pidfd_send_signal(pidfd.raw, 0) < 0, Errno.last.rawValue == ESRCH {
            throw Failure("pidfd_send_signal", Errno(rawValue: ESRCH), target: target.description, hint: "the process has ended")
        }
        return join
    }

    private static func hasEmptyRoot(_ target: Target) -> Bool {
        let isEmpty = try? target.reading { name throws(Failure) in
            // Only a root that is mounted nowhere is looked into: another one may be a file system that never answers.
            guard try Proc.open("\(name)/mountinfo", flags: O_RDONLY).read(1).isEmpty else { return false }
            return try Proc.entries(of: "\(name)/root").isEmpty
        }
        return isEmpty ?? false
    }

    /// A pid namespace is a matter of the children: nssh may have unshared it, so that they are born in another than its own.
    private static func addPid(_ mask: inout NamespaceTypes, theirs: UInt64) throws(Failure) {
        let own = try Inspect.inodes(.own)
        let pid = own.first { $0.name == "pid" }?.inode
        let born = own.first { $0.name == "pid_for_children" }?.inode
        mask.remove(.pid)
        if born == theirs { return }
        if born != pid {
            throw Failure(
                code: "EINVAL", "nssh has unshared its pid namespace: its children cannot join pid:[\(theirs)]", stage: "setns",
                target: "pid:[\(theirs)]",
                hint: "go back first: local home = ns.open(\"self\", \"pid\") before ns.unshare, then ns.setns(home)")
        }
        mask.insert(.pid)
    }

    /// One namespace; nil when nssh is in it.
    public static func handle(_ handle: NamespaceHandle, path: [UInt8]? = nil) throws(Failure) -> Join? {
        try handle.requireOpen()
        let type = handle.type
        var mask = NamespaceTypes(type)
        if type == .pid { try addPid(&mask, theirs: handle.inode) } else if try Inspect.inode(.own, type) == handle.inode { return nil }
        if mask.isEmpty { return nil }
        let origin = path ?? Array("/proc/\(getpid())/fd/\(handle.descriptor.raw)".utf8)
        return Join(descriptor: try handle.descriptor.duplicate(), mask: NamespaceTypes(type), origin: .path(origin))
    }

    /// A target's namespace of one type; nil when nssh is in it.
    public static func target(_ target: Target, type: NamespaceType) throws(Failure) -> Join? {
        // Not a copy of a handle: a command line names the descriptor of the one that stays open.
        var join = try handle(try target.borrow(type), path: target.path)
        switch target {
        case .process(let process): join?.origin = .pid(process.pid)
        case .pid(let pid): join?.origin = .pid(pid)
        default: break
        }
        return join
    }

    /// The order in which they can be joined. Who has power over all of them keeps it until the user namespace is joined; who
    /// has none gains it there.
    static func ordered(_ joins: [Join], by caller: Caller) -> [Join] {
        let users = joins.filter { $0.mask.contains(.user) }
        let others = joins.filter { !$0.mask.contains(.user) }
        return caller.isAdmin ? others + users : users + others
    }

    /// A target of any kind.
    public static func target(_ target: Target) throws(Failure) -> Join? {
        switch target {
        case .own: return nil
        case .process, .pid: return try process(target)
        case .handle(let handle): return try self.handle(handle)
        case .inode, .path: return try self.handle(try target.open(nil), path: target.path)
        }
    }
}
