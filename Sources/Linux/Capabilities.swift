import CLinux
import Glibc

/// The capabilities that nssh asks about, by their numbers. capabilities(7).
public enum Capability: Int, Sendable {
    case setgid = 6
    case setuid = 7
    case netAdmin = 12
    case sysChroot = 18
    case sysPtrace = 19
    case sysAdmin = 21
}

/// The calling process's capabilities.
public enum Capabilities {
    /// Whether all of `wanted` are in the effective set. capget(2).
    public static func effective(contains wanted: [Capability]) -> Bool {
        let effective = nssh_effective_capabilities()
        return wanted.allSatisfy { effective & (1 << UInt64($0.rawValue)) != 0 }
    }

    /// The names by their numbers, without `CAP_`.
    private static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ]

    /// Those that nssh knows by name.
    public static let known = UInt64(1) << UInt64(names.count) - 1

    /// A set in words: `none`, `all`, `CHOWN SETUID`, `all but SYS_ADMIN`.
    public static func text(_ set: UInt64) -> String {
        func list(_ set: UInt64) -> String {
            (0..<64).filter { set & 1 << UInt64($0) != 0 }.map { $0 < names.count ? names[$0] : String($0) }.joined(separator: " ")
        }
        let missing = known & ~set
        if missing == 0 { return "all" }
        if set & known == 0 { return "none" }
        return missing.nonzeroBitCount < 8 ? "all but \(list(missing))" : list(set & known)
    }
}
