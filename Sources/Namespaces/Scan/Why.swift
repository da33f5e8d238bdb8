import Linux

/// Why a namespace is alive: what surely holds it, what may, what could not be seen, and how to let go of each.
public struct Why: Sendable {
    /// What is known of its life.
    public enum Life: Sendable {
        case alive, dead
        /// Nothing shows it, and it could be alive all the same.
        case unknown
    }

    /// Whether it lives.
    public var life: Life
    /// The namespace; nil when nothing with the number that was asked for was seen.
    public var key: NamespaceKey?
    /// What was asked for, in words: `net:[4026532281]`.
    public var subject: String
    /// Whether it is the first of its type, which nothing has to hold.
    public var isInitial = false
    /// What holds it for certain.
    public var certain: [Holder] = []
    /// What may hold it. What may hold any namespace of the type counts only where nothing is certain.
    public var suspects: [Holder] = []
    /// What may hold namespaces like this one and could not be looked at, or where nothing is certain shows nowhere; a sentence each without
    /// its full stop.
    public var unseen: [String] = []
    /// What lets go of it, in an order that works.
    public var release: [String] = []

    /// What holds it for certain, then what may.
    public var holders: [Holder] { certain + suspects }

    /// Whether something that was seen keeps it alive for certain.
    public var isExplained: Bool { isInitial || !certain.isEmpty }
}

extension Snapshot {
    /// Why a namespace is alive.
    ///
    /// - Parameter life: what is known besides the snapshot, from a weak reference; nil when nothing is.
    public func why(_ subject: Subject, life: WeakReference.State? = nil) -> Why {
        if let life, life.isCertain, !life.isAlive { return Why(life: .dead, key: nil, subject: subject.text) }
        guard let key = key(of: subject), let namespace = self[key] else {
            var why = Why(life: life?.isAlive == true ? .alive : .unknown, key: nil, subject: subject.text)
            why.suspects = suspects(for: subject.type)
            why.unseen = unseen(for: subject.type) + Snapshot.invisible(for: subject.type)
            return why
        }
        var why = Why(life: .alive, key: key, subject: key.link)
        why.isInitial = namespace.isInitial
        for holder in holders(of: key) {
            if holder.isCertain { why.certain.append(holder) } else { why.suspects.append(holder) }
        }
        why.unseen = unseen(for: key.type)
        if !why.isExplained {
            why.suspects += suspects(for: key.type)
            why.unseen += Snapshot.invisible(for: key.type)
        }
        if !why.isInitial { why.release = release(of: key) }
        return why
    }

    /// What may hold any namespace of a type (nil: of any). What holds one holds the user namespace that owns it.
    private func suspects(for type: NamespaceType?) -> [Holder] {
        suspects.filter { suspect in type.map { $0 == .user || suspect.types.contains($0) } ?? true }.map(\.holder)
    }

    /// What lets go of a namespace, in an order that works: what it is the parent or owner of goes first, and a mount before the
    /// processes through which it is reached.
    public func release(of key: NamespaceKey) -> [String] {
        var lines = Lines()
        var seen: Set<NamespaceKey> = []
        release(of: key, &lines, &seen)
        return lines.all
    }

    /// Lines, each once: there may be as many as there are mounts.
    private struct Lines {
        var all: [String] = []
        private var known: Set<String> = []

        mutating func appendNew(_ line: String) { if known.insert(line).inserted { all.append(line) } }
    }

    private func release(of key: NamespaceKey, _ lines: inout Lines, _ seen: inout Set<NamespaceKey>) {
        guard seen.insert(key).inserted else { return }
        let holders = holders(of: key).filter(\.isCertain)
        for holder in holders {
            if let other = holder.namespace { release(of: other, &lines, &seen) }
        }
        for holder in holders where holder.kind == .mount || holder.kind == .procfs {
            if let line = release(of: holder) {
                lines.appendNew(line)
            } else if let number = holder.mountNamespace, number != mountNamespace, member(of: NamespaceKey(.mnt, number)) == nil {
                // With it the mount goes.
                release(of: NamespaceKey(.mnt, number), &lines, &seen)
            }
        }
        // With PID 1 the others of its pid namespace end.
        let inits = key.type == .pid ? holders.filter { $0.kind == .process && isInit($0.pid ?? 0) } : []
        for holder in inits { release(of: holder).map { lines.appendNew($0) } }
        for holder in holders where holder.kind != .mount && holder.kind != .procfs {
            if !inits.isEmpty, holder.kind == .process || holder.kind == .zombie { continue }
            if let line = release(of: holder) { lines.appendNew(line) }
        }
    }

