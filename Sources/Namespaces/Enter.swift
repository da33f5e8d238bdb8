import CLinux
import Glibc
import Linux

/// A program in existing namespaces, as a command of the shell that nssh was called from: nsenter(1).
public struct Enter {
    /// A directory to take on.
    public enum Directory: Equatable {
        /// The target's own.
        case targets
        /// A path as seen from where nssh is.
        case path([UInt8])
    }

    /// Where to; nil: `files` say all.
    public var target: Target?
    /// The target's namespaces to join; nil: all that differ, with the root and the working directory where the mnt namespace does.
    public var types: NamespaceTypes?
    /// More namespaces, by their files.
    public var files: [(type: NamespaceType, path: [UInt8])] = []
    /// The root to take on.
    public var root: Directory?
    /// The working directory to take on; nil: where joining leads.
    public var workingDirectory: Directory?
    /// Never makes a child: a pid namespace is then that of the program's children only.
    public var neverForks = false
    /// What is not cut to the target's own power.
    public var kept: Privileges = []
    /// The target's environment is taken on.
    public var takesEnvironment = false
    /// The body, and what it gets.
    public var options = Options()

    /// Nothing to enter.
    public init() {}

    /// Joins and runs the program. It takes nssh's place, unless it has to be a child (a pid namespace is one of children only), the files are
    /// others', or there is a terminal to take back afterwards.
    ///
    /// - Parameter tell: is told what the target is bound by, and the program is not, and where it is not quite where the target is.
    /// - Returns: how it ended, if it was a child.
    /// - Throws: what failed. When nssh's place was to be taken, nssh may already be over there.
    public func run(tell: (_ weaker: [String], _ notes: [String]) -> Void) throws(Failure) -> Exit {
        var options = options
        options.joins = try joins()
        if case .held = options.body { options.body = .program(Enter.shell(options.joins)) }
        if takesEnvironment {
            // It chooses the program, by its PATH, and what that loads: only from the target's own files.
            guard options.entersFiles, options.joins.contains(where: { $0.mask.contains(.mnt) }) else {
                throw Failure(
                    code: "EINVAL", "--env: the target's environment is for its own files, and its mnt namespace is not entered",
                    stage: "read options", target: target?.description)
            }
            options.targetEnvironment = try environment()
        }
        let types = options.joins.reduce(into: NamespaceTypes()) { $0.formUnion($1.mask) }
        if !types.contains(.user), options.gid != nil, options.groups == nil { options.groups = [] }
        let terminal = neverForks ? nil : Terminal(0)
        // What executes programs of others is not nssh itself: something stays that can tell what became of it.
        guard terminal != nil || (types.contains(.pid) || options.entersFiles) && !neverForks else {
            options.standing = .replacing
            throw Launcher.replace(options, tell: tell)
        }
        options.standing = .beside
        Attending.prepare()
        guard case .parent(let process) = try Launcher.launch(options) else { fatalError("a program is no copy of nssh") }
        tell(process.weaker, process.notes)
        return process.attend(in: terminal)
    }

    /// What the user's shell is started by. Another mnt namespace may not have it: then that one's sh.
    private static func shell(_ joins: [Join]) -> [[UInt8]] {
        let sh = Array("/bin/sh".utf8)
        let shell = environmentBytes("SHELL").flatMap { $0.isEmpty ? nil : $0 } ?? sh
        guard joins.contains(where: { $0.mask.contains(.mnt) || $0.root != nil }), shell != sh else { return [shell] }
        let line = "test -x \"$1\" && export SHELL=\"$1\" && exec \"$1\"; exec /bin/sh"
        return [sh, Array("-c".utf8), Array(line.utf8), sh, shell]
    }

    /// What the target was started with; it says what it likes. proc_pid_environ(5).
    private func environment() throws(Failure) -> [[UInt8]] {
        guard let target, let process = try TargetProcess(target) else {
            throw Failure(code: "EINVAL", "--env: only a process has an environment", stage: "read options", target: target?.description)
        }
        let text = try process.read("environ")
        try process.requireAlive()
        return text.split(separator: 0).filter { $0.dropFirst().contains(UInt8(ascii: "=")) }.map { Array($0) }
    }

