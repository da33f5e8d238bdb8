import CLinux
import Glibc
import Linux

/// A snapshot of what could be left behind on a machine; the difference of two is what was.
public struct Ledger: Sendable {
    /// The kinds of things in it, in the order of `items`.
    public enum Kind: String, CaseIterable, Sendable {
        case process, mount, pin, link, queue, cgroup, descriptor
    }

    /// A thing that was there.
    public struct Item: Hashable, Sendable {
        /// What kind of thing it is.
        public var kind: Kind
        /// What it is, in words: it names the thing as long as it lives.
        public var name: String
        /// Whether it is surely nssh's doing.
        public var isCertain = true
    }

    /// All things, by kind, and by name within it.
    public private(set) var items: [Item] = []
    /// What could not be looked at, and why.
    public private(set) var unreadable: [String] = []
    private var parents: [Int32: ProcessEntry] = [:]
    private let own = Proc.own

    struct ProcessEntry: Sendable {
        var parent, group, session: Int32
        var start: UInt64
        var name: String
        /// Dead and not yet reaped by its parent, or dying: exiting, or with SIGKILL pending.
        var isDead: Bool
    }

    /// Looks at the machine now.
    public init() {
        for kind in Kind.allCases {
            do throws(Failure) { items += try look(kind).map { Item(kind: kind, name: $0) }.sorted { $0.name < $1.name } } catch {
                unreadable.append("\(kind.rawValue): \(error.message)")
            }
        }
    }

    /// What is there and was not in `before`. A process counts when it descends from nssh, is in a session or process
    /// group of its children, or is an orphan in nssh's session; one that might be anybody's is listed as not certain, like
    /// every cgroup; a process that somebody else started is left out.
    public func since(_ before: Ledger) -> [Item] {
        let known = Set(before.items)
        return items.compactMap { item in
            if known.contains(item) { return nil }
            // nssh makes no cgroup, but what it runs may, and so do systemd and container engines, all the time.
            if item.kind == .cgroup { return Item(kind: .cgroup, name: item.name, isCertain: false) }
            guard item.kind == .process else { return item }
            guard let pid = Int32(item.name.prefix { $0 != " " }), let entry = parents[pid] else { return nil }
            return attribute(pid, entry, before).map { Item(kind: .process, name: item.name, isCertain: $0) }
        }
    }

    /// Whether a new process is surely nssh's (true), perhaps (false), or somebody else's (nil).
    private func attribute(_ pid: Int32, _ entry: ProcessEntry, _ before: Ledger) -> Bool? {
        if pid == own { return nil }
        // A dead orphan waits for init, which may take its time; a dead child waits for us.
        if entry.isDead, entry.parent <= 1 || isAbove(entry.parent) { return nil }
        if Children.wasOurs(entry.group) || Children.wasOurs(entry.session) { return true }
        let inOwnSession = entry.session == parents[own]?.session
        var ancestor = entry.parent
        while ancestor > 1, let next = parents[ancestor] {
            if ancestor == own { return true }
            if before.parents[ancestor]?.start == next.start {
                // Somebody else's: the session alone proves nothing, other jobs of the terminal are in it too. Only where the
                // parent is above nssh it may have adopted an orphan of ours, as a subreaper.
                return inOwnSession && isAbove(ancestor) ? false : nil
            }
            ancestor = next.parent
        }
        // An orphan that init has adopted, or a kernel thread.
        if inOwnSession { return true }
        return entry.parent <= 1 && !entry.name.hasPrefix("[") ? false : nil
    }

    /// Whether nssh descends from a process.
    private func isAbove(_ pid: Int32) -> Bool {
        var ancestor = parents[own]?.parent ?? 0
        while ancestor > 1, ancestor != pid, let next = parents[ancestor] { ancestor = next.parent }
        return ancestor == pid
    }

    private mutating func look(_ kind: Kind) throws(Failure) -> [String] {
        switch kind {
        case .process: return try processes()
        case .mount:
            return try Mount.own().filter { $0.type != "nsfs" }.map { "\($0.target.lossy) (\($0.type), mount \($0.id))" }
        case .pin: return try Mount.own().filter { $0.type == "nsfs" }.map { "\($0.target.lossy) (\($0.root.lossy))" }
        case .link: return try Network.links().map { "\($0.name.lossy) (link \($0.index))" }
        case .queue: return try queues()
        case .cgroup: return cgroups()
        case .descriptor:
            // What nssh keeps for later launches is no trace of anything; the descriptor of the listing itself is closed
            // again when its link is read.
            let kept = Launcher.keptDescriptors + Children.keptDescriptors + Home.keptDescriptors
            return try Proc.entries(of: "self/fd").compactMap { name in
                guard let number = Int32(name), !kept.contains(number), let link = try? Proc.link("self/fd/\(name)") else { return nil }
                return "\(name) (\(link))"
            }
        }
    }

    private mutating func processes() throws(Failure) -> [String] {
        var names: [String] = []
        for pid in try Proc.pids() {
            guard let entry = Ledger.entry(pid) else { continue }
            parents[pid] = entry
            names.append("\(pid) \(entry.name) (started \(entry.start))")
        }
        return names
    }

    /// Fields of /proc/PID/stat; nil when the process is gone. proc_pid_stat(5).
    private static func entry(_ pid: Int32) -> ProcessEntry? {
        guard let (name, fields) = Proc.stat(pid), fields.count > 19, let parent = Int32(fields[1]), let group = Int32(fields[2]),
            let session = Int32(fields[3]),
            let start = UInt64(fields[19])
        else { return nil }
        let exiting = (UInt64(fields[6]) ?? 0) & 4, killed = fields.count > 28 ? (UInt64(fields[28]) ?? 0) & (1 << 8) : 0
        return ProcessEntry(
            parent: parent, group: group, session: session, start: start, name: parent == 2 ? "[\(name)]" : name,
            isDead: fields[0] == "Z" || exiting != 0 || killed != 0)
    }

    /// System V IPC and POSIX message queues; the latter show only where an mqueue file system is mounted.
    private func queues() throws(Failure) -> [String] {
        var names: [String] = []
        for (file, what) in [("msg", "message queue"), ("sem", "semaphore set"), ("shm", "shared memory")] {
            guard let bytes = try? Proc.read("sysvipc/\(file)") else { continue }
            for line in bytes.split(separator: 10).dropFirst() {
                let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
                if fields.count > 1 { names.append("\(what) \(fields[1]) (key \(fields[0]))") }
            }
        }
        for mount in try Mount.own() where mount.type == "mqueue" {
            guard let directory = try? Descriptor.open(mount.target, flags: O_RDONLY | O_DIRECTORY) else { continue }
            names += try directory.names().map { "POSIX message queue /\($0.lossy)" }
        }
        return names
    }

    /// The directories of all cgroup hierarchies.
    private mutating func cgroups() -> [String] {
        var names: [String] = []
        guard let mounts = try? Mount.own() else { return [] }
        for mount in mounts where mount.type == "cgroup" || mount.type == "cgroup2" {
            var pending = [mount.target]
            while let path = pending.popLast(), names.count < 100_000 {
                guard let directory = try? Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY) else {
                    unreadable.append("cgroup: \(path.lossy)")
                    continue
                }
                for child in (try? directory.names(directoriesOnly: true)) ?? [] {
                    let below = path + [UInt8(ascii: "/")] + child
                    names.append(below.lossy)
                    pending.append(below)
                }
            }
        }
        return names
    }
}
