import CLinux
import Glibc
import Linux

/// nssh beside a program that it was to start for a shell. What the terminal sends goes to both of them: ^C is the program's affair, and
/// ^Z stops nssh too, so that the calling shell sees a stopped job. SIGTERM and SIGHUP that nssh alone gets are passed on.
enum Attending {
    /// The program's pidfd; -1 before it is there.
    nonisolated(unsafe) private static var pidfd: Int32 = -1
    /// A signal that came before.
    nonisolated(unsafe) private static var pending: Int32 = 0

    /// Sets the handlers, which a program does not inherit. To be called before the launch, so that no signal ends nssh alone.
    static func prepare() {
        // Inherited from a caller that ignores it, it would make the kernel reap the program, and nobody know how it ended.
        nssh_reset_signal(SIGCHLD)
        for signal in [SIGINT, SIGQUIT] where nssh_signal_is_ignored(signal) == 0 { nssh_on_signal(signal) { _ in } }
        for signal in [SIGTERM, SIGHUP] where nssh_signal_is_ignored(signal) == 0 {
            nssh_on_signal(signal) { number in
                let pidfd = Attending.pidfd
                if pidfd < 0 { Attending.pending = number } else { _ = nssh_pidfd_send_signal(pidfd, number) }
            }
        }
    }

    fileprivate static func begin(_ process: Process) {
        pidfd = process.pidfd.raw
        if pending != 0 { _ = nssh_pidfd_send_signal(pidfd, pending) }
    }
}

extension Process {
    /// Waits for a program beside nssh, for which `Attending.prepare` was called.
    ///
    /// - Parameter terminal: is taken back whole afterwards.
    func attend(in terminal: Terminal?) -> Exit {
        Attending.begin(self)
        while exit == nil {
            var info = siginfo_t()
            guard nssh_wait_pidfd(pidfd.raw, &info, WEXITED | WSTOPPED | WNOWAIT) == 0 else {
                if nssh_errno() != EINTR { reap() }
                continue
            }
            if info.si_code != CLD_STOPPED {
                reap()
            } else if isStopped {
                // By a signal that nssh did not get as well; after ^Z nssh has been stopped by the kernel, and both have gone on.
                _ = Glibc.kill(getpid(), SIGSTOP)
                _ = nssh_pidfd_send_signal(pidfd.raw, SIGCONT)
            }
        }
        terminal?.takeBack()
        return exit!
    }
}
