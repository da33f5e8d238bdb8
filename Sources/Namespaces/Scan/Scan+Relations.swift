import CLinux
import Glibc
import Linux

/// Ids, owners and parents: each namespace is opened once, and what it leads to is added, up to the root. ioctl_nsfs(2)
extension Scan {
    /// - Returns: the number of namespaces.
    func lookAtRelations() throws(Failure) -> Int {
        for position in unrelated {
            try pause(.relations, Int(position), count)
            if let handle = open(position) { relate(handle) }
        }
        lookAtListed()
        markInitial()
        for position in 0..<Int32(count) where self[position].key.type == .user { readMaps(position) }
        return count
    }

    /// Asks a namespace that discoverers have found for its id, owner and parent, and those the same. Those that only a discoverer knows
    /// how to open are related by it; all others at the end.
    func relate(_ handle: NamespaceHandle) {
        var pending = [handle]
        while let handle = pending.popLast() {
            if handle.inode == wanted?.inode, wanted?.type == nil || wanted?.type == handle.type { found = found ?? handle }
            let place = position(of: handle.key)
            if markRelated(place) { continue }
            self[place].id = try? handle.id()
            self[place].isInitial = handle.isInitial
            if handle.type == .net { self[place].netnsId = netnsIds.id(of: handle.descriptor) }
            if handle.type == .user { self[place].ownerUid = try? handle.ownerUid() }
            if let owner = try? handle.userns() {
                self[place].owner = owner.key
                pending.append(owner)
            }
            if handle.type == .pid || handle.type == .user, let parent = try? handle.parent() {
                self[place].parent = parent.key
                pending.append(parent)
            }
        }
    }

    /// Opens a namespace where it was seen; nil when that has gone, or is not open to nssh.
    func open(_ position: Int32) -> NamespaceHandle? {
        let key = self[position].key
        func open(_ path: String) -> NamespaceHandle? {
            guard let file = try? Proc.open(path, flags: O_RDONLY),
                let handle = try? NamespaceHandle(file, target: key.link), handle.key == key
            else { return nil }
            return handle
        }
        func link(_ place: Int) -> String { "\(numbers[place / LinkReader.count])/ns/\(Inspect.links[place % LinkReader.count])" }
        let first = Int(firsts[Int(position)])
        if first >= 0 {
            if let handle = open(link(first)) { return handle }
            for place in snapshot.places.indices where place > first && snapshot.places[place] == position {
                if let handle = open(link(place)) { return handle }
            }
        }
        for holder in self[position].holders {
            guard let pid = holder.pid, let directory = try? Proc.name(of: pid) else { continue }
            switch holder.kind {
            case .thread:
                guard let tid = holder.tid else { continue }
                if let handle = open("\(directory)/task/\(tid)/ns/\(Inspect.links[holder.link ?? key.type.ordinal])") { return handle }
            case .descriptor:
                guard let number = holder.descriptor else { continue }
                let task = holder.tid.map { "/task/\($0)" } ?? ""
                if let handle = try? NamespaceHandle(descriptorAt: "\(directory)\(task)/fd/\(number)", target: key.link), handle.key == key
                {
                    return handle
                }
            default: continue
            }
        }
        return nil
    }

    /// Adds what nothing else has shown, on kernels that list all namespaces: what holds it is not to be seen. listns(2)
    private func lookAtListed() {
        guard Feature.listns.isSupported else { return }
        var known = Set<UInt64>()
        for position in 0..<Int32(count) { if let id = self[position].id { known.insert(id) } }
        var ids = [UInt64](repeating: 0, count: 512)
        var last: UInt64 = 0
        while true {
            let found = nssh_listns(last, &ids, ids.count)
            if found <= 0 { return }
            for id in ids.prefix(found) where !known.contains(id) {
                guard let handle = NamespaceHandle(id: id), options.types.contains(handle.type) else { continue }
                relate(handle)
            }
            last = ids[found - 1]
        }
    }

    /// Where the first mnt and net namespaces have no fixed number, the kernel's own threads tell: process 2 starts them all.
    private func markInitial() {
        for type in [NamespaceType.mnt, .net] where options.types.contains(type) {
            guard !(0..<Int32(count)).contains(where: { self[$0].key.type == type && self[$0].isInitial }),
                let index = numbers.firstIndex(of: 2), status.read(2)?.parent == 0,
                case .inode(NamespaceHandle.initialPid) = Inspect.look("2/ns/pid", below: Proc.root)
            else { continue }
            let place = snapshot.places[index * LinkReader.count + type.ordinal]
            if place >= 0 { self[place].isInitial = true }
        }
    }

    /// The maps of a user namespace, through the eyes of nssh's own, at the first process in it. user_namespaces(7)
    private func readMaps(_ position: Int32) {
        let first = Int(firsts[Int(position)])
        guard first >= 0 else { return }
        let number = numbers[first / LinkReader.count]
        self[position].uidMap = Scan.map((try? Proc.read("\(number)/uid_map")) ?? [])
        self[position].gidMap = Scan.map((try? Proc.read("\(number)/gid_map")) ?? [])
    }

    private static func map(_ text: [UInt8]) -> [Snapshot.IdRange] {
        text.split(separator: 10).compactMap { line in
            let words = line.split(separator: 32).compactMap { UInt32(Array($0).lossy) }
            return words.count == 3 ? Snapshot.IdRange(inside: words[0], outside: words[1], count: words[2]) : nil
        }
    }
}

extension NamespaceHandle {
    /// Its name in a snapshot.
    public var key: NamespaceKey { NamespaceKey(type, inode) }

    /// The namespace of an id; nil when it is gone, or out of nssh's power, or on kernels without listns(2). open_by_handle_at(2)
    convenience init?(id: UInt64) {
        let raw = nssh_ns_from_id(id)
        if raw < 0 { return nil }
        try? self.init(Descriptor(raw), target: "namespace \(id)")
    }

    /// PROC_PID_INIT_INO of the kernel.
    static let initialPid: UInt64 = 0xEFFF_FFFC

    /// Whether the kernel made it at boot: those have fixed numbers, mnt and net only on newer kernels.
    var isInitial: Bool { (0xEFFF_FFF8...0xEFFF_FFFF).contains(inode) }
}
