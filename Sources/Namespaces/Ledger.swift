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
    public struct Item: Sendable {
        /// What kind of thing it is.
        public var kind: Kind
        /// What it is, in words. It may change while the thing lives: a process calls exec, a link is renamed.
        public var name: String
        /// What stays the same as long as it lives, and is nothing else's.
        public var identity: Identity
        /// Whether it is surely nssh's doing.
        public var isCertain = true
    }

    /// What tells a thing from any other of its kind, whatever it is called.
    public enum Identity: Hashable, Sendable {
        /// A process: its number, and when it started. Numbers are used again.
        case process(pid: Int32, start: UInt64)
        /// A mount: its id, the mount that it is on, and what is mounted. Ids are used again; the path to it may change.
        case mount(id: Int, parent: Int, device: UInt64, root: [UInt8])
        /// A link of nssh's net namespace, by its index.
        case link(Int)
        /// System V IPC: its kind, id and key.
        case systemV(String, id: String, key: String)
        /// A POSIX message queue or a cgroup: a file of its own.
        case file(device: UInt64, inode: UInt64)
        /// A descriptor of nssh's, and what it refers to.
        case descriptor(Int32, String)
    }

    struct ProcessEntry: Sendable {
        /// By the numbers of /proc.
        var parent: Int32
        /// By the numbers that nssh knows; 0 where it knows none.
        var group, session: Int32
        /// In clock ticks since the machine started.
        var start: UInt64
        var name: String
        /// Dead and not yet reaped by its parent.
        var isZombie: Bool
        /// A zombie, or dying: exiting, or with SIGKILL pending.
        var isDead: Bool
    }

    /// All things, by kind, and by name within it.
    public private(set) var items: [Item] = []
    /// What could not be looked at, and why.
    public internal(set) var unreadable: [String] = []
    var processes: [Int32: ProcessEntry] = [:]
    private let own = Proc.own

    /// Looks at the machine now.
    public init() {
        var info: MountInfo?
        self.init { () throws(Failure) -> [Mount] in
            if let info { return info.mounts }
            let read = try MountInfo("self", MountBudget())
            info = read
            return read.mounts
        }
        if let leftOut = info?.leftOut { unreadable.append("mount: \(leftOut)") }
    }

    /// The same with other mounts in place of nssh's own.
    init(mounts: () throws(Failure) -> [Mount]) {
        for kind in Kind.allCases {
            do throws(Failure) {
                items += try look(kind, mounts).sorted { $0.name < $1.name }
            } catch {
                unreadable.append("\(kind.rawValue): \(error.message)")
            }
        }
    }

    /// What is there and was not in `before`. A process counts when it descends from nssh, is in a session or process
    /// group of its children, or is an orphan in nssh's session; one that might be anybody's is listed as not certain, like
    /// every cgroup, and mounts and links where nssh has no power to make any; a process that somebody else started is left out.
    ///
    /// A mount, a link or a queue says nothing of who has made it: where nssh could, whatever is new in its own namespaces counts.
    public func since(_ before: Ledger) -> [Item] {
        let known = Set(before.items.map(\.identity))
        return items.compactMap { item in
            if known.contains(item.identity) { return nil }
            var item = item
            switch item.identity {
            case .process(let pid, _):
                guard let entry = processes[pid], !isIn(before, pid, entry), let isCertain = attribute(pid, entry, before) else {
                    return nil
                }
                item.isCertain = isCertain
            // nssh makes no cgroup, but what it runs may, and so do systemd and container engines, all the time.
            case .file: item.isCertain = item.kind != .cgroup
            // Without the power to, nssh has made none, unless by a program that has more.
            case .mount: item.isCertain = Capabilities.effective(contains: [.sysAdmin])
            case .link: item.isCertain = Capabilities.effective(contains: [.netAdmin])
            case .systemV, .descriptor: break
            }
            return item
        }
    }

    /// Whether a new process is surely nssh's (true), perhaps (false), or somebody else's (nil).
    private func attribute(_ pid: Int32, _ entry: ProcessEntry, _ before: Ledger) -> Bool? {
        if pid == own { return nil }
        // A dead orphan waits for init, which may take its time; a dead child waits for us.
        if entry.isDead, entry.parent != own, entry.parent <= 1 || isAbove(entry.parent) { return nil }
        let leads = [entry.group, entry.session].map { $0 > 0 ? Children.lead($0, start: entry.start) : nil }
        if leads.contains(true) { return true }
        let perhaps = leads.contains(false) ? false : nil
        let inOwnSession = entry.session > 0 && entry.session == processes[own]?.session
        var ancestor = entry.parent
        // nssh may be PID 1 itself.
        while ancestor > 1 || ancestor == own, let next = processes[ancestor] {
            if ancestor == own { return true }
            if isIn(before, ancestor, next) {
                // Somebody else's: the session alone proves nothing, other jobs of the terminal are in it too. Only where the
                // parent is above nssh it may have adopted an orphan of ours, as a subreaper.
                return inOwnSession && isAbove(ancestor) ? false : perhaps
            }
            ancestor = next.parent
        }
        // An orphan that init has adopted, or a kernel thread.
        if inOwnSession { return true }
        return entry.parent <= 1 && !entry.name.hasPrefix("[") ? false : perhaps
    }

    /// Whether a process was there before. After a move to another time namespace /proc tells other times of all, of nssh too; they are
    /// rounded to clock ticks.
    private func isIn(_ before: Ledger, _ pid: Int32, _ entry: ProcessEntry) -> Bool {
        guard let old = before.processes[pid] else { return false }
        if old.start == entry.start { return true }
        guard let then = before.processes[before.own]?.start, let now = processes[own]?.start, then != now else { return false }
        let age = (old: Int64(old.start) - Int64(then), new: Int64(entry.start) - Int64(now))
        return abs(age.old - age.new) <= 1
    }

    /// Whether nssh descends from a process.
    private func isAbove(_ pid: Int32) -> Bool {
        var ancestor = processes[own]?.parent ?? 0
        while ancestor > 1, ancestor != pid, let next = processes[ancestor] { ancestor = next.parent }
        return ancestor == pid
    }
}
