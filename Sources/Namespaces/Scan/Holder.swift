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
    /// The mount point, as seen in its mnt namespace, or the file that is open: any bytes but zeros.
    public var path: [UInt8]?
    /// The mnt namespace that a mount is in.
    public var mountNamespace: UInt64?
    /// The namespace that is a child, or owned.
    public var namespace: NamespaceKey?
    /// Of a thread, which of its links names the namespace, by its place in `Inspect.links`, where that is the one of its next children; nil
    /// for the type's own.
    public var link: Int?
    /// Whether a descriptor is of O_PATH.
    public var isPath = false
    /// Whether another mount hides this one, and has to go first.
    public var isCovered = false
    /// What of a procfs is mounted, where that is not all of it.
    public var root: [UInt8]?
    /// Of sockets, how many there are in the process: this is the first.
    public var count: Int?
    /// Whether nothing but a file that was read says where it is: what `path` or the descriptor leads to here was not found to be it. Then
    /// the path is for people to read, and is in no command and no name.
    public internal(set) var isHearsay = false
    /// What else there is to say, for people: nothing goes by it.
    public var remark: String?

    /// A holder of a kind.
    public init(_ kind: Kind) { self.kind = kind }

    /// The path, where more than a file says so.
    public var knownPath: [UInt8]? { isHearsay ? nil : path }

    /// What stands behind a path that only a file tells of.
    static let hearsayMark = " (said by the file)"

    /// What else there is to say, in words: `O_PATH`, `over-mounted`.
    public var detail: String? {
        var words: [String] = []
        if let link { words.append(Inspect.links[link]) }
        if isPath { words.append("O_PATH") }
        if isCovered { words.append("over-mounted") }
        if let root { words.append("its \(root.lossy)") }
        if let count { words.append("the first of \(count)") }
        if let remark { words.append(remark) }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }
}
