import Linux

extension Snapshot {
    /// The snapshot without whatever tells one machine, or one run, from another: numbers, names, ids, paths, times. What is left is the
    /// shape, and its namespaces and processes are numbered in an order that follows from the shape: the same set-up gives the same text.
    ///
    /// Processes that are in initial namespaces only are left out, and so is what holds those: both are the machine's own business.
    public func anonymised() -> Snapshot { Anonymiser(self).result() }
}

extension Snapshot {
    /// How many namespaces are above one: parents, or else owners.
    fileprivate func depth(of namespace: Namespace) -> Int {
        var depth = 1
        var next = namespace.parent ?? namespace.owner
        while let key = next, let above = self[key] {
            depth += 1
            next = above.parent ?? above.owner
        }
        return depth
    }
}

/// Numbers namespaces by their shape.
private struct Anonymiser {
    private let snapshot: Snapshot
    private let groups: [ProcessGroup]
    /// For each namespace, its colour: those of one colour look alike from everywhere. In ascending order of what they look like.
    private var colours: [Int]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        groups = ProcessGroup.all(snapshot).filter { !$0.isInitial(snapshot) }
        colours = []
        let counts = snapshot.holderCounts()
        colours = Anonymiser.ranks(
            snapshot.namespaces.enumerated().map { position, namespace in
                let type = namespace.key.type.ordinal
                return namespace.isInitial ? [0, type] : [snapshot.depth(of: namespace), type] + counts[position]
            })
        refine()
    }

    /// Tells apart what has different things around it, until nothing changes any more.
    private mutating func refine() {
        let above = snapshot.namespaces.map { namespace in
            [namespace.owner, namespace.parent].map { $0.flatMap { snapshot.position(of: $0) } }
        }
        var count = Set(colours).count
        while true {
            var around = colours.indices.map { position in
                [colours[position]] + above[position].map { $0.map { colours[$0] } ?? -1 }
            }
            var below = [[Int]](repeating: [], count: colours.count)
            for (position, others) in above.enumerated() {
                for (kind, other) in others.enumerated() { if let other { below[other].append(colours[position] * 2 + kind) } }
            }
            for group in groups {
                // A group looks like its namespaces do.
                let look = group.seats.map { $0 < 0 ? -1 : colours[Int($0)] }
                for seat in group.seats where seat >= 0 && !snapshot.namespaces[Int(seat)].isInitial { around[Int(seat)] += look }
            }
            for position in around.indices { around[position] += [-2] + below[position].sorted() }
            colours = Anonymiser.ranks(around)
            let now = Set(colours).count
            if now == count { return }
            count = now
        }
    }

    /// The rank of each list among all, the same for equal ones.
    private static func ranks(_ lists: [[Int]]) -> [Int] {
        let order = lists.indices.sorted { lists[$0].lexicographicallyPrecedes(lists[$1]) }
        var ranks = [Int](repeating: 0, count: lists.count)
        var rank = 0
        for (place, position) in order.enumerated() {
            if place > 0, lists[position] != lists[order[place - 1]] { rank += 1 }
            ranks[position] = rank
        }
        return ranks
    }

    /// What is left.
    func result() -> Snapshot {
        var result = Snapshot()
        result.isAnonymous = true
        result.types = snapshot.types
        result.users = [:]
        result.costs = snapshot.costs.map { Snapshot.Cost(source: $0.source, seconds: 0, looked: 0) }
        let keys = newKeys()
        let order = keys.indices.sorted { keys[$0] < keys[$1] }
        let members = groups.sorted { ($0.seats.map { look($0, keys) }).lexicographicallyPrecedes($1.seats.map { look($0, keys) }) }
            .flatMap(\.members)
        let pids = Dictionary(
            members.enumerated().map { (snapshot.processes[$1].pid, Int32($0 + 1)) }, uniquingKeysWith: { first, _ in first })
        func key(_ old: NamespaceKey?) -> NamespaceKey? { old.flatMap { snapshot.position(of: $0) }.map { keys[$0] } }
        func anonymous(_ holder: Holder) -> Holder {
            var new = Holder(holder.kind)
            new.isCertain = holder.isCertain
            new.pid = holder.pid.flatMap { pids[$0] }
            new.namespace = key(holder.namespace)
            new.mountNamespace = key(holder.mountNamespace.map { NamespaceKey(.mnt, $0) })?.inode
            return new
        }
        result.namespaces = order.map { position in
            let old = snapshot.namespaces[position]
            var new = Snapshot.Namespace(keys[position])
            new.owner = key(old.owner)
            new.parent = key(old.parent)
            new.isInitial = old.isInitial
            if !old.isInitial { new.holders = old.holders.map(anonymous).sorted() }
            return new
        }
        var moved = [Int32](repeating: -1, count: order.count)
        for (new, old) in order.enumerated() { moved[old] = Int32(new) }
        for (number, member) in members.enumerated() {
            var process = Snapshot.Process(Int32(number + 1))
            process.parent = pids[snapshot.processes[member].parent] ?? 0
            process.isZombie = snapshot.processes[member].isZombie
            result.processes.append(process)
            let first = member * LinkReader.count
            result.places += snapshot.places[first..<(first + LinkReader.count)].map { $0 < 0 ? -1 : moved[Int($0)] }
        }
        result.ownPid = pids[snapshot.ownPid] ?? 0
        return result
    }

    /// New names: the namespaces of each type, from 1, in the order of their looks.
    private func newKeys() -> [NamespaceKey] {
        var keys = snapshot.namespaces.map(\.key)
        var last: [NamespaceType: UInt64] = [:]
        for position in keys.indices.sorted(by: { (colours[$0], keys[$0]) < (colours[$1], keys[$1]) }) {
            let type = keys[position].type
            last[type, default: 0] += 1
            keys[position] = NamespaceKey(type, last[type]!)
        }
        return keys
    }

    private func look(_ seat: Int32, _ keys: [NamespaceKey]) -> Int { seat < 0 ? 0 : Int(keys[Int(seat)].inode) }
}
