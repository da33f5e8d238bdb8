import CLinux
import Glibc
import Linux

/// Options as a list of kernel calls, in the order that they have to have (order.md, 1).
public struct Plan {
    /// The launch: clone3(2) and the child's steps.
    public internal(set) var launch = Launch()
    /// What nssh itself writes below /proc/PID while the child waits: the maps of a user namespace.
    public internal(set) var meanwhile: [(file: String, contents: [UInt8])] = []

    /// What a plan is built with: resources that exist only for a real launch.
    struct Resources {
        var streams: [(from: Int32, to: Int32)] = []
        var parentPidfd: Int32 = -1
        var image: Int32 = -1
        var emptyRoot: Int32 = -1
        var terminal: Int32?
    }

    /// The plan for a child.
    init(_ options: Options, _ resources: Resources) {
        let copies = if case .function = options.body { true } else { false }
        launch.types = options.types
        launch.shares = !copies
        // A copy cannot set the offsets of a time namespace that it was born in (order.md, 2).
        if copies { launch.types.remove(.time) }

        var steps: [Step] = []
        addJoins(options, &steps)
        addUserMap(options, own: false, &steps)
        if copies, options.types.contains(.time) { steps.append(Step(.unshare(NamespaceType.time.flag))) }
        addTimeOffsets(options, &steps)
        if copies, options.types.contains(.time) {
            let enter = Step.Action.setnsProc(path: "self/ns/time_for_children", type: NamespaceType.time.flag)
            steps.append(Step(enter, stage: "enter time namespace"))
        }
        addSettings(options, &steps)

        steps.append(Step(.setpgid))
        if let terminal = resources.terminal { steps.append(Step(.foreground(terminal: terminal))) }
        for stream in resources.streams { steps.append(Step(.dup(from: stream.from, to: stream.to))) }
        // A held process keeps no descriptor, and its root and working directory lead nowhere (rule 4); in a mnt namespace of
        // its own they are that namespace's. That takes a capability which a change of its ids may end.
        var options = options
        if case .held = options.body, resources.emptyRoot >= 0 {
            if let cwd = options.cwd { steps.append(Step(.chdir(cwd))) }
            options.cwd = nil
            steps.append(Step(.chroot(resources.emptyRoot)))
        }
        addIdentity(options, &steps)
        addBody(options, resources, &steps)
        launch.steps = steps
    }

    /// The steps that move nssh itself.
    static func moving(_ options: Options) -> [Step] {
        var plan = Plan()
        var steps = [Step(.unshare(options.types.rawValue))]
        plan.addUserMap(options, own: true, &steps)
        plan.addTimeOffsets(options, &steps)
        plan.addSettings(options, &steps)
        return steps
    }

    private init() {}

    private func addSettings(_ options: Options, _ steps: inout [Step]) {
        addMounts(options, &steps)
        if let name = options.hostname { steps.append(Step(.sethostname(name))) }
        if let name = options.domainname { steps.append(Step(.setdomainname(name))) }
        if options.loopbackUp { steps.append(Step(.linkUp("lo"), stage: "link up")) }
    }

    /// Joins come before everything new: what is made then belongs where it was joined.
    private mutating func addJoins(_ options: Options, _ steps: inout [Step]) {
        guard !options.joins.isEmpty else { return }
        let mask = options.joins.reduce(into: NamespaceTypes()) { $0.formUnion($1.mask) }
        var joining: [Step] = []
        // nssh's memory must not be readable to whoever is root over there (rule 4); exec lifts it.
        joining.append(Step(.dumpable(false)))
        if mask.contains(.user), mayDropGroups { joining.append(Step(.setgroups([]))) }
        for join in Join.ordered(options.joins) {
            joining.append(Step(.setns(descriptor: join.descriptor.raw, mask: join.mask.rawValue)))
        }
        var after: [Step] = []
        for join in options.joins {
            if let root = join.root { after.append(Step(.chroot(root.raw))) }
            if let cwd = join.cwd { after.append(Step(.fchdir(cwd.raw))) }
        }
        if mask.contains(.user), options.uid == nil, !options.types.contains(.user) { after.append(Step(.becomeRoot)) }
        // A pid namespace is joined by the children of the process that calls setns; new namespaces are made by the clone
        // that follows; and one that shares its memory cannot join a time namespace.
        let needsCopy = mask.contains(.time) && launch.shares
        if mask.contains(.pid) || needsCopy || !options.types.isEmpty {
            launch.outer = joining
            launch.outerCopies = needsCopy
            steps += after
        } else {
            steps += joining + after
        }
    }

    /// The maps: written by the process itself (`own`, or because it has no other way), or by nssh meanwhile.
    private mutating func addUserMap(_ options: Options, own isOwn: Bool, _ steps: inout [Step]) {
        guard options.types.contains(.user), let map = options.user else { return }
        let uid = geteuid()
        let gid = getegid()
        let files: [(String, String)]
        // In a user namespace that was joined nssh has no say over a new one.
        let isNested = options.joins.contains { $0.mask.contains(.user) }
        var own = isOwn || isNested || !canMapForOthers
        switch map {
        case .unmapped: return
        case .root, .identity:
            let inside: (uid_t, gid_t) = map == .root ? (0, 0) : (uid, gid)
            files = [
                ("gid_map", IDRange(inside: inside.1, outside: gid, count: 1).line),
                ("uid_map", IDRange(inside: inside.0, outside: uid, count: 1).line),
            ]
        case .ranges(let uids, let gids, let deny):
            // More than one id cannot be self-written; without privilege either way gives the kernel's EPERM.
            own = isOwn || (isNested || !canMapForOthers) && uids.count <= 1 && gids.count <= 1
            var all: [(String, String)] = []
            if deny && !own { all.append(("setgroups", "deny")) }
            if !gids.isEmpty { all.append(("gid_map", gids.map(\.line).joined())) }
            if !uids.isEmpty { all.append(("uid_map", uids.map(\.line).joined())) }
            files = all
        }
        if own {
            // Without privilege the kernel wants setgroups denied first.
            if files.contains(where: { $0.0 == "gid_map" }) {
                steps.append(Step(.writeProc(path: "self/setgroups", Array("deny".utf8)), stage: "write setgroups"))
            }
            for (file, text) in files {
                steps.append(Step(.writeProc(path: "self/\(file)", Array(text.utf8)), stage: "write \(file)"))
            }
        } else {
            meanwhile = files.map { ($0.0, Array($0.1.utf8)) }
        }
    }

