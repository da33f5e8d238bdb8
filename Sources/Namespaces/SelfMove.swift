import CLinux
import Glibc
import Linux

/// Moving nssh itself.
public enum SelfMove {
    /// Leaves namespaces for new ones, then does what the settings ask for. unshare(2).
    ///
    /// - Throws: the step that failed. Steps before it stay done, and the message says so.
    public static func unshare(_ options: Options) throws(Failure) {
        if options.types.contains(.pid) { Launcher.prepare(options) }
        Home.keep(leaving: options.types)
        let plan = try Plan.moving(options)
        let unshare = Step(.unshare(options.types.rawValue))
        do {
            try Launch.dumpable(Children.mayBeDumpable(for: options)) { () throws(Failure) in
                if plan.meanwhile.isEmpty {
                    try Launch.inPlace([unshare])
                } else {
                    // Once it is inside, nssh may not write more than its own id, and nobody outside that it starts then may either.
                    let mapper = try Mapper(plan.meanwhile)
                    do throws(Failure) { try Launch.inPlace([unshare]) } catch {
                        mapper.abandon()
                        throw error
                    }
                    try mapper.finish()
                }
                try Launch.inPlace(plan.launch.steps)
            }
            // A change of its ids has made nssh undumpable, and /proc/self another's.
            if case .subordinate = options.user, Children.generation == 0 { _ = Launch.setDumpable(true) }
        } catch {
            var failure = Hints.add(to: error, options)
            if failure.call != "unshare" {
                failure.hint = (failure.hint.map { $0 + "; " } ?? "") + "nssh is already in the new namespaces"
            }
            throw failure
        }
    }

    /// Joins existing namespaces. setns(2).
    ///
    /// In a user namespace that another user has made nssh becomes its root, or whom the target is: it would stay who it is on the host, and
    /// so would all that it runs there.
    public static func setns(_ target: Target, _ types: [NamespaceType]?) throws(Failure) {
        guard let join = try SelfMove.join(target, types) else { return }
        var change = JoinedIds.Change.none
        if join.mask.contains(.user), join.isForeign { change = try SelfMove.change(to: join, target) }
        let mnt = join.mask.contains(.mnt) ? try Inspect.inode(target, .mnt) : 0
        let isOwnBox = !join.isForeign && Children.made(.mnt, mnt)
        Home.keep(leaving: join.mask)
        if join.mask.contains(.mnt) { Foreign.prepare() }
        // Whoever is root over there could trace nssh, and would find what it was started with.
        let wasDumpable = join.mask.contains(.user) && Launch.setDumpable(false)
        // Over there it may be denied.
        let groups = change != .none && Caller().mayDropGroups ? try System.groups() : nil
        if groups != nil { try Launch.inPlace([Step(.setgroups([]))]) }
        let step = Step.Action.setns(descriptor: join.descriptor.raw, mask: join.mask.rawValue)
        if Trace.call("setns", Step(step).text.shown, { nssh_setns(join.descriptor.raw, join.mask.rawValue) }) < 0 {
            let errno = Errno.last
            if wasDumpable { _ = Launch.setDumpable(true) }
            if let groups { try Launch.inPlace([Step(.setgroups(groups))]) }
            var failure = Failure("setns", errno, target: "\(target.description), \(join.mask.description)")
            if failure.errno?.rawValue == EINVAL, join.mask.contains(.user) {
                failure.hint = "a process cannot join the user namespace that it is in"
            } else {
                failure = Hints.add(to: failure, Options())
            }
            throw failure
        }
        Children.hasJoined = true
        if join.mask.contains(.mnt) {
            if Home.isHome(.mnt) {
                Environment.comeHome()
                Foreign.end()
            } else {
                Foreign.begin()
                // One's own box is like home.
                if !isOwnBox { Environment.leaveHome() }
            }
        } else if join.isForeign {
            Environment.leaveHome()
        }
        if join.isForeign || join.mask.contains(.mnt) && !isOwnBox { try Launch.inPlace([Step(.newKeyring)]) }
        if join.mask.contains(.time) { Children.forgetEnded() }
        switch change {
        case .none: break
        case .root(let mayKeep): try Launch.inPlace([Step(.becomeRoot(mayKeep: mayKeep))])
        case .ids(let uid, let gid): try Launch.inPlace([Step(.setresgid(gid)), Step(.setresuid(uid))])
        }
        // Joining the user namespace of somebody else takes PDEATHSIG from a function body.
        try Children.dieWithParent()
    }

    /// Who one becomes, known before the step that there is no way back from.
    private static func change(to join: Join, _ target: Target) throws(Failure) -> JoinedIds.Change {
        let change = try join.ids.change(for: target.description)
        guard case .root = change, case .asked = join.ids else { return change }
        // A child goes first, and fails where there is no root.
        _ = try Inside.userNamespace(try target.borrow(.user)) { "" }
        return change
    }

    /// - Returns: nil when all that is to be joined is joined already.
    private static func join(_ target: Target, _ types: [NamespaceType]?) throws(Failure) -> Join? {
        guard let types else {
            if target.isProcess { return try Join.process(target, Join.Entry(isRaw: true)) }
            return try whole(try target.borrow(nil))
        }
        guard !types.isEmpty else {
            throw Failure(code: "EINVAL", "an empty list of types joins nothing", stage: "setns", target: target.description)
        }
        var mask = NamespaceTypes()
        for type in types { mask.insert(type) }
        if target.isProcess {
            // One call on a pidfd joins all or none. What is the same already is said by the kernel.
            guard let process = try TargetProcess(target) else {
                return Join(descriptor: try TargetProcess.open(getpid()), mask: mask, origin: .pid(getpid()))
            }
            let inodes = try process.inodes()
            var join = Join(descriptor: process.pidfd, mask: mask, origin: .pid(process.number))
            if mask.contains(.user), inodes.contains(where: { $0.type == .user && $0.own != $0.theirs }) {
                let isOwn = try target.open(.user).isOwnUser()
                join.isForeign = !isOwn
                join.ids = try JoinedIds(process, isOwn: isOwn)
            }
            try process.requireAlive()
            return join
        }
        guard types.count == 1 else {
            let name = target.description
            throw Failure(
                code: "EINVAL", "\(name) is one namespace and cannot be joined as \(types.count) types", stage: "setns", target: name)
        }
        return try whole(try target.borrow(types[0]))
    }

    /// One namespace, also when nssh is in it: the kernel has a word for that.
    private static func whole(_ handle: NamespaceHandle) throws(Failure) -> Join {
        var join = Join(descriptor: handle.descriptor, mask: NamespaceTypes(handle.type), origin: .path([]))
        if handle.type == .user, handle.inode != (try Inspect.inode(.own, .user)) {
            let isOwn = try handle.isOwnUser()
            join.isForeign = !isOwn
            join.ids = .asked(isOwn: isOwn)
        }
        return join
    }
}
