import CLinux
import Glibc
import Linux

/// Options as a list of kernel calls, in the order that they have to have.
public struct Plan {
    /// The launch: clone3(2) and the child's steps.
    public internal(set) var launch = Launch()
    /// What nssh does while the child waits: the maps of a user namespace.
    public internal(set) var meanwhile: [Mapping] = []
    let caller: Caller

    /// What a plan is built with: resources that exist only for a real launch.
    struct Resources {
        var streams: [(from: Int32, to: Int32)] = []
        var parentPidfd: Int32 = -1
        var image: Int32 = -1
        var initImage: Int32 = -1
        /// Where an init writes how the body has ended.
        var initReport: Int32 = -1
        var emptyRoot: Int32 = -1
        var terminal: Int32?
        /// The child's end of its own terminal.
        var ownTerminal: Int32 = -1
        /// What executes programs of others, and where it says why it could not.
        var gate: Int32 = -1
        var gateReport: [UInt8] = []
        /// The descriptor of that, which stays open for the gate.
        var gateDescriptor: Int32?
        /// What a program is granted, with numbers above all of those that it gets.
        var grants: [(from: Int32, to: Int32)] = []
    }

    /// The plan for a child.
    ///
    /// - Throws: EINVAL for a setting of a namespace that is not the child's own.
    init(_ options: Options, _ resources: Resources, by caller: Caller = Caller()) throws(Failure) {
        self.caller = caller
        try options.requireTypes()
        var copies = if case .function = options.body { true } else { false }
        // Before Linux 6.3 clone3(2) has no CLONE_NEWTIME, and no memory is shared with a child in another time namespace.
        if options.types.contains(.time), Feature.clone3_time.isMissing { copies = true }
        launch.types = options.types
        launch.shares = !copies
        // A copy cannot set the offsets of a time namespace that it was born in.
        if copies { launch.types.remove(.time) }

        var steps: [Step] = []
        try addJoins(options, &steps)
        addUserMap(options, own: false, &steps)
        if copies, options.types.contains(.time) { steps.append(Step(.unshare(NamespaceType.time.flag))) }
        addTimeOffsets(options, &steps)
        if copies, options.types.contains(.time) {
            let enter = Step.Action.setnsProc(path: "self/ns/time_for_children", type: NamespaceType.time.flag)
            steps.append(Step(enter, stage: "enter time namespace"))
        }
        addSettings(options, &steps)
        addBecomeRoot(options, &steps)

        if options.hasInit {
            steps.append(Step(options.detached ? .setsid : .setpgid))
            addInit(options, resources, &steps)
        }
        if options.session != nil {
            steps.append(Step(.setsid))
            steps.append(Step(.controllingTerminal(resources.ownTerminal), stage: "TIOCSCTTY"))
        } else if options.standing == .apart {
            steps.append(Step(options.detached && !options.hasInit ? .setsid : .setpgid))
        }
        if let terminal = resources.terminal { steps.append(Step(.foreground(terminal: terminal))) }
        for stream in resources.streams { steps.append(Step(.dup(from: stream.from, to: stream.to))) }
        // A held process keeps no descriptor, and its root and working directory lead nowhere: whoever is root there could use them. In a
        // mnt namespace of its own they are that namespace's. That takes a capability which a change of its ids may end.
        var options = options
        if case .held = options.body, resources.emptyRoot >= 0 {
            if let cwd = options.cwd { steps.append(Step(.chdir(cwd, options.entersFiles ? .always : .anywhere))) }
            options.cwd = nil
            steps.append(Step(.chroot(resources.emptyRoot)))
        }
        let powers = options.joins.compactMap(\.power)
        for power in powers { steps += power.stepsBeforeIds }
        try addIdentity(options, &steps)
        addIdCheck(options, &steps)
        let isElsewhere = options.joins.contains { $0.mask.contains(.mnt) || $0.mask.contains(.user) }
        if isElsewhere || options.types.contains(.mnt) || options.types.contains(.user) { steps.append(Step(.noteBirth)) }
        addBody(options, resources, powers.flatMap(\.stepsAtTheEnd), &steps)
        launch.steps = steps
    }

    /// The plan that moves nssh itself: its steps after unshare(2), and what a helper outside does before them.
    static func moving(_ options: Options) throws(Failure) -> Plan {
        try options.requireTypes()
        var plan = Plan(by: Caller())
        var steps: [Step] = []
        plan.addUserMap(options, own: true, &steps)
        plan.addTimeOffsets(options, &steps)
        plan.addSettings(options, &steps)
        plan.addBecomeRoot(options, &steps)
        plan.launch.steps = steps
        return plan
    }

    private init(by caller: Caller) { self.caller = caller }

