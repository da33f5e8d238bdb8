import Linux

extension Snapshot {
    /// For each namespace, by its position, a path by which it can be opened; nil where nothing was seen that has one. In a /proc of nssh's
    /// own pid namespace, and from nssh's own root. Made of numbers, the names of links, and mount points; of a snapshot that was read, the
    /// descriptors and mount points that were found to be that namespace here.
    public func openPaths() -> [[UInt8]?] {
        var paths = [[UInt8]?](repeating: nil, count: namespaces.count)
        for (index, place) in places.enumerated() where place >= 0 && paths[Int(place)] == nil { paths[Int(place)] = link(index) }
        for position in paths.indices where paths[position] == nil { paths[position] = openPath(byHoldersOf: namespaces[position]) }
        return paths
    }

    /// A path by which a namespace can be opened; nil where nothing was seen that has one.
    public func openPath(of key: NamespaceKey) -> [UInt8]? {
        guard let position = position(of: key) else { return nil }
        for (index, place) in places.enumerated() where place == position { if let path = link(index) { return path } }
        return openPath(byHoldersOf: namespaces[position])
    }

    /// The link of a place; nil for that of an unborn pid namespace, which is not there yet.
    private func link(_ index: Int) -> [UInt8]? {
        let process = processes[index / LinkReader.count]
        let link = index % LinkReader.count
        if link == LinkReader.pidForChildren, process.hasUnborn { return nil }
        return Array("/proc/\(process.pid)/ns/\(Inspect.links[link])".utf8)
    }

    private func openPath(byHoldersOf namespace: Namespace) -> [UInt8]? {
        for holder in namespace.holders where holder.isCertain && holder.remark == nil && !holder.isHearsay {
            switch (holder.kind, holder.pid) {
            case (.thread, let pid?):
                guard let tid = holder.tid else { continue }
                return Array("/proc/\(pid)/task/\(tid)/ns/\(Inspect.links[holder.link ?? namespace.key.type.ordinal])".utf8)
            case (.descriptor, let pid?):
                guard let number = holder.descriptor else { continue }
                return Array("/proc/\(pid)\(holder.tid.map { "/task/\($0)" } ?? "")/fd/\(number)".utf8)
            case (.mount, _):
                guard let path = holder.path, let mnt = holder.mountNamespace, !holder.isCovered else { continue }
                if mnt == mountNamespace { return path }
                guard let member = member(of: NamespaceKey(.mnt, mnt)) else { continue }
                return Array("/proc/\(member)/root".utf8) + path
            default: continue
            }
        }
        return nil
    }
}
