import Linux

/// Namespaces in words: what trees and pictures say of them.
struct Describing {
    let snapshot: Snapshot
    let members: [[Int]]
    private var users: UserNames
    /// Between the two ends of an id range.
    private let arrow: String

    /// - Parameter ascii: whether only ASCII is to be used.
    init(_ snapshot: Snapshot, ascii: Bool) {
        self.snapshot = snapshot
        members = snapshot.members()
        users = UserNames(snapshot)
        arrow = ascii ? "->" : "→"
    }

    /// How many of a list are shown; of one more than that all.
    static let most = 4

    /// All that is to be said of the namespace at a position, but for what is seen from its place in a tree.
    mutating func parts(_ position: Int) -> [String] {
        let namespace = snapshot.namespaces[position]
        var parts = title(position)
        parts.append(processes(members[position].map { snapshot.processes[$0] }))
        if !namespace.isInitial, let held = held(namespace) { parts.append(held) }
        return parts
    }

    /// What a namespace is: its name, and of a user namespace who made it, and its maps.
    mutating func title(_ position: Int) -> [String] {
        let namespace = snapshot.namespaces[position]
        var parts = [name(namespace.key) + snapshot.nameTexts(of: namespace).map { " \($0)" }.joined()]
        if namespace.isInitial { parts[0] += " initial" }
        if namespace.key.type == .user, !namespace.isInitial {
            if let uid = namespace.ownerUid { parts.append("made by \(user(uid))") }
            if let maps = maps(namespace) { parts.append(maps) }
        }
        return parts
    }

    /// `net:[4026532281]`; `net#2` where the numbers mean nothing.
    func name(_ key: NamespaceKey) -> String { snapshot.isAnonymous ? "\(key.type.rawValue)#\(key.inode)" : key.link }

    /// `812 bash`; `process#2` where the numbers mean nothing.
    func name(_ process: Snapshot.Process) -> String {
        let name = snapshot.isAnonymous ? "process#\(process.pid)" : "\(process.pid)"
        return name + (process.name.map { " \(Describing.clean($0))" } ?? "") + (process.isZombie ? " (zombie)" : "")
    }

    /// `alice (1000)`.
    mutating func user(_ uid: UInt32) -> String { users[uid].map { "\(Describing.clean($0)) (\(uid))" } ?? "uid \(uid)" }

    /// `uid 0→1000, gid 0→1000`; nil where nobody is mapped, or that is not known.
    func maps(_ namespace: Snapshot.Namespace) -> String? {
        let parts = [("uid", namespace.uidMap), ("gid", namespace.gidMap)].compactMap { name, ranges in
            ranges.isEmpty ? nil : "\(name) " + Describing.list(ranges.map(text), ", ")
        }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private func text(_ range: Snapshot.IdRange) -> String {
        range.count == 1
            ? "\(range.inside)\(arrow)\(range.outside)"
            : "\(range.inside)-\(UInt64(range.inside) + UInt64(range.count) - 1)\(arrow)\(range.outside)"
    }

    /// `3 processes: 812 bash, 813 sleep, 814 sleep`.
    func processes(_ all: [Snapshot.Process]) -> String {
        let texts = all.prefix(Describing.most + 1).map { name($0) }
        switch all.count {
        case 0: return "no process"
        case 1: return snapshot.isAnonymous ? texts[0] : "process \(texts[0])"
        default: return "\(all.count) processes: " + Describing.list(texts, ", ", of: all.count)
        }
    }

    /// `held by the bind mount /run/netns/foo`: what holds a namespace besides processes, children and what it owns.
    func held(_ namespace: Snapshot.Namespace) -> String? { holders(namespace).map { "held by " + $0.joined(separator: ", ") } }

    /// The same as a list; nil where there is nothing.
    func holders(_ namespace: Snapshot.Namespace) -> [String]? {
        let holders = namespace.holders.sorted()
        if holders.isEmpty { return nil }
        return Describing.shown(holders.prefix(Describing.most + 1).map(text), of: holders.count)
    }

    private func text(_ holder: Holder) -> String {
        let suspicion = holder.isCertain ? "" : ", perhaps"
        if !snapshot.isAnonymous { return Describing.clean(snapshot.text(of: holder)) + suspicion }
        let owner = holder.pid.map { " of process#\($0)" } ?? ""
        return holder.kind.rawValue + owner + (holder.mountNamespace.map { " in mnt#\($0)" } ?? "") + suspicion
    }

    /// The texts, many of them cut short with a count.
    static func list(_ texts: [String], _ separator: String, of count: Int? = nil) -> String {
        shown(texts, of: count ?? texts.count).joined(separator: separator)
    }

    private static func shown(_ texts: [String], of count: Int) -> [String] {
        count > most + 1 ? texts[..<most] + ["\(count - most) more"] : texts
    }

    /// Others' text, fit for a terminal.
    static func clean(_ text: String) -> String { TextEscape.escape(text.utf8, as: .line) }
}
