import Glibc
import Linux

/// The namespaces of a snapshot as a list: which, and what is known of each.
public struct NamespaceList {
    /// Which namespaces are wanted. What is nil does not matter.
    public struct Filter: Sendable {
        /// Of one of these types.
        public var types: [NamespaceType]?
        /// A process that is in it.
        public var pid: Int32?
        /// The name of a process that is in it, or its own.
        public var name: [UInt8]?
        /// The user id of a process that is in it.
        public var uid: UInt32?
        /// Something of this kind holds it.
        public var holder: Holder.Kind?
        /// Only those without a process.
        public var persistent = false

        /// All namespaces.
        public init() {}

        /// Whether the names or user ids of all processes have to be known for it.
        public var asksNames: Bool { name != nil || uid != nil }

        /// Whether it lets all through.
        var isEmpty: Bool { types == nil && pid == nil && name == nil && uid == nil && holder == nil && !persistent }
    }

    /// A namespace, and the process that stands for it.
    public struct Row {
        /// The namespace.
        public var namespace: Snapshot.Namespace
        /// How many processes are in it.
        public var processes = 0
        /// The one with the lowest pid.
        public var first: Snapshot.Process?
        /// How many holders of each kind; none of a kind is left out. In the order of `Holder.Kind`.
        public var holders: [(kind: Holder.Kind, count: Int)] = []
        /// The mount points in nssh's own mnt namespace.
        public var mounts: [[UInt8]] = []
        /// The names that it can be opened by.
        public var names: [[UInt8]] = []
        /// The mount points to be shown: those that only a file tells of are there too, and marked.
        var mountTexts: [String] = []
        /// The names to be shown.
        var nameTexts: [String] = []
        /// The name of the first process's user.
        public var user: String?
    }

    /// In the order of the snapshot.
    public let rows: [Row]

    /// The namespaces of a snapshot that a filter lets through.
    public init(_ snapshot: Snapshot, _ filter: Filter = Filter()) {
        let counts = snapshot.holderCounts()
        var rows = snapshot.namespaces.map { Row(namespace: $0) }
        var matches = [Bool](repeating: filter.pid == nil && filter.uid == nil && filter.name == nil, count: rows.count)
        for (position, process) in snapshot.processes.enumerated() {
            let isMeant = filter.isMeant(process)
            for link in NamespaceType.allCases.indices {
                let place = Int(snapshot.places[position * Inspect.links.count + link])
                guard place >= 0 else { continue }
                rows[place].processes += 1
                if rows[place].first == nil { rows[place].first = process }
                if isMeant { matches[place] = true }
            }
        }
        var users = UserNames(snapshot)
        self.rows = rows.enumerated().compactMap { position, row in
            var row = row
            let namespace = row.namespace
            row.holders = zip(Holder.Kind.allCases, counts[position]).filter { $0.1 > 0 }.map { ($0, $1) }
            let mounts = namespace.holders.filter { $0.kind == .mount && $0.mountNamespace == snapshot.mountNamespace }
            row.mounts = mounts.compactMap(\.knownPath)
            row.mountTexts = mounts.compactMap { holder in holder.path.map { $0.shown + (holder.isHearsay ? Holder.hearsayMark : "") } }
            let names = snapshot.allNames(of: namespace)
            row.names = snapshot.names(of: namespace)
            row.nameTexts = snapshot.nameTexts(of: namespace)
            // What is looked for by a name may be of another machine.
            let isNamed = filter.pid == nil && filter.uid == nil && filter.name.map { name in names.contains { $0.name == name } } ?? false
            guard matches[position] || isNamed, filter.types?.contains(namespace.key.type) ?? true,
                !filter.persistent || row.processes == 0,
                filter.holder.map({ kind in row.holders.contains { $0.kind == kind } }) ?? true
            else { return nil }
            row.user = row.first.flatMap { users[$0.uid] }
            return row
        }
    }

    /// The list in these columns.
    public func table(_ columns: [ListColumn] = ListColumn.usual) -> TextTable {
        TextTable(
            columns.map { TextTable.Column($0.rawValue, right: $0.isRight) },
            rows.map { row in columns.map { row.text($0) } })
    }
}

extension NamespaceList.Filter {
    /// Whether a process is what the filter asks for: its pid, name and uid, where given.
    fileprivate func isMeant(_ process: Snapshot.Process) -> Bool {
        if let pid, process.pid != pid { return false }
        if let uid, process.uid != uid { return false }
        if let name, !process.isCalled(name) { return false }
        return true
    }
}

extension NamespaceList.Row {
    /// The cell of a column; empty where there is nothing to say.
    public func text(_ column: ListColumn) -> String {
        switch column {
        case .NS: String(namespace.key.inode)
        case .TYPE: namespace.key.type.rawValue
        case .PATH: path ?? ""
        case .NPROCS: String(processes)
        case .PID: first.map { String($0.pid) } ?? ""
        case .PPID: first.map { String($0.parent) } ?? ""
        case .COMMAND: command ?? ""
        case .UID: first.map { String($0.uid) } ?? ""
        case .USER: user ?? first.map { String($0.uid) } ?? ""
        case .NETNSID: namespace.netnsId.map { $0 < 0 ? "unassigned" : String($0) } ?? ""
        case .NSFS: mountTexts.joined(separator: ",")
        case .PNS: namespace.parent.map { String($0.inode) } ?? ""
        case .ONS: namespace.owner.map { String($0.inode) } ?? ""
        case .ID: namespace.id.map { String($0) } ?? ""
        case .HOLDERS: NamespaceList.Row.text(of: holders)
        case .NAMES: nameTexts.joined(separator: ",")
        }
    }

    /// `mount:1,child:2`: what holds it besides processes, which are counted elsewhere.
    public static func text(of holders: [(kind: Holder.Kind, count: Int)]) -> String {
        holders.filter { $0.kind != .process }.map { "\($0.kind.rawValue):\($0.count)" }.joined(separator: ",")
    }

    /// A way to open it: the first process's link.
    public var path: String? { first.map { "/proc/\($0.pid)/ns/\(namespace.key.type.rawValue)" } }

    /// What the first process runs: its command line, or its name where it has none.
    public var command: String? { first.flatMap { $0.command ?? $0.name } }
}

/// Names of users, each asked for once.
public struct UserNames {
    private let known: [UInt32: String]?
    private var found: [UInt32: String?] = [:]

    /// For the user ids of a snapshot; of one that was loaded, the names that it brings.
    public init(_ snapshot: Snapshot) { known = snapshot.users }

    /// The name of a user id; nil where there is none.
    public subscript(_ uid: UInt32) -> String? {
        mutating get {
            if let known { return known[uid] }
            if let name = found[uid] { return name }
            let name = Users.name(of: uid)
            found.updateValue(name, forKey: uid)
            return name
        }
    }
}
