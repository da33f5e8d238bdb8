import CLinux
import Linux
import LuaKit
import Prompt

/// ^C stops the running code; SIGTERM and SIGHUP stop it for good. The handlers are C's: signals.c.
enum InterruptSignals {
    /// The signal that ends nssh, once it has come; 0 before.
    static var fatal: Int32 { nssh_fatal_signal() }

    /// Sets the handlers; what was ignored when nssh started stays ignored.
    static func install(_ state: LuaState) {
        FatalSignal.hasCome = { nssh_fatal_signal() != 0 }
        interruptIsPending = { state.isInterrupted }
        nssh_catch_interrupts(state.raw)
    }

    /// Ends nssh by the fatal signal that has come, so that its parent sees that.
    static func endAsSignalled() {
        if fatal != 0 { nssh_end_by_signal(fatal) }
    }
}
