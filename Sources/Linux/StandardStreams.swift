import CLinux
import Glibc

/// Standard input, output and error: descriptors 0, 1 and 2.
public enum StandardStreams {
    /// Opens those that are closed, so that no other file gets their numbers.
    ///
    /// - Throws: when one stays closed.
    public static func fill() throws(Failure) {
        // open(2) gives the lowest number that is free.
        for number in Int32(0)...2 where nssh_fcntl(number, F_GETFD, 0) < 0 {
            let raw = try check(nssh_open_nothing(), "open", target: "/dev/null")
            guard raw == number else {
                close(raw)
                throw Failure("open", Errno(rawValue: EBADF), target: "descriptor \(number)")
            }
        }
    }

    /// Writes a text to standard error: what went wrong, and has words of others in it. So it is escaped here, whoever made it, but for
    /// line ends and tabs.
    public static func writeError(_ text: String) {
        let bytes = Array(TextEscape.escape(text.utf8, as: .lines).utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    /// Writes out what is still to be written, by Lua too. fflush(3).
    public static func flush() { nssh_flush_all() }

    /// The same of standard output only.
    ///
    /// - Throws: when it could not be written, now or earlier.
    public static func flushOutput() throws(Failure) {
        try check(nssh_flush_out(), "write", stage: "write to standard output")
    }

    /// Writes a line to standard error, as nssh's word.
    public static func complain(_ text: String) {
        flush()
        writeError("nssh: \(text)\n")
    }
}
