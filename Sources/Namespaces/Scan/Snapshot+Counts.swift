import Linux

extension Snapshot {
    /// How many holders of each kind every namespace has, by its position; each list in the order of `Holder.Kind`. What `holders()` would
    /// list is only counted here.
    func holderCounts() -> [[Int]] {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: Holder.Kind.allCases.count), count: namespaces.count)
        func add(_ kind: Holder.Kind, _ position: Int) { counts[position][Holder.Kind.allCases.firstIndex(of: kind)!] += 1 }
        let forChildren: [(link: Int, own: Int)] = [.pid, .time].enumerated().map { place, type in
            (NamespaceType.allCases.count + place, NamespaceType.allCases.firstIndex(of: type)!)
        }
        for process in processes.indices {
            let first = process * Inspect.links.count
            let kind: Holder.Kind = processes[process].isOver ? .zombie : .process
            for link in NamespaceType.allCases.indices where places[first + link] >= 0 { add(kind, Int(places[first + link])) }
            for (link, own) in forChildren where places[first + link] >= 0 && places[first + link] != places[first + own] {
                add(.for_children, Int(places[first + link]))
            }
        }
        for (position, namespace) in namespaces.enumerated() {
            for holder in namespace.holders { add(holder.kind, position) }
            if let parent = namespace.parent.flatMap({ self.position(of: $0) }) { add(.child, parent) }
            if namespace.owner != namespace.parent, let owner = namespace.owner.flatMap({ self.position(of: $0) }) { add(.owned, owner) }
        }
        return counts
    }
}