    /// Whether nssh may write any map: CAP_SETUID and CAP_SETGID, which root has.
    private var canMapForOthers: Bool { geteuid() == 0 && Capabilities.effective(contains: [.setuid, .setgid]) }

    /// Whether root's groups can be dropped: a user namespace that denies setgroups(2) keeps them, as one's own for an ordinary user.
    private var mayDropGroups: Bool {
        guard geteuid() == 0, Capabilities.effective(contains: [.setgid]) else { return false }
        return (try? Proc.read("self/setgroups"))?.starts(with: Array("deny".utf8)) != true
    }

    private func addTimeOffsets(_ options: Options, _ steps: inout [Step]) {
        let text = (options.monotonic?.line("monotonic") ?? "") + (options.boottime?.line("boottime") ?? "")
        if options.types.contains(.time), !text.isEmpty {
            steps.append(Step(.writeProc(path: "self/timens_offsets", Array(text.utf8)), stage: "write timens_offsets"))
        }
    }

    private func addMounts(_ options: Options, _ steps: inout [Step]) {
        guard options.types.contains(.mnt) else { return }
        if let propagation = options.propagation {
            let flags: UInt =
                switch propagation {
                case .private: UInt(MS_PRIVATE)
                case .shared: UInt(MS_SHARED)
                case .slave: UInt(MS_SLAVE)
                }
            let step = Step.Action.mount(source: nil, target: "/", type: nil, flags: UInt(MS_REC) | flags, data: nil)
            steps.append(Step(step, stage: "mount --make-r\(propagation.rawValue) /"))
        }
        if options.proc {
            let flags = UInt(MS_NOSUID) | UInt(MS_NODEV) | UInt(MS_NOEXEC)
            steps.append(Step(.mount(source: "proc", target: "/proc", type: "proc", flags: flags, data: nil), stage: "mount /proc"))
        }
    }

    private func addIdentity(_ options: Options, _ steps: inout [Step]) {
        var groups = options.groups
        // Another user with root's groups is hardly what is meant; in a user namespace there may be no right to drop them.
        let keepsUser = !options.types.contains(.user) && !options.joins.contains { $0.mask.contains(.user) }
        if groups == nil, options.uid ?? 0 != 0, keepsUser, mayDropGroups { groups = [] }
        if let groups { steps.append(Step(.setgroups(groups))) }
        if let gid = options.gid { steps.append(Step(.setresgid(gid))) }
        if let uid = options.uid { steps.append(Step(.setresuid(uid))) }
        if let cwd = options.cwd { steps.append(Step(.chdir(cwd))) }
    }

    private mutating func addBody(_ options: Options, _ resources: Resources, _ steps: inout [Step]) {
        switch options.body {
        case .held:
            // An ignored SIGCHLD survives exec: the kernel reaps what a held PID 1 adopts.
            steps.append(Step(.signalAction(SIGCHLD, ignored: true)))
            steps.append(Step(.dieWithParent(pidfd: resources.parentPidfd)))
            steps.append(Step(.unblockSignals))
            steps.append(Step(.closeOnExec(from: 0)))
            steps.append(Step(.execDescriptor(resources.image), stage: "execveat held image"))
        case .program(let arguments):
            steps.append(Step(.dieWithParent(pidfd: resources.parentPidfd)))
            steps.append(Step(.signalAction(SIGPIPE, ignored: false)))
            steps.append(Step(.closeOnExec(from: 3)))
            steps.append(Step(.unblockSignals))
            let environment = Environment.merged(options)
            let candidates = Environment.candidates(arguments[0], environment)
            var shown = arguments
            if let argv0 = options.argv0 { shown[0] = argv0 }
            steps.append(Step(.exec(candidates: candidates, arguments: shown, environment: environment)))
        case .function:
            // Nobody but root can look at an undumpable process: nssh takes note of its namespaces before.
            if options.joins.isEmpty, geteuid() != 0 {
                launch.closing = [Step(.dumpable(false))]
            } else {
                steps.append(Step(.dumpable(false)))
            }
            steps.append(Step(.dieWithParent(pidfd: resources.parentPidfd)))
            for signal in [SIGTERM, SIGHUP] { steps.append(Step(.signalAction(signal, ignored: false))) }
            steps.append(Step(.unblockSignals))
        }
    }
}

/// mount(2) flags, which are macros over an enumeration in C.
private let MS_NOSUID = 2
private let MS_NODEV = 4
private let MS_NOEXEC = 8
private let MS_REC = 1 << 14
private let MS_PRIVATE = 1 << 18
private let MS_SLAVE = 1 << 19
private let MS_SHARED = 1 << 20
