import Linux

/// Something that keeps a namespace alive, or may.
public struct Holder: Equatable, Sendable {
    /// What it is.
    public enum Kind: String, CaseIterable, Sendable {
        /// A process in the namespace.
        case process
        /// A thread that has left its process's namespace, or entered one of its own.
        case thread
        /// A process whose next children will be in it: pid_for_children, time_for_children.
        case for_children
        /// A zombie: it keeps its user and pid namespaces until it is reaped.
        case zombie
        /// An open descriptor on it, of O_PATH too.
        case descriptor
        /// A bind mount of it, in any mnt namespace.
        case mount
        /// A socket, of a net namespace.
        case socket
        /// An open /dev/net/tun.
        case tun
        /// A namespace whose parent it is.
        case child
        /// A namespace that it owns.
        case owned
        /// A mounted procfs, of a pid namespace.
        case procfs
        /// A descriptor in a message that nobody has received yet, SCM_RIGHTS of unix(7).
        case in_flight
        /// A file that is registered with an io_uring(7).
        case io_uring
        /// An open file of /proc that belongs to it: /proc/PID/net/…, /proc/PID/mountinfo, /proc/sysvipc/….
        case proc_file
        /// An open file of a cgroup: it keeps the cgroup namespace of who has opened it.
        case cgroup_file
        /// A context of fsopen(2).
        case fs_context
        /// System V shared memory that is still mapped.
        case shared_memory
        /// A pidfd of a process that has been reaped.
        case pidfd
    }

    /// What it is.
    public var kind: Kind
    /// False when it only may hold the namespace: it could not be seen which one it belongs to.
    public var isCertain = true
    /// The process that it belongs to, in nssh's own pid namespace.
    public var pid: Int32?
    /// The thread.
    public var tid: Int32?
    /// The descriptor's number in that process.
    public var descriptor: Int32?
    /// The mount point, as seen in its mnt namespace, or the file that is open.
    public var path: String?
    /// The mnt namespace that a mount is in.
    public var mountNamespace: UInt64?
    /// The namespace that is a child, or owned.
    public var namespace: NamespaceKey?
    /// What else there is to say: `O_PATH`, `over-mounted`.
    public var detail: String?

    /// A holder of a kind.
    public init(_ kind: Kind) { self.kind = kind }

    /// What `detail` begins with for a mount that another one hides.
    static let overMounted = "over-mounted"

    /// Whether another mount hides this one, and has to go first.
    var isCovered: Bool { detail?.hasPrefix(Holder.overMounted) ?? false }
}
