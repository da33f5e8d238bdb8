import Linux

extension Snapshot {
    /// The part that a filter lets through: those namespaces, and what owns them and is above them; the processes that are in one of these
    /// which the kernel has not made at boot, and the process that the filter asks for.
    public func part(_ filter: NamespaceList.Filter) -> Snapshot {
        if filter.isEmpty { return self }
        var isKept = [Bool](repeating: false, count: namespaces.count)
        for row in NamespaceList(self, filter).rows {
            var pending = [row.namespace.key]
            while let key = pending.popLast() {
                guard let position = position(of: key), !isKept[position] else { continue }
                isKept[position] = true
                pending += [namespaces[position].owner, namespaces[position].parent].compactMap { $0 }
            }
        }
        return keeping(isKept) { process in
            if filter.pid == processes[process].pid { return true }
            return self.seats(of: process).contains { $0 >= 0 && isKept[Int($0)] && !namespaces[Int($0)].isInitial }
        }
    }

    /// The positions of a process's namespaces, by type; -1 for none.
    func seats(of process: Int) -> ArraySlice<Int32> {
        places[(process * LinkReader.count)..<(process * LinkReader.count + NamespaceType.allCases.count)]
    }

    /// A part: some namespaces, by their positions, and some processes.
    private func keeping(_ isKept: [Bool], _ isWanted: (Int) -> Bool) -> Snapshot {
        var part = self
        var moved = [Int32](repeating: -1, count: namespaces.count)
        var count: Int32 = 0
        for position in namespaces.indices where isKept[position] {
            moved[position] = count
            count += 1
        }
        part.namespaces = namespaces.indices.filter { isKept[$0] }.map { namespaces[$0] }
        part.processes = []
        part.places = []
        for process in processes.indices where isWanted(process) {
            part.processes.append(processes[process])
            let first = process * LinkReader.count
            part.places += places[first..<(first + LinkReader.count)].map { $0 < 0 ? -1 : moved[Int($0)] }
        }
        return part
    }
}