    /// What may hold a namespace of a type (nil: of any) and does not show in this snapshot.
    func unseen(for type: NamespaceType?) -> [String] {
        var texts: [String] = []
        for source in Source.allCases where !looked(at: source) && source.canHold(type) && source != .relations {
            texts.append("\(source.words) were not looked at")
        }
        var groups: [(source: Source, why: String, targets: [String])] = []
        for item in unreadable where item.source.canHold(type) {
            let target = item.pid.map { words(forProcess: $0) } ?? TextEscape.escape(item.target.utf8, as: .line)
            if let known = groups.firstIndex(where: { $0.source == item.source && $0.why == item.text }) {
                // What is unreadable of one process comes in a row.
                if groups[known].targets.last != target { groups[known].targets.append(target) }
            } else {
                groups.append((item.source, item.text, [target]))
            }
        }
        for (source, why, targets) in groups {
            let shown = targets.count > 3 ? "\(targets.count) processes, such as \(targets[0])" : targets.joined(separator: ", ")
            texts.append("\(source.words) of \(shown): \(TextEscape.escape(why.utf8, as: .line))")
        }
        return texts
    }

    /// What keeps a namespace of a type (nil: of any) and shows nowhere: it counts where nothing is certain.
    private static func invisible(for type: NamespaceType?) -> [String] {
        let all: [(type: NamespaceType, text: String)] = [
            (.user, "files that were opened in a user namespace hold it by their credentials, which nothing shows"),
            (
                .user,
                "file systems that were mounted in a user namespace hold it while something of them is open or mounted, which nothing shows"
            ),
            (.user, "unix sockets hold the user namespace of who connected them, which nothing shows"),
            (.pid, "unix sockets hold the pid namespace of who connected them, which nothing shows"),
            (.net, "TCP connections that are not at their end hold a net namespace when their processes are gone, which nothing shows"),
        ]
        return all.filter { type == nil || $0.type == type }.map(\.text)
    }
}

extension Snapshot.Source {
    /// Whether what it finds can hold a namespace of a type; of any if nil.
    func canHold(_ type: NamespaceType?) -> Bool { self != .sockets || type == .net || type == nil }

    /// What it looks through.
    public var words: String {
        switch self {
        case .processes: "namespaces"
        case .tasks: "threads"
        case .fds: "descriptors"
        case .sockets: "sockets"
        case .mounts: "mounts"
        case .relations: "owners and parents"
        case .deep: "descriptors in flight, io_uring files and open files of /proc"
        }
    }
}

extension ScanOptions {
    /// What to look through for one namespace of a type (nil: of one that is not known): what can hold it, and what it takes to say so in words.
    public static func directed(at type: NamespaceType?) -> ScanOptions {
        var options = ScanOptions()
        options.deep = true
        options.sockets = type == .net || type == nil
        // A user namespace owns namespaces of each type.
        if let type, type != .user { options.types = [NamespaceTypes(type), NamespaceTypes(.user), NamespaceTypes(.mnt)] }
        return options
    }
}

extension Array where Element: Equatable {
    /// Adds an element that is not there yet.
    mutating func appendNew(_ element: Element) { if !contains(element) { append(element) } }
}

extension [String] {
    /// `a, b, c and 12 more`.
    func shortened(to count: Int) -> String {
        if self.count <= count + 1 { return joined(separator: ", ") }
        return self[..<count].joined(separator: ", ") + " and \(self.count - count) more"
    }
}
