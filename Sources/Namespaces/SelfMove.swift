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
    public static func setns(_ target: Target, _ types: [NamespaceType]?) throws(Failure) {
        let join: (descriptor: Descriptor, mask: NamespaceTypes)
        if let types {
            guard !types.isEmpty else {
                throw Failure(code: "EINVAL", "an empty list of types joins nothing", stage: "setns", target: target.description)
            }
            if target.isProcess {
                // One call on a pidfd joins all or none.
                var mask = NamespaceTypes()
                for type in types { mask.insert(type) }
                join = (try pidfd(target), mask)
            } else {
                guard types.count == 1 else {
                    let name = target.description
                    throw Failure(
                        code: "EINVAL", "\(name) is one namespace and cannot be joined as \(types.count) types", stage: "setns",
                        target: name)
                }
                join = (try target.borrow(types[0]).descriptor, NamespaceTypes(types[0]))
            }
        } else if target.isProcess {
            guard let found = try Join.process(target) else { return }
            join = (found.descriptor, found.mask)
        } else {
            let handle = try target.borrow(nil)
            join = (handle.descriptor, NamespaceTypes(handle.type))
        }
        Home.keep(leaving: join.mask)
        // Whoever is root over there could trace nssh, and would find what it was started with.
        let wasDumpable = join.mask.contains(.user) && Launch.setDumpable(false)
        let step = Step.Action.setns(descriptor: join.descriptor.raw, mask: join.mask.rawValue)
        if Trace.call("setns", Step(step).text.shown, { nssh_setns(join.descriptor.raw, join.mask.rawValue) }) < 0 {
            let errno = Errno.last
            if wasDumpable { _ = Launch.setDumpable(true) }
            var failure = Failure("setns", errno, target: "\(target.description), \(join.mask.description)")
            if failure.errno?.rawValue == EINVAL, join.mask.contains(.user) {
                failure.hint = "a process cannot join the user namespace that it is in"
            } else {
                failure = Hints.add(to: failure, Options())
            }
            throw failure
        }
        Children.hasJoined = true
        if join.mask.contains(.time) { Children.forgetEnded() }
        // Joining the user namespace of somebody else takes PDEATHSIG from a function body.
        try Children.dieWithParent()
    }

    private static func pidfd(_ target: Target) throws(Failure) -> Descriptor {
        switch target {
        case .process(let process):
            try process.requireOurs()
            if !process.isAlive { throw process.ended("setns") }
            return try process.pidfd.duplicate()
        case .pid(let pid): return Descriptor(try check(nssh_pidfd_open(pid), "pidfd_open", target: "pid \(pid)"))
        default: return Descriptor(try check(nssh_pidfd_open(getpid()), "pidfd_open", target: "self"))
        }
    }
}
