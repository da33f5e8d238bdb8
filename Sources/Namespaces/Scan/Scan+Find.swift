import Linux

/// Looks for one namespace, and no farther than it has to.
extension Scan {
    /// Opens a namespace that is known by its inode number, wherever something holds it: processes first, which is quick, then threads,
    /// descriptors, sockets, mounts, and what those lead to.
    ///
    /// - Parameter type: its type; nil where that is not known.
    /// - Returns: nil when nothing was found that nssh can open.
    static func find(_ inode: UInt64, _ type: NamespaceType?) throws(Failure) -> NamespaceHandle? {
        var options = ScanOptions.processes
        if let type { options.types = NamespaceTypes(type) }
        let scan = Scan(options)
        scan.wanted = (inode, type)
        func look(_ discover: () throws(Failure) -> Int) throws(Failure) -> NamespaceHandle? {
            _ = try discover()
            if let found = scan.found { return found }
            return scan.position(inode, type).flatMap { scan.open($0) }
        }
        if let found = try look({ () throws(Failure) in try scan.lookThroughProcesses() }) { return found }
        if let found = try look({ () throws(Failure) in try scan.lookThroughTasks() }) { return found }
        if let found = try look({ () throws(Failure) in try scan.lookThroughDescriptors() }) { return found }
        if let found = try look({ () throws(Failure) in try scan.lookThroughSockets() }) { return found }
        if let found = try look({ () throws(Failure) in try scan.lookThroughMounts() }) { return found }
        if let found = try look({ () throws(Failure) in try scan.lookAtRelations() }) { return found }
        guard let left = scan.snapshot.leftOut.first else { return nil }
        throw Failure(
            code: "ENOENT",
            "nothing that nssh has looked at holds a namespace with inode \(inode); not all was: "
                + "\(left.source.words) of \(left.target): \(left.text)",
            stage: "look through /proc", target: "inode \(inode)", hint: "a path or a process that leads to it does")
    }
}
