import CLinux
import Glibc

/// The controlling terminal, lent to a child and taken back whole. tcsetpgrp(3), tcgetattr(3).
public struct Terminal {
    /// An open descriptor of the terminal.
    public let descriptor: Int32
    private var modes = termios()

    /// The terminal on `descriptor` with its present modes; nil when it is none, or not ours to lend (nssh is in the
    /// background).
    public init?(_ descriptor: Int32) {
        guard tcgetattr(descriptor, &modes) == 0, tcgetpgrp(descriptor) == getpgrp() else { return nil }
        self.descriptor = descriptor
    }

    /// The columns of the terminal on a descriptor; nil when it is none, or does not tell. TIOCGWINSZ of ioctl_tty(2).
    public static func columns(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Passes every key on as it is typed. cfmakeraw(3).
    public func makeRaw() {
        var raw = modes
        cfmakeraw(&raw)
        withoutStop { tcsetattr(descriptor, TCSADRAIN, &raw) }
    }

    /// Makes a process group the foreground one.
    public func lend(to group: Int32) { withoutStop { tcsetpgrp(descriptor, group) } }

    /// Takes the foreground back and restores the modes, also when the child was killed in the middle of changing them.
    public func takeBack() {
        withoutStop { tcsetpgrp(descriptor, getpgrp()) }
        var modes = modes
        withoutStop { tcsetattr(descriptor, TCSADRAIN, &modes) }
    }

    /// The modes as they are now, which a stopped child gets back when it goes on.
    public var currentModes: TerminalModes? { TerminalModes(descriptor) }

    /// Sets modes that were kept.
    public func set(_ kept: TerminalModes) {
        var modes = kept.modes
        withoutStop { tcsetattr(descriptor, TCSADRAIN, &modes) }
    }

    /// A background process that changes its terminal is stopped by SIGTTOU, unless that is blocked.
    private func withoutStop(_ body: () -> Int32) {
        var block = sigset_t()
        var old = sigset_t()
        sigemptyset(&block)
        sigaddset(&block, SIGTTOU)
        sigprocmask(SIG_BLOCK, &block, &old)
        _ = body()
        sigprocmask(SIG_SETMASK, &old, nil)
    }
}

/// A terminal's modes. termios(3).
public struct TerminalModes {
    fileprivate var modes = termios()

    fileprivate init?(_ descriptor: Int32) { if tcgetattr(descriptor, &modes) < 0 { return nil } }
}
