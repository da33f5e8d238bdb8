import CLinux
import Glibc

/// Pids and their directories. A /proc counts as the pid namespace does that it was mounted for, and that need not be the one of the
/// process that reads it: a function body may be in a pid namespace of its own, and nssh may have been started in one without a
/// fresh /proc. There the number that fork(2) and kill(2) know names somebody else in /proc, or nobody.
extension Proc {
    nonisolated(unsafe) private static var known: (own: Int32, level: Int)??

    /// In a copy of nssh: it may be elsewhere.
    public static func forgetSelf() { known = nil }

    /// This process in /proc: its number there, and how far below the /proc's own pid namespace it is. Nil when it does not show.
    private static var here: (own: Int32, level: Int)? {
        if let known { return known }
        var found: (own: Int32, level: Int)?
        if let link = try? link("self"), let own = Int32(link) {
            found = (own, max(((try? words("self/status", "NSpid").count) ?? 1) - 1, 0))
        }
        known = .some(found)
        return found
    }

    /// Whether this process has a number in /proc.
    public static var showsSelf: Bool { here != nil }

    /// This process's number in /proc.
    public static var own: Int32 { here?.own ?? getpid() }

    /// How far this process's pid namespace is below that of the /proc that nssh found: 0 where /proc counts as this process does.
    public static var level: Int { here?.level ?? 0 }

    /// The directory below /proc of a process that this one knows by `pid`, and by a pidfd if it is at hand.
    public static func name(of pid: Int32, _ pidfd: Descriptor? = nil) throws(Failure) -> String {
        guard let here, here.level > 0 else { return String(pid) }
        guard let pidfd else {
            return try name(of: pid, Descriptor(try check(nssh_pidfd_open(pid), "pidfd_open", target: "pid \(pid)")))
        }
        // The fdinfo of a pidfd has the number that the /proc knows.
        guard let number = try words("self/fdinfo/\(pidfd.raw)", "Pid").first.flatMap({ Int32($0) }), number > 0 else {
            throw Failure(
                "openat", Errno(rawValue: ESRCH), target: "pid \(pid)", hint: "it has ended, or does not show in the /proc that nssh found")
        }
        return String(number)
    }

    /// The number by which this process knows the one with `number` in /proc; nil when it does not know it.
    public static func pid(at number: Int32) -> Int32? {
        guard let here, here.level > 0 else { return number }
        guard let numbers = try? words("\(number)/status", "NSpid"), here.level < numbers.count, let pid = Int32(numbers[here.level]),
            isKnown(pid, as: number)
        else { return nil }
        return pid
    }

    /// Whether this process's `pid` is the process with `number` in /proc. One in a pid namespace beside its own has a number at the same
    /// level, which is somebody else's here, or nobody's.
    public static func isKnown(_ pid: Int32, as number: Int32) -> Bool { (try? name(of: pid)) == String(number) }

    /// This process's children.
    public static func children() throws(Failure) -> [Int32] {
        try pids().filter { parent(of: $0) == own }.compactMap(pid(at:))
    }

    /// The parent's number, both as /proc counts; nil when the process is gone. The `ppid` of proc_pid_stat(5).
    private static func parent(of number: Int32) -> Int32? {
        guard let (_, fields) = stat(number), fields.count > 1 else { return nil }
        return Int32(fields[1])
    }

    /// When a process started, in clock ticks since the machine did; nil when it is gone. The `starttime` of proc_pid_stat(5).
    public static func start(of pid: Int32) -> UInt64? {
        guard let name = try? name(of: pid), let number = Int32(name), let (_, fields) = stat(number), fields.count > 19 else { return nil }
        return UInt64(fields[19])
    }
}
