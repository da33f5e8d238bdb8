import CLinux
import Glibc
import Linux

/// nssh beside a program that it was to start for a shell. What the terminal sends goes to both of them: ^C is the program's affair, and
/// ^Z stops nssh too, so that the calling shell sees a stopped job. SIGTERM and SIGHUP that nssh alone gets are passed on.
enum Attending {
    /// Sets the handlers, which are C's (signals.c). To be called before the launch, so that no signal ends nssh alone.
    static func prepare() { nssh_prepare_to_attend() }

    fileprivate static func begin(_ process: Process) { nssh_attend(process.pidfd.raw) }
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
