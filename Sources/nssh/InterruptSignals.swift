import CLinux
import Glibc
import Linux
import LuaKit
import Prompt

/// ^C stops the running code; SIGTERM and SIGHUP stop it for good.
enum InterruptSignals {
    nonisolated(unsafe) private static var state: LuaState?
    /// The signal that ends nssh, once it has come.
    nonisolated(unsafe) private(set) static var fatal: Int32 = 0
    /// When it came, on `monotonicSeconds`.
    nonisolated(unsafe) private static var since = 0.0

    /// Sets the handlers; what was ignored when nssh started stays ignored.
    static func install(_ state: LuaState) {
        self.state = state
        FatalSignal.hasCome = { InterruptSignals.fatal != 0 }
        interruptIsPending = { InterruptSignals.state?.isInterrupted ?? false }
        // Inherited from a parent that ignored it, it would make the kernel reap nssh's children.
        nssh_reset_signal(SIGCHLD)
        for signal in [SIGINT, SIGTERM, SIGHUP] where nssh_signal_is_ignored(signal) == 0 {
            nssh_on_signal(signal) { number in
                if number != SIGINT {
                    // Code in C that does not listen (a pattern that matches for ever) is ended by another one a second later; children
                    // die with nssh. Two at once are one: a terminal that closes sends more than one.
                    if InterruptSignals.fatal == 0 {
                        InterruptSignals.fatal = number
                        InterruptSignals.since = monotonicSeconds()
                    } else if monotonicSeconds() - InterruptSignals.since > 1 {
                        InterruptSignals.endAsSignalled()
                    }
                }
                InterruptSignals.state?.interrupt()
                nssh_repeat_alarm(1)
            }
        }
        // A signal between a look at the flag and a read(2) would be lost on that read: it is said again until somebody listens.
        nssh_on_signal(SIGALRM) { _ in
            if InterruptSignals.state?.isInterrupted != true { nssh_repeat_alarm(0) }
        }
    }

    /// Ends nssh by the fatal signal that has come, so that its parent sees that.
    static func endAsSignalled() {
        guard fatal != 0 else { return }
        nssh_reset_signal(fatal)
        raise(fatal)
    }
}
