import CLinux
import Glibc
import Linux

/// Carries out plans.
public enum Launcher {
    nonisolated(unsafe) private static var image: Descriptor?
    nonisolated(unsafe) private static var initImage: Descriptor?
    nonisolated(unsafe) private static var gateImage: Descriptor?
    nonisolated(unsafe) private static var emptyRoot: Descriptor?
    nonisolated(unsafe) private static var emptyRootIsRefused = false

    /// The descriptors that nssh keeps for itself between launches.
    static var keptDescriptors: [Int32] { [image, initImage, gateImage, emptyRoot].compactMap { $0?.raw } }

    /// In a copy of nssh: it makes its own when it needs them.
    static func closeImages() { (image, initImage, gateImage, emptyRoot) = (nil, nil, nil, nil) }

    /// What comes of a launch.
    public enum Outcome {
        /// In nssh: the new child.
        case parent(Process)
        /// In a child that is a copy of nssh; the results go to this file, and the copy leaves by `_exit`.
        case child(results: Descriptor)
    }

    /// Makes a child as `options` say.
    ///
    /// - Throws: the step that failed, on what, and why; nothing is left behind then.
    public static func launch(_ options: Options) throws(Failure) -> Outcome {
        try refuseWeaker(options)
        Orphans.adopt()
        var resources = Plan.Resources()
        resources.parentPidfd = try Children.parentPidfd()
        var streams = Streams()
        var kind = Process.Body.program
        var results: Descriptor?
        switch options.body {
        case .held:
            kind = .held
            resources.image = try heldImage()
            resources.emptyRoot = try root(options)
        case .program(let arguments):
            try checkArguments(arguments)
            streams = try Streams(options)
        case .function:
            kind = .function
            streams = try Streams(options)
            results = try Descriptor.memory("nssh-results")
        }
        resources.streams = streams.moves
        resources.grants = streams.grants
        resources.ownTerminal = streams.terminal?.slave.raw ?? -1
        var report: (read: Descriptor, write: Descriptor)?
        if options.hasInit {
            resources.initImage = try initialImage()
            resources.emptyRoot = try root(options)
            report = try Descriptor.pipe()
            try report!.read.setNonblocking()
            resources.initReport = report!.write.raw
        }
        var gate: (read: Descriptor, write: Descriptor, until: Double?)?
        if options.entersFiles || Foreign.isHere, kind == .program {
            resources.gate = try theGate()
            let ends = try Descriptor.pipe(above: max(2, options.grants.map(\.number).max() ?? 2))
            gate = (ends.read, ends.write, options.timeout.map { monotonicSeconds() + $0 })
            resources.gateDescriptor = ends.write.raw
            resources.gateReport = Array(String(ends.write.raw).utf8)
        }
        if options.foreground, isatty(0) == 1 { resources.terminal = 0 }

        var plan = try Plan(options, resources)
        if !plan.meanwhile.isEmpty {
            let mappings = plan.meanwhile
            plan.launch.meanwhile = { pid throws(Failure) in
                let name = try Proc.name(of: pid)
                for mapping in mappings { try mapping.perform(name) }
            }
        }
        plan.launch.gate = gate
        plan.launch.highestGranted = max(2, options.grants.map(\.number).max() ?? 2)
        var noted: [(name: String, inode: UInt64)]?
        if !plan.launch.closing.isEmpty { plan.launch.whenReady = { noted = try? Inspect.inodes(.pid($0)) } }
        if kind == .function {
            StandardStreams.flush()
            Foreign.prepare(options)
        }
        let outcome: Launch.Outcome
        var refusedCgroup: String?
        do throws(Failure) {
            outcome = try Launch.dumpable(Children.mayBeDumpable(for: options)) { () throws(Failure) in
                do throws(Failure) { return try plan.launch.run(reportsReady: kind == .function) } catch {
                    guard error.call == "clone3", plan.launch.cgroup != nil, !options.isStrict, let errno = error.errno,
                        [EACCES, EPERM, EBUSY, EOPNOTSUPP].contains(errno.rawValue)
                    else { throw error }
                    refusedCgroup = "its cgroup cannot be joined (\(errno.text))"
                    plan.launch.cgroup = nil
                    return try plan.launch.run(reportsReady: kind == .function)
                }
            }
        } catch {
            throw Hints.add(to: error, options)
        }
        switch outcome {
        case .child:
            Children.startAnew(joined: !options.joins.isEmpty)
            Foreign.begin(options)
            if streams.moves.contains(where: { $0.to == 0 }) { nssh_forget_input() }
            streams.releaseInChild()
            Environment.apply(options)
            return .child(results: results!)
        case .parent(let pid, let pidfd, let notes, let births):
            let ownsGroup = kind != .held && !options.detached && options.standing == .apart
            let process = Process(pid: pid, pidfd: pidfd, body: kind, types: options.types, ownsGroup: ownsGroup)
            process.isDetached = options.detached
            process.births = births
            process.ownTypes = options.joins.filter { !$0.isForeign }.reduce(into: options.types) { $0.formUnion($1.mask) }
            process.hasGivenIds = (options.uid ?? 0) != 0
            process.entered = options.joins.first?.description
            process.weaker = options.weaker + (refusedCgroup.map { [$0] } ?? [])
            process.notes = Launcher.words(notes, options)
            process.terminal = streams.terminal?.master
            process.initReport = report?.read
            process.stdin = streams.stdin
            process.stdout = streams.stdout
            process.stderr = streams.stderr
            process.captures = streams.captures
            process.results = results
            process.notedInodes = noted
            Children.add(process)
            return .parent(process)
        }
    }

