import CLinux
import Glibc
import Linux

/// The children of this process.
public enum Children {
    /// One more in every copy of nssh that runs a function body: handles from before are not its own.
    nonisolated(unsafe) public private(set) static var generation = 0
    /// The descriptors that nssh keeps for itself, once they are there.
    static var keptDescriptors: [Int32] { [ownPidfd, original].compactMap { $0?.raw } }
    /// Those not reaped yet.
    nonisolated(unsafe) private static var living: [Process] = []
    nonisolated(unsafe) private static var ownPidfd: Descriptor?

    /// This process's own pidfd, by which a child can tell that it has died.
    static func parentPidfd() throws(Failure) -> Int32 {
        if let ownPidfd { return ownPidfd.raw }
        let descriptor = Descriptor(try check(nssh_pidfd_open(getpid()), "pidfd_open"))
        ownPidfd = descriptor
        return descriptor.raw
    }

    /// The numbers of the last children that were reaped, and when: in clock ticks since the machine started, as proc_pid_stat(5) tells when
    /// a process did.
    nonisolated(unsafe) private static var ended: [(number: Int32, ticks: UInt64)] = []

    /// Whether a process group or session is one that a child of nssh leads or has led.
    ///
    /// A number that was a child's is given away again once that child has been reaped and its group and session are empty. So a reaped
    /// child speaks only for those that were there before.
    ///
    /// - Parameters:
    ///   - number: the group or session, as getpgid(2) tells it.
    ///   - start: when the process started whose group or session it is, in clock ticks since the machine did; nil when it is gone.
    /// - Returns: false when that may be so, and nil when it is another's.
    static func lead(_ number: Int32, start: @autoclosure () -> UInt64?) -> Bool? {
        if isLiving(number) { return true }
        guard let last = ended.last(where: { $0.number == number }) else { return nil }
        // Somebody has that number now: then it was given away, and the group with it.
        if Glibc.kill(number, 0) == 0 || Errno.last.rawValue == EPERM { return nil }
        return start().map { $0 <= last.ticks } ?? false
    }

    static func isLiving(_ pid: Int32) -> Bool { living.contains { $0.pid == pid } }

    /// The child with a number that has not been reaped.
    static func living(_ pid: Int32) -> Process? { living.first { $0.pid == pid } }

    /// Whether a mnt or user namespace is one that was made for a child that is still there. (Where that is now is its own affair.)
    static func made(_ type: NamespaceType, _ inode: UInt64) -> Bool { living.contains { $0.wasBorn(in: type, inode) } }

    static func add(_ process: Process) {
        living.append(process)
        if process.isDetached { Orphans.detach(process.pid) }
        Orphans.reapStrays()
        reapUnwaited()
    }

    /// Reaps those that have ended and that nobody waits for. One call when there is none: waitid(2) with WNOWAIT.
    private static func reapUnwaited() {
        var info = siginfo_t()
        while waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0, nssh_siginfo_pid(&info) != 0 {
            let pid = nssh_siginfo_pid(&info)
            if let child = living.first(where: { $0.pid == pid }) {
                child.reap()
            } else if !Orphans.reap(pid) {
                // Another's child (io.popen) stands in front of ours: then each is asked.
                for child in living { child.reap() }
                return
            }
        }
    }

    /// It has been reaped.
    static func forget(_ process: Process) {
        living.removeAll { $0 === process }
        if ended.count >= 4096 { ended.removeFirst(2048) }
        ended.append((process.pid, bootTicks()))
    }

    /// nssh is in another time namespace, where /proc tells other times: what was noted says nothing any more.
    static func forgetEnded() { ended = [] }

    /// Whether this copy of nssh is in namespaces of others, where it stays undumpable: whoever is root there must not read its memory.
    nonisolated(unsafe) static var hasJoined = false
    /// Whether a copy may be dumpable for the moment in which maps or offsets are written: what is in its namespaces it
    /// has started itself.
    static func mayBeDumpable(for options: Options) -> Bool {
        generation > 0 && !hasJoined && options.joins.isEmpty && (options.types.contains(.user) || options.types.contains(.time))
    }

