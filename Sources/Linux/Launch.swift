import CLinux
import Glibc

/// A child to be made: the clone, and the steps around it. See `nssh_child.h`.
public struct Launch {
    /// The namespaces that clone3(2) makes.
    public var types: NamespaceTypes = []
    /// The child's steps.
    public var steps: [Step] = []
    /// A directory of a cgroup2 that the child is born in.
    public var cgroup: Descriptor?
    /// Where an image that executes the program says why it could not (`execThroughGate`); its other end is closed by the exec. Until when, on
    /// `monotonicSeconds`, that is waited for.
    public var gate: (read: Descriptor, write: Descriptor, until: Double?)?
    /// Steps of an intermediate that makes the child and ends; empty: none.
    public var outer: [Step] = []
    /// What PID 1 does when it has made the program, at the step `split`: it becomes an init. Empty: the child is the program.
    public var keeper: [Step] = []
    /// The intermediate has its own copy of the memory.
    public var outerCopies = false
    /// The child execs and shares nssh's memory until then; otherwise it is a copy of nssh.
    public var shares = true
    /// Steps of nssh itself while the child waits at its first step; with the child's pid. Empty: the child does not wait.
    public var meanwhile: ((Int32) throws(Failure) -> Void)?

    /// The highest number among the descriptors that the steps make for the program: nssh's own pipes stay above it.
    public var highestGranted: Int32 = 2

    /// Steps of a child that is a copy, after it has reported that it is ready and nssh has done `whenReady`.
    public var closing: [Step] = []
    /// What nssh does before the closing steps; with the child's pid.
    public var whenReady: ((Int32) -> Void)?

    /// A launch without steps.
    public init() {}

    /// The clone3(2) of the child as plans and traces show it.
    public var text: String {
        "clone3(\(types.list.map { $0.flagName.dropFirst("CLONE_".count) }.joined(separator: "|")))"
    }

    /// The clone3(2) of an intermediate.
    public static let outerText = "clone3(CLONE_FILES)"

    /// What comes of a launch.
    public enum Outcome {
        /// In nssh.
        case parent(pid: Int32, pidfd: Descriptor, notes: Step.Notes, births: (mnt: UInt64, user: UInt64))
        /// In a child that is a copy of nssh.
        case child
    }

    nonisolated(unsafe) private static var status: UnsafeMutablePointer<nssh_status>?

