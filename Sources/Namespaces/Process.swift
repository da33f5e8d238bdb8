import CLinux
import Glibc
import Linux

/// A child of nssh, held by a pidfd: pids are reused, pidfds are not.
public final class Process {
    /// What it runs.
    public enum Body: String, Sendable {
        case held, program, function
    }

    /// The pid in nssh's pid namespace.
    public let pid: Int32
    /// What it runs.
    public let body: Body
    /// The types of namespaces that were made for it.
    public let types: NamespaceTypes
    /// The ends of the pipes that were asked for.
    public var stdin, stdout, stderr: Descriptor?
    /// The streams that nssh reads to the end.
    var captures: [Capture] = []
    /// Its namespaces as they were when it started, for one that cannot be looked at any more.
    var notedInodes: [(name: String, inode: UInt64)]?
    /// nssh's end of its own terminal.
    var terminal: Descriptor?
    /// Where its init writes how it has ended.
    var initReport: Descriptor?
    /// Whether it outlives nssh.
    public internal(set) var isDetached = false
    /// Where a function's results come back.
    var results: Descriptor?
    /// How many bytes of them are read, at most.
    public var mostReply = Process.usualReply
    /// The limit of `mostReply` where no other is set.
    public static let usualReply = 256 << 20
    /// Why it was killed while its streams were read.
    private(set) var captureFailure: Failure?
    /// How it ended; nil while it runs.
    public private(set) var exit: Exit?
    /// When it started, on `monotonicSeconds`.
    public let started = monotonicSeconds()
    /// When its end was seen.
    public private(set) var ended: Double?
    /// The types of namespaces that are nssh's own of those it began in: new ones, and of other children of nssh's.
    var ownTypes: NamespaceTypes = []
    /// The mnt and user namespaces that it began in, by inode number; 0 where that was not noted.
    var births: (mnt: UInt64, user: UInt64) = (0, 0)
    /// Whether it began in this namespace, and that is nssh's own.
    func wasBorn(in type: NamespaceType, _ inode: UInt64) -> Bool {
        ownTypes.contains(type) && inode != 0 && inode == (type == .mnt ? births.mnt : type == .user ? births.user : 0)
    }

    /// Whether it was given ids that are not those of its namespaces' root.
    var hasGivenIds = false
    /// What it is not bound by, unlike the process that it has entered, in words.
    public internal(set) var weaker: [String] = []
    /// Where it is not quite where the process is that it has entered, in words.
    public internal(set) var notes: [String] = []
    /// What it has entered, in words: nil for nothing.
    public internal(set) var entered: String?
    /// The terminal's modes when a signal stopped it in the foreground.
    var stoppedModes: TerminalModes?
    /// Whether nssh killed it because its time was up.
    public internal(set) var timedOut = false

    let pidfd: Descriptor
    /// Its own process group, which ends with it. That of a held process has nobody else in it.
    private let ownsGroup: Bool
    private let generation = Children.generation

    init(pid: Int32, pidfd: Descriptor, body: Body, types: NamespaceTypes, ownsGroup: Bool) {
        self.pid = pid
        self.pidfd = pidfd
        self.body = body
        self.types = types
        self.ownsGroup = ownsGroup
    }

    /// Whether this process is nssh's child: in a copy of nssh (a function body) the handles it inherited are not.
    public var isOurs: Bool { generation == Children.generation }

    /// Whether it runs.
    public var isAlive: Bool {
        reap()
        return exit == nil
    }

    /// Takes note of its end if it has ended. waitid(2).
    ///
    /// - Returns: whether it has ended.
    @discardableResult func reap() -> Bool { collect(options: WNOHANG) }

    /// The end, when there is one; without WNOHANG it is waited for. False on EINTR, too.
    func collect(options: Int32) -> Bool {
        if exit != nil { return true }
        guard isOurs else { return false }
        var info = siginfo_t()
        // What is left of its group dies first: while the leader is not reaped, its number cannot be another's.
        // (A trace shows the call that reaps, not the looks before.)
        let looksFirst = ownsGroup || Trace.isKept
        if nssh_wait_pidfd(pidfd.raw, &info, WEXITED | (looksFirst ? WNOWAIT : 0) | options) < 0 {
            // Somebody else in this process has reaped it (a C module that waits for any child).
            if Errno.last.rawValue == ECHILD { end(Exit()) }
            return exit != nil
        }
        guard nssh_siginfo_pid(&info) != 0 else { return false }
        if ownsGroup { _ = Glibc.kill(-pid, SIGKILL) }
        if looksFirst { _ = Trace.call("waitid", "waitid(process \(pid))") { nssh_wait_pidfd(pidfd.raw, &info, WEXITED) } }
        if ownsGroup { Orphans.reap(group: pid) }
        let status = nssh_siginfo_status(&info)
        end(info.si_code == CLD_EXITED ? reportedSignal(status) ?? Exit(status: status) : Exit(signal: Signals.name(status)))
        return true
    }

