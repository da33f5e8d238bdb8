import CLinux
import Glibc
import Linux

/// What children leave running when they end. nssh adopts it (PR_SET_CHILD_SUBREAPER of prctl(2)), so that it can be ended with
/// nssh, and does not stay behind as somebody else's.
///
/// Each child has a process group of its own, and so has what descends from it. What os.execute and io.popen start is not nssh's:
/// it is in nssh's own group, and what os.execute leaves running is not adopted at all (lua.c).
enum Orphans {
    nonisolated(unsafe) private static var adopts = false
    /// The children that outlive nssh, which lead sessions.
    nonisolated(unsafe) private static var detached: Set<Int32> = []

    /// From now on `pid` and its session outlive nssh.
    static func detach(_ pid: Int32) { detached.insert(pid) }

    /// From the first launch on.
    static func adopt() {
        guard !adopts else { return }
        adopts = true
        _ = nssh_prctl(36, 1) // PR_SET_CHILD_SUBREAPER
    }

    /// A copy of nssh does not inherit it.
    static func startAnew() {
        adopts = false
        detached = []
        straysUntil = 0
    }

    /// Reaps the members of a group that has been killed. One that cannot be killed (a setuid program) is not waited for; one that is
    /// dying is, although a busy machine may take its time for that.
    static func reap(group: Int32) {
        let soon = monotonicSeconds() + 0.1
        while true {
            let pid = waitpid(-group, nil, WNOHANG)
            if pid < 0 { return }
            if pid > 0 { continue }
            let now = monotonicSeconds()
            if now >= soon + 5 || now >= soon && !isDying(group) { return }
            usleep(now < soon ? 100 : 5000)
        }
    }

    private static func isDying(_ group: Int32) -> Bool {
        guard let children = try? Proc.children() else { return false }
        return children.contains { pid in
            guard getpgid(pid) == group, let name = try? Proc.name(of: pid), let number = Int32(name) else { return false }
            return Ledger.entry(number)?.isDead == true
        }
    }

    /// Reaps an ended child that is no `Process`, if it surely is an orphan of one; false otherwise: io.popen waits for its own.
    static func reap(_ pid: Int32) -> Bool {
        isOfChild(pid) != nil && waitpid(pid, nil, WNOHANG) == pid
    }

    /// Whether a process is in the group or session of a child of nssh: false for perhaps, nil for no.
    private static func isOfChild(_ pid: Int32) -> Bool? {
        let inGroup = Children.lead(getpgid(pid), start: Proc.start(of: pid))
        return inGroup == true ? true : Children.lead(getsid(pid), start: Proc.start(of: pid)) ?? inGroup
    }

    /// A child was killed: what it had started is dying too, in groups that nssh does not know, and becomes nssh's. For a while its zombies
    /// are looked for; a PID 1 whose namespace one of them had joined cannot end before that one is reaped.
    nonisolated(unsafe) private static var straysUntil = 0.0

    /// Notes that a child was killed.
    static func expectStrays() { straysUntil = monotonicSeconds() + 1 }

    /// Until when zombies are looked for.
    static var expectsStrays: Bool { straysUntil > 0 && monotonicSeconds() < straysUntil }

    /// Reaps ended children that are no `Process` and not of nssh's own group, where those of io.popen are.
    static func reapStrays() {
        guard expectsStrays, adopts, let list = try? Proc.read("self/task/\(Proc.own)/children") else { return }
        for word in list.split(separator: UInt8(ascii: " ")) {
            guard let number = Int32(String(decoding: word, as: UTF8.self)), let pid = Proc.pid(at: number) else { continue }
            if getpgid(pid) != getpgrp(), !Children.isLiving(pid) { _ = waitpid(pid, nil, WNOHANG) }
        }
    }

    /// Whether an adopted process ends with nssh. What a detached child has left goes on; it is known by its session, and one with
    /// a session of its own may be anybody's once something has been detached.
    private static func mayEnd(_ pid: Int32) -> Bool {
        if getpgid(pid) == getpgrp() || detached.contains(getsid(pid)) { return false }
        return detached.isEmpty || isOfChild(pid) == true
    }

    /// Kills and reaps them all, and what they leave in turn: the end of nssh.
    static func endAll() {
        guard adopts else { return }
        let deadline = monotonicSeconds() + 1
        while monotonicSeconds() < deadline {
            var info = siginfo_t()
            if waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 { return }
            guard let orphans = try? Proc.children().filter(mayEnd) else { return }
            if orphans.isEmpty { return }
            for pid in orphans {
                kill(pid, SIGKILL)
                _ = waitpid(pid, nil, WNOHANG)
            }
            usleep(200)
        }
    }
}
