import CLinux
import Glibc

/// The capabilities that nssh asks about, by their numbers. capabilities(7).
public enum Capability: Int, Sendable {
    case setgid = 6
    case setuid = 7
    case netAdmin = 12
    case sysChroot = 18
    case sysAdmin = 21
}

/// The calling process's capabilities.
public enum Capabilities {
    /// Whether all of `wanted` are in the effective set. capget(2).
    public static func effective(contains wanted: [Capability]) -> Bool {
        let effective = nssh_effective_capabilities()
        return wanted.allSatisfy { effective & (1 << UInt64($0.rawValue)) != 0 }
    }
}