    /// The signal that has ended the child of its init: a PID 1 cannot end itself by one, so it exits with 128 more, and writes what it
    /// was. Whoever is root in the namespace can write there too. So its own exit counts, and the report only where it says the same.
    private func reportedSignal(_ status: Int32) -> Exit? {
        guard status > 128, let bytes = try? initReport?.read(4), bytes.count == 4 else { return nil }
        let signal = bytes.reversed().reduce(Int32(0)) { $0 << 8 | Int32($1) } & 0x7f
        return signal == status - 128 && signal <= 64 ? Exit(signal: Signals.name(signal)) : nil
    }

    private func end(_ exit: Exit) {
        self.exit = exit
        ended = monotonicSeconds()
        if exit.signal != nil, body != .held { Orphans.expectStrays() }
        pidfd.close()
        initReport = nil
        for capture in captures {
            do throws(Failure) { try capture.drain() } catch { captureFailure = captureFailure ?? error }
        }
        terminal = nil
        Children.forget(self)
    }

    /// What was captured of its standard output; nil when that was not asked for.
    public var capturedOutput: [UInt8]? { captures.first { $0.name == "stdout" }?.bytes }
    /// What was captured of its standard error; nil when that was not asked for.
    public var capturedError: [UInt8]? { captures.first { $0.name == "stderr" }?.bytes }

    /// In a copy of nssh, whose child it is not: closes what nssh has of it, but for the streams that a script has.
    func letGo() {
        pidfd.close()
        terminal = nil
        initReport = nil
        results = nil
        captures = []
    }

    /// Waits for its end, until `deadline` on `monotonicSeconds`.
    ///
    /// - Returns: nil when the time is up.
    public func wait(until deadline: Double? = nil) throws(Failure) -> Exit? {
        try requireOurs()
        try Children.wait(for: [self], until: deadline)
        return exit
    }

    /// Reads what it has written; too much is its end.
    func read(_ capture: Capture) {
        do throws(Failure) { try capture.read() } catch {
            captureFailure = captureFailure ?? error
            sendKill()
        }
    }

    /// Whether a signal has stopped it since the last look. WSTOPPED of waitid(2).
    var isStopped: Bool {
        var info = siginfo_t()
        return nssh_wait_pidfd(pidfd.raw, &info, WSTOPPED | WNOHANG) == 0 && nssh_siginfo_pid(&info) != 0
    }

    /// Lets it and its group go on.
    func continueGroup() { _ = Glibc.kill(-pid, SIGCONT) }

    /// Sends a signal. pidfd_send_signal(2).
    public func kill(_ signal: Int32 = SIGTERM) throws(Failure) {
        try requireOurs()
        if reap() { throw ended("kill") }
        try check(send(signal), "pidfd_send_signal", target: "process \(pid)")
    }

    private func send(_ signal: Int32) -> Int32 {
        Trace.call("pidfd_send_signal", "pidfd_send_signal(process \(pid), \(Signals.name(signal)))") {
            nssh_pidfd_send_signal(pidfd.raw, signal)
        }
    }

    /// Kills and reaps it, whatever it runs; more than one call is harmless.
    public func close() {
        // A held process has nothing else to be closed, and if it has ended the signal does no harm.
        guard isOurs, exit == nil, body == .held || !reap() else { return }
        stdin?.close()
        stdout?.close()
        stderr?.close()
        // A pid namespace ends as a whole.
        let below = body == .function && !types.contains(.pid) ? killGroupsBelow() : []
        sendKill()
        Children.waitUninterrupted(for: self)
        for group in below { Orphans.reap(group: group) }
    }

    /// The end of one that has not been reaped; whoever waits for it depends on it. Seccomp filters may forbid the newer call.
    func sendKill() { if send(SIGKILL) < 0 { Glibc.kill(pid, SIGKILL) } }

    /// The directory of /proc for it, checked to be still its own.
    func withProc<Result>(_ body: (String) throws(Failure) -> Result) throws(Failure) -> Result {
        if reap() { throw ended("look at /proc") }
        let result = try body(try Proc.name(of: pid, pidfd))
        if reap() { throw ended("look at /proc") }
        return result
    }

    /// Its pid inside its own pid namespace; the last of the `NSpid:` line.
    public func innerPid() throws(Failure) -> Int32 {
        let numbers = try withProc { name throws(Failure) in try Proc.words("\(name)/status", "NSpid") }
        return numbers.last.flatMap { Int32($0) } ?? pid
    }

    func requireOurs() throws(Failure) {
        if !isOurs {
            throw Failure(
                code: "FOREIGN", "process \(pid) is no child of this copy of nssh", target: "process \(pid)",
                hint: "use it outside the function body")
        }
    }

    /// The failure of doing something to a process that has ended.
    func ended(_ stage: String) -> Failure {
        let name = "process \(pid)"
        return Failure(
            code: "ENDED", "\(name) has ended", errno: ESRCH, stage: stage, target: name, hint: "its namespaces may be gone with it")
    }
}
