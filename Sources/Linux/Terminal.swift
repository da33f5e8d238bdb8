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

    /// Waits for one key on the terminal at `descriptor`: nothing of it is shown, and no Enter is needed. ^C and ^Z stay signals. The
    /// modes are changed for the time of the wait only, so that the terminal is whole whatever ends nssh elsewhere. tcsetattr(3).
    ///
    /// - Parameter ready: called when keys are read singly: a key that is typed in answer to what it shows is not shown itself.
    /// - Returns: the bytes of the key, more than one for a letter beyond ASCII and for the arrows; none at the end of the input.
    public static func readKey(_ descriptor: Int32, ready: () -> Void) throws(Failure) -> [UInt8] {
        // In the background the kernel stops whoever changes the modes; not so where a caller ignores SIGTTOU. The process that is about
        // to bring us to the foreground would then keep our modes as its own.
        nssh_reset_signal(SIGTTOU)
        var modes = termios()
        try check(tcgetattr(descriptor, &modes), "tcgetattr", target: "descriptor \(descriptor)")
        var single = modes
        single.c_lflag &= ~tcflag_t(ICANON | ECHO)
        try check(tcsetattr(descriptor, TCSANOW, &single), "tcsetattr", target: "descriptor \(descriptor)")
        defer { _ = tcsetattr(descriptor, TCSANOW, &modes) }
        ready()
        var key: [UInt8] = []
        var wanted = 1
        while key.count < wanted {
            // What follows the first byte of a key comes with it.
            var events = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
            guard try waitForEvents(&events, until: key.isEmpty ? nil : monotonicSeconds() + 0.05) else { break }
            var byte: UInt8 = 0
            let count = read(descriptor, &byte, 1)
            if count < 0, Errno.last.rawValue == EINTR { continue }
            guard count > 0, byte != modes.controlCharacter(VEOF) else { break }
            key.append(byte)
            switch (key.count, byte) {
            case (1, 0xc2...0xdf): wanted = 2
            case (1, 0xe0...0xef): wanted = 3
            case (1, 0xf0...0xf4): wanted = 4
            // ESC, or a sequence of ECMA-48: it ends with a letter or a tilde.
            case (1, 0x1b): wanted = 8
            case (3..., 0x40...0x7e) where wanted == 8: wanted = key.count
            default: break
            }
        }
        return key
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

extension termios {
    /// One of the special characters, such as VEOF. termios(3).
    fileprivate func controlCharacter(_ index: Int32) -> UInt8 {
        withUnsafeBytes(of: c_cc) { $0[Int(index)] }
    }
}

/// A terminal's modes. termios(3).
public struct TerminalModes {
    fileprivate var modes = termios()

    fileprivate init?(_ descriptor: Int32) { if tcgetattr(descriptor, &modes) < 0 { return nil } }
}
