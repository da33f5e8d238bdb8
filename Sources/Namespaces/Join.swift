import CLinux
import Glibc
import Linux

extension Join {
    /// Whose root and working directory are taken on, and how much power is kept, where a process is entered.
    struct Entry {
        /// The types to join; nil: all that differ.
        var types: NamespaceTypes?
        /// Whether its root is taken on; nil: where its mnt namespace differs.
        var takesRoot: Bool?
        /// The same of its working directory.
        var takesDirectory: Bool?
        /// What is not cut to the target's.
        var kept: Privileges = []
        /// Joined by an option of its type: what is entered is a namespace, and its process only names it.
        var isRaw = false
    }

    /// The namespaces of a process that differ from nssh's own.
    ///
    /// - Returns: nil when it is alive and nothing does.
    /// - Throws: when it has ended, or lacks a namespace; EPERM where more power would be had than it has.
    static func process(_ target: Target, _ entry: Entry = Entry()) throws(Failure) -> Join? {
        guard let process = try TargetProcess(target) else { return nil }
        let inodes = try process.inodes()
        var mask = NamespaceTypes()
        for (type, own, theirs) in inodes where own != theirs { mask.insert(type) }
        if entry.types?.contains(.pid) ?? true, let pid = inodes.first(where: { $0.type == .pid }) { try addPid(&mask, theirs: pid.theirs) }
        let hasOtherUser = mask.contains(.user)
        if let types = entry.types { mask.formIntersection(types) }
        var join = Join(descriptor: process.pidfd, mask: mask, origin: .pid(process.number))
        let leadsSomewhere = mask.contains(.mnt) && !entry.isRaw && !process.hasEmptyRoot
        join.demandsRoot = entry.takesRoot == true
        if entry.takesRoot ?? leadsSomewhere { join.root = try process.directory("root") }
        if entry.takesDirectory ?? leadsSomewhere { join.cwd = try process.directory("cwd") }
        let entersFiles = mask.contains(.mnt) || join.root != nil
        let isOwnUser = hasOtherUser ? try target.open(.user).isOwnUser() : true
        let mnt = inodes.first { $0.type == .mnt }?.theirs ?? 0
        let isOwnFiles = process.child != nil && isOwnUser && (!mask.contains(.mnt) || Children.made(.mnt, mnt))
        join.isForeign = entersFiles && !isOwnFiles || mask.contains(.user) && !isOwnUser
        if mask.contains(.user) { join.ids = try JoinedIds(process, isOwn: isOwnUser) }
        if entersFiles, !entry.isRaw {
            if hasOtherUser, !mask.contains(.user), !entry.kept.contains(.capabilities) {
                throw Failure(
                    code: "EPERM",
                    "\(target.description) has its power in a user namespace of its own: who enters its \(mask.contains(.mnt) ? "mnt namespace" : "root") "
                        + "without that one has all of the caller's", stage: "setns", target: target.description,
                    hint: "join its user namespace too (-U, or no option of a type at all); privileged (--privileged) means it")
            }
            // What a box of nssh's own may do is what its options say, and not what its image has lost at exec.
            if process.child?.hasGivenIds ?? true || !isOwnFiles, entry.kept != .all {
                let power = try Power(of: process, keeping: entry.kept)
                if mask.contains(.pid), !hasOtherUser { try power.requireHarmless(target.description) }
                join.power = power
            }
        }
        // What it may do counts in the user namespace that it was in meanwhile, and in no other.
        for (before, now) in zip(inodes, try process.inodes()) where before.theirs != now.theirs {
            throw Failure(
                code: "EAGAIN", "\(target.description) has moved to another \(before.type.rawValue) namespace while it was looked at",
                stage: "setns", target: target.description, hint: "nothing was run; try again")
        }
        // It is still there, so that what was read by its number was read of it.
        try process.requireAlive()
        return mask.isEmpty && join.root == nil && join.cwd == nil ? nil : join
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
        var join = Join(descriptor: try handle.descriptor.duplicate(), mask: NamespaceTypes(type), origin: .path(origin))
        if type == .user {
            let isOwn = try handle.isOwnUser()
            join.ids = .asked(isOwn: isOwn)
            join.isForeign = !isOwn
        } else if type == .mnt {
            join.isForeign = !Children.made(.mnt, handle.inode)
        }
        return join
    }

    /// A target's namespace of one type, as an option of that type joins it; nil when nssh is in it.
    public static func target(_ target: Target, type: NamespaceType) throws(Failure) -> Join? {
        if case .own = target { return nil }
        if target.isProcess { return try process(target, Entry(types: NamespaceTypes(type), isRaw: true)) }
        // Not a copy of a handle: a command line names the descriptor of the one that stays open.
        return try handle(try target.borrow(type), path: target.path)
    }

    /// The order in which they can be joined. Who has power over all of them keeps it until the user namespace is joined; who
    /// has none gains it there.
    static func ordered(_ joins: [Join], by caller: Caller) -> [Join] {
        let users = joins.filter { $0.mask.contains(.user) }
        let others = joins.filter { !$0.mask.contains(.user) }
        return caller.isAdmin ? others + users : users + others
    }

    /// A target of any kind, entered as a whole.
    ///
    /// - Parameter kept: of a process: what is not cut to what it may do.
    public static func target(_ target: Target, keeping kept: Privileges = []) throws(Failure) -> Join? {
        switch target {
        case .own: return nil
        case .process, .pid, .held: return try process(target, Entry(kept: kept))
        case .handle(let handle): return try self.handle(handle)
        case .inode, .path: return try self.handle(try target.open(nil), path: target.path)
        }
    }
}