    /// - Throws: what cannot be taken over of the target's limits, when that is not to be.
    private static func refuseWeaker(_ options: Options) throws(Failure) {
        guard options.isStrict, let first = options.joins.first(where: { $0.power?.weaker.isEmpty == false }) else { return }
        throw Failure(
            code: "EPERM", "\(first.description) is bound by more than what enters it would be: \(options.weaker.joined(separator: "; "))",
            stage: "strict", target: first.description, hint: "nothing was run; strict = false takes it as it is")
    }

    /// What was noted, and who one is, in words.
    private static func words(_ notes: Step.Notes, _ options: Options) -> [String] {
        var words: [String] = []
        let (ids, target) = options.joinedIds
        if options.uid == nil, !options.keepsCredentials, case .ids(let uid, let gid)? = try? ids.change(for: target) {
            words.append("there is no root in the target's user namespace: the ids are the target's own, uid \(uid) and gid \(gid)")
        }
        if notes.contains(.root) { words.append("the target's root is not below that of its mnt namespace: the root is the latter") }
        if notes.contains(.directory) { words.append("the target's working directory is not below its root: the working directory is /") }
        return words
    }

    /// Executes the program of `options`, which makes no new namespaces, in this process. execve(2).
    ///
    /// - Parameter tell: is told before what the target is bound by, and the program will not be, and where it is not quite where the target is.
    /// - Returns: why that failed; what came before the failure stays done.
    static func replace(_ options: Options, tell: (_ weaker: [String], _ notes: [String]) -> Void) -> Failure {
        do throws(Failure) {
            guard case .program(let arguments) = options.body else { return Failure("execve", Errno(rawValue: ENOENT)) }
            try checkArguments(arguments)
            try refuseWeaker(options)
            var resources = Plan.Resources()
            if options.entersFiles || Foreign.isHere {
                resources.gate = try theGate()
                resources.gateReport = Array("nssh: execve(\((arguments.first ?? []).shown)): it cannot be executed there\n".utf8)
            }
            let launch = try Plan(options, resources).launch
            let steps = launch.outer + launch.steps
            // What is to be told is known here. What follows may leave no room for it.
            let early = (steps.lastIndex { $0.isOfDirectory } ?? -1) + 1
            let notes = try Launch.inPlace(Array(steps[..<early]))
            tell(options.weaker, Launcher.words(notes, options))
            try Launch.inPlace(Array(steps[early...]))
            return Failure("execve", Errno(rawValue: ENOENT))
        } catch {
            return Hints.add(to: error, options)
        }
    }

    /// Makes what later launches need, while nssh's children are still born in its own pid namespace.
    static func prepare(_ options: Options) {
        var later = options
        later.types.remove(.mnt)
        _ = try? root(later)
    }

    private static func initialImage() throws(Failure) -> Int32 {
        if let initImage { return initImage.raw }
        let descriptor = Descriptor(try check(nssh_init_image(), "memfd_create", stage: "make init image"))
        initImage = descriptor
        return descriptor.raw
    }

    private static func theGate() throws(Failure) -> Int32 {
        if let gateImage { return gateImage.raw }
        let descriptor = Descriptor(try check(nssh_gate_image(), "memfd_create", stage: "make gate image"))
        gateImage = descriptor
        return descriptor.raw
    }

    private static func heldImage() throws(Failure) -> Int32 {
        if let image { return image.raw }
        let descriptor = Descriptor(try check(nssh_held_image(), "memfd_create", stage: "make held image"))
        image = descriptor
        return descriptor.raw
    }

    /// Whether what stays behind gets a root that leads nowhere. In a mnt namespace of its own it has that one's. It takes
    /// CAP_SYS_CHROOT, which the child has if it is root's or in a new user namespace; without either there is nobody more powerful in its
    /// namespaces than the user, and it keeps the root it has.
    static func hidesRoot(_ options: Options) -> Bool {
        guard options.hasKeeper, !options.types.contains(.mnt), !emptyRootIsRefused else { return false }
        return options.types.contains(.user) || Capabilities.effective(contains: [.sysChroot])
    }

    private static func root(_ options: Options) throws(Failure) -> Int32 {
        guard hidesRoot(options) else { return -1 }
        if let emptyRoot { return emptyRoot.raw }
        let raw = nssh_empty_root()
        if raw < 0 {
            emptyRootIsRefused = true
            return -1
        }
        emptyRoot = Descriptor(raw)
        return raw
    }

    private static func checkArguments(_ arguments: [[UInt8]]) throws(Failure) {
        for argument in arguments where argument.contains(0) {
            throw Failure(code: "EINVAL", "an argument of a program cannot contain a zero byte", stage: "execve", target: argument.lossy)
        }
        if arguments.first?.isEmpty ?? true { throw Failure(code: "EINVAL", "the program's name is empty", stage: "execve", target: "") }
    }
}