    /// In a copy of nssh: the pidfd of the nssh that it ends with.
    nonisolated(unsafe) private static var original: Descriptor?

    /// A copy of nssh ends with nssh (again, where the kernel may have forgotten it). PR_SET_PDEATHSIG of prctl(2).
    static func dieWithParent() throws(Failure) {
        if let original { try Launch.inPlace([Step(.dieWithParent(pidfd: original.raw))]) }
        if original == nil, generation > 0 { _ = nssh_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL)) }
    }

    /// Those that are the children of the nssh that this copy is of.
    nonisolated(unsafe) private static var inherited: [Process] = []

    /// In a copy of nssh in a place of others: lets go of the pidfds of nssh and its children, by which setns(2) leads to where they are, and of
    /// what comes from them.
    static func closeInherited() {
        original = nil
        for process in inherited { process.letGo() }
        inherited = []
    }

    /// In a copy of nssh: it has no children yet.
    static func startAnew(joined: Bool) {
        generation += 1
        Trace.becomeFunction()
        original = ownPidfd
        Orphans.startAnew()
        Home.startAnew()
        Proc.forgetSelf()
        if joined { hasJoined = true }
        inherited += living
        living = []
        ended = []
        ownPidfd = nil
    }

    /// Waits until one of `processes` has ended.
    ///
    /// All children that end meanwhile are reaped: the init of a pid namespace does not end before a process that joined
    /// it has been reaped.
    static func wait(for processes: [Process], until deadline: Double? = nil) throws(Failure) {
        while true {
            for process in processes where process.reap() {
                if let failure = process.captureFailure { throw failure }
                return
            }
            // A process, or a stream of its that nssh reads.
            var watched: [(child: Process, stream: Capture?)] = []
            var events: [pollfd] = []
            for child in living {
                for capture in child.captures {
                    guard let descriptor = capture.descriptor else { continue }
                    watched.append((child, capture))
                    events.append(pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0))
                }
                watched.append((child, nil))
                events.append(pollfd(fd: child.pidfd.raw, events: Int16(POLLIN), revents: 0))
            }
            let wait = Orphans.expectsStrays ? min(monotonicSeconds() + 0.02, deadline ?? .infinity) : deadline
            if try !waitForEvents(&events, until: wait) {
                Orphans.reapStrays()
                if let deadline, monotonicSeconds() >= deadline { return }
                continue
            }
            for ((child, stream), event) in zip(watched, events) where event.revents != 0 {
                if let stream { child.read(stream) } else { child.reap() }
            }
        }
    }

    /// Waits for a process that has been killed; a signal does not end the wait.
    static func waitUninterrupted(for process: Process) {
        while process.exit == nil {
            let children = living
            if children.count == 1, !Orphans.expectsStrays {
                _ = process.collect(options: 0)
                continue
            }
            var events = children.map { pollfd(fd: $0.pidfd.raw, events: Int16(POLLIN), revents: 0) }
            poll(&events, nfds_t(events.count), Orphans.expectsStrays ? 10 : -1)
            Orphans.reapStrays()
            for child in children { child.reap() }
        }
    }

    /// The first of `processes` to end; nil when the time is up.
    public static func first(of processes: [Process], until deadline: Double?) throws(Failure) -> Process? {
        for process in processes { try process.requireOurs() }
        try wait(for: processes, until: deadline)
        return processes.first { $0.exit != nil }
    }

    /// Kills and reaps all: the end of nssh.
    public static func closeAll() {
        let ending = living.filter { !$0.isDetached }
        for child in ending { child.sendKill() }
        for child in ending { child.close() }
        Orphans.endAll()
    }
}

/// PR_SET_PDEATHSIG of prctl(2).
private let PR_SET_PDEATHSIG: Int32 = 1