    private func addSettings(_ options: Options, _ steps: inout [Step]) {
        addMounts(options, &steps)
        if let name = options.hostname { steps.append(Step(.sethostname(name))) }
        if let name = options.domainname { steps.append(Step(.setdomainname(name))) }
        if options.loopbackUp { steps.append(Step(.linkUp(Array("lo".utf8)), stage: "link up")) }
    }

    /// Joins come before everything new: what is made then belongs where it was joined.
    private mutating func addJoins(_ options: Options, _ steps: inout [Step]) throws(Failure) {
        let mask = options.joins.reduce(into: NamespaceTypes()) { $0.formUnion($1.mask) }
        // The keys of nssh's session are not those of whoever is in there. (An ordinary user has few keyrings, and in a box of one's own only
        // oneself.)
        if options.isForeign || caller.uid == 0 && (options.types.contains(.user) || mask.contains(.user)) {
            steps.append(Step(.newKeyring))
        }
        guard !options.joins.isEmpty else { return }
        let cgroups = options.joins.compactMap { $0.power?.cgroups }
        if options.standing != .replacing { launch.cgroup = cgroups.lazy.compactMap(\.unified).first }
        var joining = cgroups.flatMap { options.standing == .replacing ? $0.stepsInPlace : $0.steps } + steps
        steps = []
        // nssh's memory must not be readable to whoever is root over there; exec lifts it.
        joining.append(Step(.dumpable(false)))
        if mask.contains(.user) || options.isForeign, !options.keepsCredentials, options.groups == nil, caller.mayDropGroups {
            joining.append(Step(.setgroups([])))
        }
        for join in Join.ordered(options.joins, by: caller) where !join.mask.isEmpty {
            joining.append(Step(.setns(descriptor: join.descriptor.raw, mask: join.mask.rawValue)))
        }
        var after: [Step] = []
        // `..` must not lead out of what is entered. The target's own root and directory may have been left outside by those who made it; what
        // was named is an error there.
        let entersFiles = options.entersFiles
        for join in options.joins {
            guard let root = join.root else { continue }
            // Without its mnt namespace a target's root is not below the one that there is, which is nssh's; a root has no way up by itself.
            after.append(Step(.chroot(root.raw, !mask.contains(.mnt) ? .anywhere : join.isNamed || join.demandsRoot ? .always : .orRoot)))
        }
        for join in options.joins {
            guard let cwd = join.cwd else { continue }
            after.append(Step(.fchdir(cwd.raw, !join.isNamed ? .orRoot : entersFiles ? .always : .anywhere)))
        }
        if mask.contains(.user), options.uid == nil, !options.types.contains(.user), !options.keepsCredentials {
            let (ids, target) = options.joinedIds
            switch try ids.change(for: target) {
            case .none: break
            case .root(let mayKeep): after.append(Step(.becomeRoot(mayKeep: mayKeep)))
            case .ids(let uid, let gid): after += [Step(.setresgid(gid)), Step(.setresuid(uid))]
            }
        }
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
            let step = Step.Action.mount(source: nil, target: Array("/".utf8), type: nil, flags: UInt(MS_REC) | flags, data: nil)
            steps.append(Step(step, stage: "mount --make-r\(propagation.rawValue) /"))
        }
        if options.proc {
            let flags = UInt(MS_NOSUID) | UInt(MS_NODEV) | UInt(MS_NOEXEC)
            let proc = Array("proc".utf8)
            steps.append(Step(.mount(source: proc, target: Array("/proc".utf8), type: proc, flags: flags, data: nil), stage: "mount /proc"))
        }
    }

    private func addIdentity(_ options: Options, _ steps: inout [Step]) throws(Failure) {
        var groups = options.groups
        // Another user with root's groups is hardly what is meant; in a user namespace there may be no right to drop them.
        let keepsUser = !options.types.contains(.user) && !options.joins.contains { $0.mask.contains(.user) }
        if groups == nil, options.uid ?? 0 != 0, keepsUser, caller.mayDropGroups { groups = [] }
        if let groups { steps.append(Step(.setgroups(groups))) }
        if let gid = try groupId(options) { steps.append(Step(.setresgid(gid))) }
        if let uid = options.uid { steps.append(Step(.setresuid(uid))) }
        if let cwd = options.cwd { steps.append(Step(.chdir(cwd, options.entersFiles ? .always : .anywhere))) }
    }

    /// The group id that is set: in a user namespace that is joined a uid alone takes a gid there, too, or the caller's would stay.
    private func groupId(_ options: Options) throws(Failure) -> UInt32? {
        if options.gid != nil || options.uid == nil || options.keepsCredentials || options.types.contains(.user) { return options.gid }
        let (ids, target) = options.joinedIds
        if case .none = ids, options.isForeign, options.uid != 0, caller.uid == 0 {
            throw Failure(
                code: "EINVAL", "uid \(options.uid ?? 0) alone would leave the caller's gid \(caller.gid) to programs of others",
                stage: "setresgid", target: options.joins.first?.description, hint: "nothing was run; say gid, too (-G)")
        }
        return try ids.gid(for: target)
    }

    /// Whoever is with others by now is so as who was meant, and not as somebody of the caller's.
    private func addIdCheck(_ options: Options, _ steps: inout [Step]) {
        guard !options.joins.isEmpty, !options.keepsCredentials, !options.types.contains(.user) else { return }
        var (uid, gid): (UInt32?, UInt32?) = (options.uid, options.gid)
        var dropsGroups = false
        for step in launch.outer + steps {
            switch step.action {
            case .setresuid(let id): uid = id
            case .setresgid(let id): gid = id
            case .becomeRoot(mayKeep: false): (uid, gid) = (uid ?? 0, gid ?? 0)
            case .setgroups(let groups): dropsGroups = groups.isEmpty
            default: break
            }
        }
        if uid == nil, gid == nil, !dropsGroups { return }
        steps.append(Step(.checkIds(uid: uid, gid: gid, noGroups: dropsGroups), stage: "check ids"))
    }

    /// PID 1 goes on as an init, with nothing of nssh, which whoever is root there could trace; the steps that follow are those of its child.
    private mutating func addInit(_ options: Options, _ resources: Resources, _ steps: inout [Step]) {
        steps.append(Step(.split, stage: "clone3 from PID 1"))
        var keeper: [Step] = []
        // The capabilities for it may be gone after the change of root; the pid has room for ten digits (launch.c).
        if !options.detached { keeper.append(Step(.dieWithParent(pidfd: resources.parentPidfd))) }
        if resources.emptyRoot >= 0 { keeper.append(Step(.chroot(resources.emptyRoot))) }
        keeper.append(Step(.signalAction(SIGCHLD, ignored: false)))
        keeper.append(Step(.dup(from: resources.initReport, to: 0)))
        keeper.append(Step(.closeOnExec(from: 1)))
        let arguments = ["nssh-init", "0000000000"].map { Array($0.utf8) }
        keeper.append(Step(.execDescriptor(resources.initImage, arguments: arguments), stage: "execveat init image"))
        launch.keeper = keeper
    }

    /// - Parameter last: what no step may follow that needs power.
    private mutating func addBody(_ options: Options, _ resources: Resources, _ last: [Step], _ steps: inout [Step]) {
        switch options.body {
        case .held:
            // An ignored SIGCHLD survives exec: the kernel reaps what a held PID 1 adopts.
            steps.append(Step(.signalAction(SIGCHLD, ignored: true)))
            if !options.detached { steps.append(Step(.dieWithParent(pidfd: resources.parentPidfd))) }
            steps.append(Step(.unblockSignals))
            steps.append(Step(.closeOnExec(from: 0)))
            steps += last
            steps.append(Step(.execDescriptor(resources.image, arguments: []), stage: "execveat held image"))
        case .program(let arguments):
            if !options.detached, options.standing != .replacing { steps.append(Step(.dieWithParent(pidfd: resources.parentPidfd))) }
            if options.standing == .apart {
                steps.append(Step(.signalAction(SIGPIPE, ignored: false)))
            }
            if options.standing == .apart || options.isForeign && !options.keepsDescriptors { steps.append(Step(.closeOnExec(from: 3))) }
            for grant in resources.grants { steps.append(Step(.dup(from: grant.from, to: grant.to), stage: "fds[\(grant.to)]")) }
            steps.append(Step(.unblockSignals))
            let environment = Environment.merged(options)
            let candidates = Environment.candidates(arguments[0], environment)
            var shown = arguments
            if let argv0 = options.argv0 { shown[0] = argv0 }
            if resources.gate >= 0 {
                if let report = resources.gateDescriptor { steps.append(Step(.dup(from: report, to: report))) }
                steps += last
                let gate = Step.Action.execThroughGate(
                    image: resources.gate, report: resources.gateReport, candidates: candidates, arguments: shown,
                    environment: environment ?? Environment.own)
                steps.append(Step(gate, stage: "execve"))
                return
            }
            steps += last
            steps.append(Step(.exec(candidates: candidates, arguments: shown, environment: environment)))
        case .function:
            // Nobody but root can look at an undumpable process: nssh takes note of its namespaces before.
            if options.joins.isEmpty, caller.uid != 0 {
                launch.closing = [Step(.dumpable(false))]
            } else {
                steps.append(Step(.dumpable(false)))
            }
            if !options.detached { steps.append(Step(.dieWithParent(pidfd: resources.parentPidfd))) }
            for signal in [SIGTERM, SIGHUP] { steps.append(Step(.signalAction(signal, ignored: false))) }
            // What the function executes gets the standard streams and nothing else, whoever opened it.
            steps.append(Step(.closeOnExec(from: 3)))
            steps.append(Step(.unblockSignals))
            steps += last
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