    /// Makes the child.
    ///
    /// - Parameter reportsReady: a child that is a copy says when its steps are done, and nssh waits for that.
    /// - Throws: the step that failed; the child is gone then.
    public func run(reportsReady: Bool = false) throws(Failure) -> Outcome {
        if Launch.status == nil {
            Launch.status = nssh_status_new()
            guard Launch.status != nil else { throw Failure("mmap") }
        }
        let status = Launch.status!
        // A child that needs nssh's help waits for a byte; that it execs, is ready or dies shows at the other pipe's end.
        let go = meanwhile == nil && whenReady == nil ? nil : try Descriptor.pipe(above: highestGranted)
        // One that shares memory and is not waited for otherwise suspends nssh until it execs.
        let waitsForExec = !reportsReady && (meanwhile != nil || !shares)
        let done = waitsForExec || reportsReady ? try Descriptor.pipe(above: highestGranted) : nil
        var steps = steps
        if let go, meanwhile != nil { steps.insert(Step(.awaitParent(read: go.read.raw, write: go.write.raw)), at: 0) }
        if let done, reportsReady { steps.append(Step(.signalParent(done.write.raw))) }
        if let go, whenReady != nil { steps += [Step(.awaitParent(read: go.read.raw, write: go.write.raw))] + closing }
        var missed: Int32 = 0
        let firstCall = nssh_trace_count(&missed)
        // A child that changes its ids makes nssh undumpable too: that is a property of the memory, which they share.
        let losesDumpable = (shares || !outer.isEmpty) && (outer + steps).contains { $0.changesDumpable }
        let wasDumpable = losesDumpable && nssh_prctl(PR_GET_DUMPABLE, 0) == 1

        let (pid, errno) = try Signals.blocked { mask throws(Failure) in
            var arena = StepArena()
            var launch = nssh_launch()
            launch.flags = UInt64(UInt32(bitPattern: types.rawValue))
            launch.steps = UnsafePointer(try arena.steps(steps))
            launch.count = Int32(steps.count)
            launch.cgroup = cgroup?.raw ?? -1
            launch.outer = outer.isEmpty ? nil : UnsafePointer(try arena.steps(outer))
            launch.outer_count = Int32(outer.count)
            launch.outer_copies = outerCopies
            launch.keeper = keeper.isEmpty ? nil : UnsafePointer(try arena.steps(keeper))
            launch.keeper_count = Int32(keeper.count)
            launch.split = Int32(steps.firstIndex { if case .split = $0.action { true } else { false } } ?? 0)
            if nssh_tracing() {
                launch.shown = UnsafePointer(arena.bytes(text.utf8))
                launch.outer_shown = UnsafePointer(arena.bytes(Launch.outerText.utf8))
            }
            launch.shares = shares
            launch.suspends = shares && meanwhile == nil
            let pid = nssh_launch(&launch, status, mask)
            let errno = Errno.last
            if pid > 0, status.pointee.error == 0, meanwhile != nil || waitsForExec {
                if waitsForExec { done?.write.close() }
                do throws(Failure) {
                    try meanwhile?(pid)
                    try go?.write.writeIgnoringEnd(0)
                    // As long as it has not exec'ed it uses the steps in the arena.
                    if let done, waitsForExec { _ = try done.read.read(1) }
                } catch {
                    kill(pid, SIGKILL)
                    Launch.reap(pid)
                    Descriptor(status.pointee.pidfd).close()
                    arena.release()
                    // What ended the child is told before what came of its end.
                    throw childFailure(steps) ?? error
                }
            }
            arena.release()
            return (pid, errno)
        }
        if pid == 0 {
            Launch.status = nil // the page is shared with nssh: what this copy launches has its own
            return .child
        }
        if wasDumpable { _ = nssh_prctl(PR_SET_DUMPABLE, 1) }
        done?.write.close()
        go?.read.close()
        if reportsReady, pid > 0, let done {
            _ = try? done.read.read(1)
            if let whenReady {
                if status.pointee.error == 0 { whenReady(pid) }
                // A child that died meanwhile does not read it: SIGPIPE would be nssh's end. Without the byte it ends: the pipe does.
                try? go?.write.writeIgnoringEnd(0)
            }
        }
        let pidfd = Descriptor(status.pointee.pidfd)
        if let failure = childFailure(steps) {
            if pid > 0 { Launch.reap(pid) }
            throw failure
        }
        if pid < 0 { throw Failure("clone3", errno, target: types.isEmpty ? nil : types.description) }
        if let gate { try pass(gate, pid, pidfd) }
        if nssh_tracing() { nssh_trace_end_execs(firstCall) }
        let births = (mnt: status.pointee.births.0, user: status.pointee.births.1)
        return .parent(pid: pid, pidfd: pidfd, notes: Step.Notes(rawValue: status.pointee.notes), births: births)
    }

    /// Waits until the program is there, or is not to be had. Whoever is root there can hold that up: ^C and the time limit end it.
    private func pass(_ gate: (read: Descriptor, write: Descriptor, until: Double?), _ pid: Int32, _ pidfd: Descriptor) throws(Failure) {
        gate.write.close()
        do throws(Failure) {
            var events = [pollfd(fd: gate.read.raw, events: Int16(POLLIN), revents: 0)]
            while try !waitForEvents(&events, until: gate.until) {
                if let until = gate.until, monotonicSeconds() >= until { return }
            }
            let bytes = try gate.read.read(4)
            if bytes.isEmpty { return }
            let errno = bytes.reversed().reduce(Int32(0)) { $0 << 8 | Int32($1) }
            guard let step = steps.last, bytes.count == 4, (1..<4096).contains(errno) else { throw Failure("execve", Errno(rawValue: EIO)) }
            throw Launch.failure(of: step, Errno(rawValue: errno), [])
        } catch {
            _ = nssh_pidfd_send_signal(pidfd.raw, SIGKILL)
            Launch.reap(pid)
            throw error
        }
    }

