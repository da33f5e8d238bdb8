import CLinux
import Glibc

/// A limit of a process on a resource. getrlimit(2).
public struct ResourceLimit: Equatable, Sendable {
    /// `RLIMIT_NOFILE`, as a number.
    public var resource: Int32
    /// What holds, and how far its owner may raise that; `RLIM_INFINITY` for none.
    public var soft, hard: UInt64

    /// No limit.
    public static let infinity = UInt64.max

    /// The resources by their numbers: the name, and what proc_pid_limits(5) calls it.
    private static let names: [(name: String, inProc: String)] = [
        ("CPU", "cpu time"), ("FSIZE", "file size"), ("DATA", "data size"), ("STACK", "stack size"), ("CORE", "core file size"),
        ("RSS", "resident set"), ("NPROC", "processes"), ("NOFILE", "open files"), ("MEMLOCK", "locked memory"), ("AS", "address space"),
        ("LOCKS", "file locks"), ("SIGPENDING", "pending signals"), ("MSGQUEUE", "msgqueue size"), ("NICE", "nice priority"),
        ("RTPRIO", "realtime priority"), ("RTTIME", "realtime timeout"),
    ]

    /// `RLIMIT_NOFILE`.
    public var name: String { "RLIMIT_\(ResourceLimit.names[Int(resource)].name)" }

    /// `256, 4096`, or `unlimited`.
    public var shown: String {
        [soft, hard].map { $0 == ResourceLimit.infinity ? "unlimited" : String($0) }.joined(separator: ", ")
    }

    /// A limit.
    public init(resource: Int32, soft: UInt64, hard: UInt64) { (self.resource, self.soft, self.hard) = (resource, soft, hard) }

    /// The calling process's own limits, all of them. getrlimit(2)
    public static func own() -> [ResourceLimit] {
        names.indices.map { number in
            var limit = rlimit()
            nssh_getrlimit(Int32(number), &limit)
            return ResourceLimit(resource: Int32(number), soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
        }
    }

    /// Those that a file /proc/PID/limits tells; nil when it does not tell all.
    public init?(resource: Int32, limits file: [UInt8]) {
        let prefix = "Max \(ResourceLimit.names[Int(resource)].inProc) "
        guard let line = file.lossy.split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) else { return nil }
        let fields = line.dropFirst(prefix.utf8.count).split(separator: " ").prefix(2)
        let values = fields.compactMap { $0 == "unlimited" ? ResourceLimit.infinity : UInt64($0) }
        guard values.count == 2 else { return nil }
        self.init(resource: resource, soft: values[0], hard: values[1])
    }

    /// All that a file /proc/PID/limits tells.
    public static func all(in file: [UInt8]) -> [ResourceLimit] {
        names.indices.compactMap { ResourceLimit(resource: Int32($0), limits: file) }
    }

    /// The lower of both.
    public func lowered(to other: ResourceLimit) -> ResourceLimit {
        let hard = min(hard, other.hard)
        return ResourceLimit(resource: resource, soft: min(soft, other.soft, hard), hard: hard)
    }
}
