import CLinux
import Glibc

/// Signals by their names, signal(7).
public enum Signals {
    /// The names in the order of their numbers on this machine, without `SIG`.
    public static let names: [(name: String, number: Int32)] = [
        ("HUP", SIGHUP), ("INT", SIGINT), ("QUIT", SIGQUIT), ("ILL", SIGILL), ("TRAP", SIGTRAP), ("ABRT", SIGABRT),
        ("BUS", SIGBUS), ("FPE", SIGFPE), ("KILL", SIGKILL), ("USR1", SIGUSR1), ("SEGV", SIGSEGV), ("USR2", SIGUSR2),
        ("PIPE", SIGPIPE), ("ALRM", SIGALRM), ("TERM", SIGTERM), ("STKFLT", 16), ("CHLD", SIGCHLD), ("CONT", SIGCONT),
        ("STOP", SIGSTOP), ("TSTP", SIGTSTP), ("TTIN", SIGTTIN), ("TTOU", SIGTTOU), ("URG", SIGURG), ("XCPU", SIGXCPU),
        ("XFSZ", SIGXFSZ), ("VTALRM", SIGVTALRM), ("PROF", SIGPROF), ("WINCH", SIGWINCH), ("IO", SIGIO), ("PWR", 30),
        ("SYS", SIGSYS),
    ]

    /// `SIGKILL`; `SIG40` for one without a name.
    public static func name(_ number: Int32) -> String {
        names.first { $0.number == number }.map { "SIG\($0.name)" } ?? "SIG\(number)"
    }

    /// The number of `KILL`, `SIGKILL` or `sigkill`.
    public static func number(_ name: String) -> Int32? {
        let upper = name.uppercased()
        let bare = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        return names.first { $0.name == bare }?.number
    }

    /// Runs `body` with all signals blocked; it gets the mask from before. sigprocmask(2).
    public static func blocked<Result>(_ body: (UnsafePointer<sigset_t>) throws(Failure) -> Result) throws(Failure) -> Result {
        var all = sigset_t()
        var old = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_SETMASK, &all, &old)
        defer { sigprocmask(SIG_SETMASK, &old, nil) }
        return try body(&old)
    }
}