    private func joins() throws(Failure) -> [Join] {
        var joins: [Join] = []
        if let target, target.isProcess {
            let isWhole = types == nil
            let entry = Join.Entry(
                types: try withOwner(types, of: target), takesRoot: root == nil && isWhole ? nil : root == .targets,
                takesDirectory: workingDirectory == nil && isWhole ? nil : workingDirectory == .targets, kept: kept)
            if let join = try Join.process(target, entry) { joins.append(join) }
        } else if let target {
            if root == .targets || workingDirectory == .targets {
                throw Failure(
                    code: "EINVAL", "\(target.description) is a namespace: only a process has a root and a working directory",
                    stage: "read options", target: target.description)
            }
            if let types {
                for type in types.list { if let join = try Join.target(target, type: type) { joins.append(join) } }
            } else if let join = try Join.target(target) {
                joins.append(join)
            }
        }
        for (type, path) in files { if let join = try Join.target(.path(path), type: type) { joins.append(join) } }
        try addOwner(&joins)
        try refusePower(joins)
        try addDirectories(&joins)
        return joins
    }

    /// The types with the target's user namespace, where an ordinary user needs that one for the others.
    private func withOwner(_ types: NamespaceTypes?, of target: Target) throws(Failure) -> NamespaceTypes? {
        guard var types, !types.isEmpty, !types.contains(.user), !Capabilities.effective(contains: [.sysAdmin])
        else { return types }
        let user = try target.open(.user).inode
        for type in types.list {
            guard let owner = try? target.open(type).userns(), owner.inode == user else { return types }
        }
        types.insert(.user)
        return types
    }

    /// An ordinary user has no power over a namespace before the user namespace that owns it is joined.
    private func addOwner(_ joins: inout [Join]) throws(Failure) {
        guard !Capabilities.effective(contains: [.sysAdmin]), !joins.contains(where: { $0.mask.contains(.user) }) else { return }
        var outermost: NamespaceHandle?
        for join in joins {
            for type in join.mask.list {
                let handle: NamespaceHandle
                if case .pid(let pid) = join.origin {
                    handle = try Target.pid(pid).open(type)
                } else {
                    handle = try NamespaceHandle(try join.descriptor.duplicate(), target: type.rawValue)
                }
                // Out of sight: then the kernel will say no to more than this.
                guard let owner = try? handle.userns() else { continue }
                if let before = outermost, try !before.isBelow(owner) { continue }
                outermost = owner
            }
        }
        if let outermost, let join = try Join.handle(outermost) { joins.append(join) }
    }

    /// A mnt namespace that was named by itself counts as that of a process does: power belongs to a user namespace.
    private func refusePower(_ joins: [Join]) throws(Failure) {
        if kept.contains(.capabilities) || joins.contains(where: { $0.mask.contains(.user) }) { return }
        for join in joins where join.mask.contains(.mnt) {
            guard case .path = join.origin else { continue }
            let handle = try NamespaceHandle(try join.descriptor.duplicate(), target: join.description)
            if try handle.userns().inode == Inspect.inode(.own, .user) { continue }
            throw Failure(
                code: "EPERM",
                "\(join.description) belongs to another user namespace: who enters it without that one has all of the caller's power",
                stage: "setns", target: join.description, hint: "join its user namespace too (-U=FILE); --privileged means it")
        }
    }

    private func addDirectories(_ joins: inout [Join]) throws(Failure) {
        let open = { (directory: Directory?) throws(Failure) -> Descriptor? in
            guard case .path(let path) = directory else { return nil }
            return try Descriptor.open(path, flags: nssh_o_path | O_DIRECTORY)
        }
        let (root, cwd) = (try open(root), try open(workingDirectory))
        guard let any = root ?? cwd else { return }
        var join = Join(descriptor: any, mask: [], root: root, cwd: cwd, origin: .path([]))
        join.isNamed = true
        joins.append(join)
    }
}

extension NamespaceHandle {
    /// Whether `other` is among the parents of this user namespace. NS_GET_PARENT.
    func isBelow(_ other: NamespaceHandle) throws(Failure) -> Bool {
        var above = try parent()
        while let one = above {
            if one.inode == other.inode { return true }
            above = try one.parent()
        }
        return false
    }
}