    /// Waits for a child that is ending, whatever signals come. waitpid(2).
    private static func reap(_ pid: Int32) { while waitpid(pid, nil, 0) < 0, nssh_errno() == EINTR {} }

    /// What the child, or its intermediate, has reported; nil when nothing.
    private func childFailure(_ steps: [Step]) -> Failure? {
        guard let status = Launch.status?.pointee, status.error != 0 else { return nil }
        let (list, position, errno) = (Int(status.list), Int(status.step), Errno(rawValue: status.error))
        let isOuter = list == Int(NSSH_LIST_OUTER.rawValue)
        if isOuter, position >= outer.count {
            return Failure("clone3", errno, target: types.isEmpty ? nil : types.description)
        }
        let step = (isOuter ? outer : list == Int(NSSH_LIST_KEEPER.rawValue) ? keeper : steps)[position]
        return Launch.failure(of: step, errno, Step.Notes(rawValue: status.notes))
    }

    private static func failure(of step: Step, _ errno: Errno, _ notes: Step.Notes) -> Failure {
        var failure = Failure(step.call, errno, stage: step.stage, target: step.target)
        switch (step.action, errno.rawValue) {
        case (.becomeRoot, EINVAL):
            let lacks = [(Step.Notes.uid, "uid_map"), (.gid, "gid_map")].filter { notes.contains($0.0) }.map { "its \($0.1) has no 0" }
            failure.hint = "the user namespace has no root to be: \(lacks.joined(separator: ", ")); uid and gid name ids that it maps"
        case (.checkIds, _): failure.hint = "the ids are not those that were asked for: nothing was run"
        case (.chdir, EXDEV), (.fchdir, EXDEV), (.chroot, EXDEV):
            failure.hint = "it is not below the root there, so that .. would lead out; name a path as it is seen from inside (cwd, -W)"
        default: break
        }
        return failure
    }
}

/// PR_GET_DUMPABLE, PR_SET_DUMPABLE of prctl(2).
private let PR_GET_DUMPABLE: Int32 = 3
private let PR_SET_DUMPABLE: Int32 = 4

extension Launch {
    /// PR_SET_DUMPABLE of prctl(2); whether the process was dumpable.
    public static func setDumpable(_ dumpable: Bool) -> Bool {
        let was = nssh_prctl(PR_GET_DUMPABLE, 0) == 1
        _ = nssh_prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0)
        return was
    }

    /// Runs `body` dumpable if that is wanted: the files below /proc of an undumpable process are root's, and nobody else
    /// can write the maps and offsets in them.
    public static func dumpable<Result>(_ wanted: Bool, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        guard wanted, nssh_prctl(PR_GET_DUMPABLE, 0) == 0 else { return try body() }
        _ = nssh_prctl(PR_SET_DUMPABLE, 1)
        defer { _ = nssh_prctl(PR_SET_DUMPABLE, 0) }
        return try body()
    }

    /// Carries out steps in this process.
    ///
    /// - Throws: the step that failed; those before it stay done.
    ///
    /// - Returns: what they noted.
    @discardableResult public static func inPlace(_ steps: [Step]) throws(Failure) -> Step.Notes {
        var arena = StepArena()
        let notes = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        notes.initialize(to: 0)
        defer { notes.deallocate() }
        nssh_note_in(notes, nil)
        defer { nssh_note_in(nil, nil) }
        let failed = nssh_run_steps(try arena.steps(steps), Int32(steps.count), nil, nssh_trace_self())
        let errno = Errno.last
        arena.release()
        if failed >= 0 {
            throw failure(of: steps[Int(failed)], errno, Step.Notes(rawValue: notes.pointee))
        }
        return Step.Notes(rawValue: notes.pointee)
    }
}
