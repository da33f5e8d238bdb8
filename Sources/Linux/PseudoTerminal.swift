import CLinux
import Glibc

/// A terminal for a child: what is written to one end is read from the other. pty(7).
public struct PseudoTerminal {
    /// nssh's end.
    public let master: Descriptor
    /// The child's end.
    public let slave: Descriptor

    /// A new one, of the size that nssh's own terminal has. posix_openpt(3).
    public init() throws(Failure) {
        var raw: Int32 = -1
        master = Descriptor(try check(nssh_open_pty(&raw), "posix_openpt", target: "/dev/ptmx"))
        slave = Descriptor(raw)
        _ = nssh_copy_window_size(0, raw)
    }
}
