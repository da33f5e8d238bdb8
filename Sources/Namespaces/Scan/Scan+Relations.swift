import CLinux
import Glibc
import Linux

/// Ids, owners and parents: each namespace is opened once, and what it leads to is added, up to the root. ioctl_nsfs(2)
extension Scan {
    /// - Returns: the number of namespaces that were opened.
    func lookAtRelations() throws(Failure) -> Int {
        var handles: [NamespaceKey: NamespaceHandle] = [:]
        for process in snapshot.processes.indices {
            for link in Inspect.links.indices {
                let place = snapshot.places[process * Inspect.links.count + link]
                guard place >= 0, handles[self[place].key] == nil else { continue }
                let path = "\(snapshot.processes[process].pid)/ns/\(Inspect.links[link])"
                guard let handle = try? NamespaceHandle(Proc.open(path, flags: O_RDONLY), target: self[place].key.link),
                    handle.inode == self[place].key.inode
                else { continue }
                handles[self[place].key] = handle
            }
        }
        var pending = Array(handles.values)
        while let handle = pending.popLast() {
            let place = position(of: handle.key)
            self[place].id = try? handle.id()
            self[place].isInitial = handle.isInitial
            if let owner = try? handle.userns() {
                self[place].owner = owner.key
                if handles.updateValue(owner, forKey: owner.key) == nil { pending.append(owner) }
            }
            if handle.type == .user { self[place].ownerUid = try? handle.ownerUid() }
            if handle.type == .pid || handle.type == .user, let parent = try? handle.parent() {
                self[place].parent = parent.key
                if handles.updateValue(parent, forKey: parent.key) == nil { pending.append(parent) }
            }
        }
        return handles.count
    }
}

extension NamespaceHandle {
    /// Its name in a snapshot.
    public var key: NamespaceKey { NamespaceKey(type, inode) }

    /// Whether the kernel made it at boot: those have fixed numbers.
    var isInitial: Bool { (0xEFFF_FFF8...0xEFFF_FFFF).contains(inode) }
}
