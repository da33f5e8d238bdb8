import CLinux

/// The eight types of namespaces, in the order of the table that namespaces(7) and most introductions have.
public enum NamespaceType: String, CaseIterable, Sendable {
    case mnt, uts, ipc, pid, net, user, cgroup, time

    /// Reads a name, `mount` too.
    public init?(name: String) { self.init(rawValue: name == "mount" ? "mnt" : name) }

    /// Its place in `allCases`.
    public var ordinal: Int {
        switch self {
        case .mnt: 0
        case .uts: 1
        case .ipc: 2
        case .pid: 3
        case .net: 4
        case .user: 5
        case .cgroup: 6
        case .time: 7
        }
    }

    /// The CLONE_NEW* flag.
    public var flag: Int32 {
        switch self {
        case .mnt: CLONE_NEWNS
        case .uts: CLONE_NEWUTS
        case .ipc: CLONE_NEWIPC
        case .pid: CLONE_NEWPID
        case .net: CLONE_NEWNET
        case .user: CLONE_NEWUSER
        case .cgroup: CLONE_NEWCGROUP
        case .time: 0x80 // CLONE_NEWTIME
        }
    }

    /// The type of a CLONE_NEW* flag.
    public init?(flag: Int32) {
        guard let type = NamespaceType.allCases.first(where: { $0.flag == flag }) else { return nil }
        self = type
    }

    /// The flag's name.
    public var flagName: String {
        switch self {
        case .mnt: "CLONE_NEWNS"
        case .uts: "CLONE_NEWUTS"
        case .ipc: "CLONE_NEWIPC"
        case .pid: "CLONE_NEWPID"
        case .net: "CLONE_NEWNET"
        case .user: "CLONE_NEWUSER"
        case .cgroup: "CLONE_NEWCGROUP"
        case .time: "CLONE_NEWTIME"
        }
    }

    /// What it isolates.
    public var isolates: String {
        switch self {
        case .mnt: "mount points"
        case .uts: "host name and NIS domain name"
        case .ipc: "System V IPC, POSIX message queues"
        case .pid: "process ids"
        case .net: "network devices, stacks, ports"
        case .user: "user and group ids"
        case .cgroup: "cgroup root directory"
        case .time: "boot and monotonic clocks"
        }
    }

    /// The kernel that has it complete.
    public var since: String {
        switch self {
        case .mnt: "2.4.19"
        case .uts, .ipc: "2.6.19"
        case .pid: "2.6.24"
        case .net: "2.6.29"
        case .user: "3.8"
        case .cgroup: "4.6"
        case .time: "5.6"
        }
    }

    /// Its manual page.
    public var manual: String {
        switch self {
        case .mnt: "mount_namespaces(7)"
        case .net: "network_namespaces(7)"
        default: "\(rawValue)_namespaces(7)"
        }
    }

    /// The file below /proc/sys/user that limits it.
    public var limitName: String { "max_\(rawValue)_namespaces" }
}

/// A set of namespace types, as a mask of CLONE_NEW* flags.
public struct NamespaceTypes: OptionSet, Hashable, Sendable {
    /// The mask.
    public let rawValue: Int32
    /// A mask of CLONE_NEW* flags.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// One type.
    public init(_ type: NamespaceType) { self.init(rawValue: type.flag) }

    /// Whether `type` is in it.
    public func contains(_ type: NamespaceType) -> Bool { rawValue & type.flag != 0 }
    /// Adds a type.
    public mutating func insert(_ type: NamespaceType) { self = NamespaceTypes(rawValue: rawValue | type.flag) }
    /// Removes a type.
    public mutating func remove(_ type: NamespaceType) { self = NamespaceTypes(rawValue: rawValue & ~type.flag) }

    /// The types, in order.
    public var list: [NamespaceType] { NamespaceType.allCases.filter(contains) }
    /// `CLONE_NEWUTS|CLONE_NEWIPC`.
    public var description: String { list.map(\.flagName).joined(separator: "|") }
}
