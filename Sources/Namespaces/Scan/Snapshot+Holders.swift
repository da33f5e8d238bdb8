import Linux

extension Snapshot {
    /// Everything that was seen to hold a namespace, or that may: by kind, in the order of `Holder.Kind`, then by pid, thread,
    /// descriptor and path.
    public func holders(of key: NamespaceKey) -> [Holder] {
        guard let position = position(of: key) else { return [] }
        var seats: [Seat] = []
        for process in processes.indices {
            for link in Inspect.links.indices where places[process * Inspect.links.count + link] == position {
                seats.append(Seat(process: process, link: link))
            }
        }
        return holders(at: position, seats, children: children(of: key), owned: owned(by: key))
    }

    /// The holders of every namespace, by its position in `namespaces`: in one pass, for who wants them all.
    public func holders() -> [[Holder]] {
        var seats = [[Seat]](repeating: [], count: namespaces.count)
        for process in processes.indices {
            for link in Inspect.links.indices {
                let place = places[process * Inspect.links.count + link]
                if place >= 0 { seats[Int(place)].append(Seat(process: process, link: link)) }
            }
        }
        var children = [[NamespaceKey]](repeating: [], count: namespaces.count)
        var owned = children
        for namespace in namespaces {
            if let parent = namespace.parent.flatMap({ position(of: $0) }) { children[parent].append(namespace.key) }
            if namespace.owner != namespace.parent, let owner = namespace.owner.flatMap({ position(of: $0) }) {
                owned[owner].append(namespace.key)
            }
        }
        return namespaces.indices.map { holders(at: $0, seats[$0], children: children[$0], owned: owned[$0]) }
    }

    /// A link of a process, both by position.
    private struct Seat {
        var process, link: Int
    }

    private func holders(at position: Int, _ seats: [Seat], children: [NamespaceKey], owned: [NamespaceKey]) -> [Holder] {
        var holders = seats.compactMap { holder($0) } + namespaces[position].holders
        for child in children { holders.append(Holder(.child, of: child)) }
        for other in owned { holders.append(Holder(.owned, of: other)) }
        return holders.sorted()
    }

    /// What a link makes of its process; nil for the namespace of its children if it is its own too.
    private func holder(_ seat: Seat) -> Holder? {
        let process = processes[seat.process]
        let isForChildren = seat.link >= NamespaceType.allCases.count
        if isForChildren {
            let own = NamespaceType.allCases.firstIndex(of: seat.link == NamespaceType.allCases.count ? .pid : .time)!
            let first = seat.process * Inspect.links.count
            if places[first + own] == places[first + seat.link] { return nil }
        }
        var holder = Holder(isForChildren ? .for_children : process.isOver ? .zombie : .process)
        holder.pid = process.pid
        return holder
    }
}

extension Holder {
    /// A namespace that another one is held by.
    init(_ kind: Kind, of namespace: NamespaceKey) {
        self.init(kind)
        self.namespace = namespace
    }
}

extension Holder: Comparable {
    /// By kind, then by process, thread, descriptor, mnt namespace, path, and namespace.
    public static func < (a: Holder, b: Holder) -> Bool {
        if a.kind != b.kind { return Kind.allCases.firstIndex(of: a.kind)! < Kind.allCases.firstIndex(of: b.kind)! }
        let left = (a.pid ?? 0, a.tid ?? 0, a.descriptor ?? -1, a.mountNamespace ?? 0)
        let right = (b.pid ?? 0, b.tid ?? 0, b.descriptor ?? -1, b.mountNamespace ?? 0)
        if left != right { return left < right }
        if a.path != b.path { return (a.path ?? []).lexicographicallyPrecedes(b.path ?? []) }
        guard let x = a.namespace, let y = b.namespace else { return false }
        return x < y
    }
}
