import CLinux
import Glibc
import Linux

/// Takes a snapshot: runs one small discoverer after the other, each in a file of its own, `Scan+Source.swift`. A process, thread or
/// descriptor that goes away meanwhile is no error; what the kernel does not let nssh read is listed.
public final class Scan {
    let options: ScanOptions
    /// Tells that a source is at step `done` of `all`; for long scans on a terminal.
    let progress: ((_ source: Snapshot.Source, _ done: Int, _ all: Int) -> Void)?
    var snapshot = Snapshot()
    /// For each of the snapshot's processes, its number in /proc.
    var numbers: [Int32] = []
    /// For each namespace, where in the snapshot's places it came first; -1 where no process is in it.
    var firsts: [Int32] = []
    /// The threads that have descriptors of their own, by their process's index in the snapshot and by their numbers in /proc.
    var threadsWithDescriptors: [Int: [Int32]] = [:]
    /// The sockets and tun devices that the look at the descriptors has found.
    var sockets: [SocketFile]?
    /// Mnt namespaces that were opened where they are bound, till they have been looked into.
    var boundMountNamespaces: [UInt64: NamespaceHandle] = [:]
    /// What the look at the mounts may cost still.
    var mountBudget = MountBudget()
    /// The mnt namespace of each mount, by its id in mountinfo; for a deep scan.
    var mountNamespaces: [Int: UInt64] = [:]
    /// The pid namespaces of the procfs that have been looked at, by device.
    var procfs: [UInt64: Shown] = [:]
    /// The mounts of procfs, with its device.
    var procfsMounts: [(device: UInt64, holder: Holder)] = []
    /// What `Scan.find` looks for, and the handle when it has come by.
    var wanted: (inode: UInt64, type: NamespaceType?)?
    var found: NamespaceHandle?
    let links: LinkReader
    let status = StatusReader()
    let entries = NumberedEntries()
    lazy var netnsIds = NetnsIds()
    /// In order of discovery; sorted at the end.
    private var namespaces: [Snapshot.Namespace] = []
    private var isRelated: [Bool] = []
    /// By inode number and type in one.
    private var positions: [UInt64: Int32] = [:]

    /// Looks through everything that `options` want.
    ///
    /// - Throws: `Failure.interrupted`, or when there is no /proc.
    public static func take(
        _ options: ScanOptions = ScanOptions(), progress: ((_ source: Snapshot.Source, _ done: Int, _ all: Int) -> Void)? = nil
    ) throws(Failure) -> Snapshot {
        let scan = Scan(options, progress)
        let names = try System.uname()
        scan.snapshot.time = try System.clock(CLOCK_REALTIME)
        scan.snapshot.host = names.nodename.lossy
        scan.snapshot.kernel = names.release.lossy
        scan.snapshot.uid = geteuid()
        scan.snapshot.ownPid = getpid()
        scan.snapshot.types = options.types.list
        try scan.run(.processes) { () throws(Failure) in try scan.lookThroughProcesses() }
        if options.tasks { try scan.run(.tasks) { () throws(Failure) in try scan.lookThroughTasks() } }
        if options.descriptors { try scan.run(.fds) { () throws(Failure) in try scan.lookThroughDescriptors() } }
        if options.sockets { try scan.run(.sockets) { () throws(Failure) in try scan.lookThroughSockets() } }
        if options.mounts { try scan.run(.mounts) { () throws(Failure) in try scan.lookThroughMounts() } }
        if options.deep { try scan.run(.deep) { () throws(Failure) in try scan.lookDeeper() } }
        try scan.run(.relations) { () throws(Failure) in try scan.lookAtRelations() }
        scan.readCommands()
        scan.finish()
        return scan.snapshot
    }

    init(_ options: ScanOptions, _ progress: ((Snapshot.Source, Int, Int) -> Void)? = nil) {
        self.options = options
        self.progress = progress
        links = LinkReader(options.types)
    }

    /// Runs a discoverer, which returns how many things it has looked at.
    private func run(_ source: Snapshot.Source, _ body: () throws(Failure) -> Int) throws(Failure) {
        let start = monotonicSeconds()
        let looked = try body()
        snapshot.costs.append(Snapshot.Cost(source: source, seconds: monotonicSeconds() - start, looked: looked))
    }

    /// How many have been found so far.
    var count: Int { namespaces.count }

    /// The position of a namespace, which is added if it is new.
    func position(of key: NamespaceKey) -> Int32 {
        let number = key.inode << 3 | UInt64(key.type.ordinal)
        if let known = positions[number] { return known }
        let new = Int32(namespaces.count)
        positions[number] = new
        namespaces.append(Snapshot.Namespace(key))
        firsts.append(-1)
        isRelated.append(false)
        return new
    }

    /// Whether the namespace at a position has been opened; from now on it has.
    func markRelated(_ position: Int32) -> Bool {
        defer { isRelated[Int(position)] = true }
        return isRelated[Int(position)]
    }

    /// Whether nobody has opened the namespace at a position, and no process is in it by which it can be opened at the end.
    func isOutOfReach(_ position: Int32) -> Bool { firsts[Int(position)] < 0 && !isRelated[Int(position)] }

    /// The positions of the namespaces that nobody has opened yet.
    var unrelated: [Int32] { isRelated.indices.filter { !isRelated[$0] }.map { Int32($0) } }

    /// The position of a namespace that was found, by its inode number.
    func position(_ inode: UInt64, _ type: NamespaceType?) -> Int32? {
        for type in type.map({ [$0] }) ?? NamespaceType.allCases {
            if let known = positions[inode << 3 | UInt64(type.ordinal)] { return known }
        }
        return nil
    }

    /// The namespace at a position.
    subscript(_ position: Int32) -> Snapshot.Namespace {
        get { namespaces[Int(position)] }
        set { namespaces[Int(position)] = newValue }
        _modify { yield &namespaces[Int(position)] }
    }

    /// Notes what holds a namespace.
    func note(_ holder: Holder, of key: NamespaceKey) { self[position(of: key)].holders.append(holder) }

    /// Notes what could not be read; nothing when the thing has only gone away.
    func note(unreadable target: String, pid: Int32? = nil, _ errno: Errno, in source: Snapshot.Source) {
        if errno.rawValue == ENOENT || errno.rawValue == ESRCH { return }
        snapshot.unreadable.append(Snapshot.Unreadable(source: source, target: target, pid: pid, errno: errno))
    }

    /// Throws on ^C; to be called once for each process.
    func pause(_ source: Snapshot.Source, _ done: Int, _ all: Int) throws(Failure) {
        if interruptIsPending() { throw .interrupted }
        progress?(source, done, all)
    }

    /// Brings everything into its final order.
    private func finish() {
        let order = namespaces.indices.sorted { namespaces[$0].key < namespaces[$1].key }
        var moved = [Int32](repeating: 0, count: order.count)
        for (new, old) in order.enumerated() { moved[old] = Int32(new) }
        snapshot.namespaces = order.map { namespaces[$0] }
        for position in snapshot.places.indices where snapshot.places[position] >= 0 {
            snapshot.places[position] = moved[Int(snapshot.places[position])]
        }
    }
}
