import Linux

/// What a scan looks through.
public struct ScanOptions: Sendable {
    /// The types wanted; user namespaces are looked at too where they own or hold one of these.
    public var types = NamespaceTypes(rawValue: -1)
    /// Threads that are not where their process is.
    public var tasks = true
    /// Open descriptors of all processes.
    public var descriptors = true
    /// Sockets, and tun devices.
    public var sockets = true
    /// Mounts in every mnt namespace: bound namespaces, and procfs.
    public var mounts = true
    /// What takes long or is only suspected: descriptors in flight, io_uring files, open files of /proc, and suspects.
    public var deep = false
    /// The name, parent, uid and inner pids of every process; otherwise only of those that are not in all of nssh's own namespaces.
    public var names = true

    /// Everything but `deep`.
    public init() {}

    /// Processes only.
    public static let processes = {
        var options = ScanOptions()
        (options.tasks, options.descriptors, options.sockets, options.mounts, options.names) = (false, false, false, false, false)
        return options
    }()
}
