import CLinux
import Glibc
import Linux

/// Mounts that hold namespaces, in every mnt namespace: bound namespaces (nsfs) and procfs.
///
/// A kernel since 6.12 walks over the mnt namespaces that nssh has power over, those without a process too, and lists their mounts; the
/// others are read from the mountinfo of a process in them. What all that may cost is limited: `MountBudget`.
extension Scan {
    /// - Returns: the number of mounts.
    func lookThroughMounts() throws(Failure) -> Int {
        var inhabited = findInhabited()
        snapshot.mountNamespace = try? Inspect.inode(.own, .mnt)
        var seen: Set<UInt64> = []
        mountBudget = MountBudget()
        let refusal = try walk { (inode, descriptor, table) throws(Failure) in
            try pause(.mounts, seen.count, seen.count + inhabited.count)
            seen.insert(inode)
            let processes = inhabited.removeValue(forKey: inode)?.processes ?? []
            let namespace = MountNamespace(inode: inode, processes: processes, descriptor: descriptor)
            if options.types.contains(.mnt), case let place = position(of: NamespaceKey(.mnt, inode)), isOutOfReach(place),
                let handle = try? NamespaceHandle(descriptor, target: self[place].key.link)
            {
                relate(handle)
            }
            look(through: table, of: namespace)
        }
        if let refusal { note(unreadable: "mnt namespaces without a process", refusal, in: .mounts) }
        for namespace in inhabited.values.sorted(by: { $0.inode < $1.inode }) {
            try pause(.mounts, seen.count, seen.count + inhabited.count)
            seen.insert(namespace.inode)
            if let table = try mountinfo(of: namespace) { look(through: table, of: namespace) }
        }
        try lookThroughKnown { !seen.insert($0).inserted }
        noteProcfsMounts()
        return mountBudget.looked
    }

    /// Looks into the mnt namespaces that are known by descriptors and mounts only, where the walk did not come to them.
    private func lookThroughKnown(_ isSeen: (UInt64) -> Bool) throws(Failure) {
        // What is found in one may be another.
        var position: Int32 = 0
        while position < Int32(count) {
            defer { position += 1 }
            let key = self[position].key
            guard key.type == .mnt, !isSeen(key.inode), let handle = boundMountNamespaces.removeValue(forKey: key.inode) ?? open(position)
            else { continue }
            try pause(.mounts, Int(position), count)
            try look(at: handle.descriptor) { (inode, descriptor, table) throws(Failure) in
                look(through: table, of: MountNamespace(inode: inode, descriptor: descriptor))
            }
        }
    }

    /// The mnt namespaces that processes are in, by inode number.
    private func findInhabited() -> [UInt64: MountNamespace] {
        var found: [UInt64: MountNamespace] = [:]
        for index in snapshot.processes.indices {
            let inode: UInt64
            if options.types.contains(.mnt) {
                let place = snapshot.places[index * LinkReader.count + NamespaceType.mnt.ordinal]
                if place < 0 { continue }
                inode = self[place].key.inode
            } else {
                guard case .inode(let seen) = Inspect.look("\(numbers[index])/ns/mnt", below: Proc.root) else { continue }
                inode = seen
            }
            if found[inode, default: MountNamespace(inode: inode)].processes.count < 4 {
                found[inode, default: MountNamespace(inode: inode)].processes.append(numbers[index])
            }
        }
        return found
    }

    /// Walks over the mnt namespaces that nssh has power over, and its own.
    ///
    /// - Returns: why there may be others that no process is in; nil when there are none.
    private func walk(_ body: (UInt64, Descriptor, MountTable) throws(Failure) -> Void) throws(Failure) -> Errno? {
        let own = try Proc.open("self/ns/mnt", flags: O_RDONLY)
        var id: UInt64 = 0
        var mounts: UInt32 = 0
        if nssh_mntns_info(own.raw, &id, &mounts) < 0 { return .last }
        try look(at: own, body)
        for backwards: Int32 in [0, 1] {
            var current = own
            while true {
                let raw = nssh_mntns_next(current.raw, backwards)
                if raw < 0 {
                    let errno = Errno.last
                    if errno.rawValue == ENOENT { break }
                    return errno
                }
                current = Descriptor(raw)
                try look(at: current, body)
            }
        }
        // The kernel steps over those that nssh has no power over.
        let isInFirst = (try? Inspect.inode(.own, .user)) == Limits.initialInode
        return isInFirst && Capabilities.effective(contains: [.sysAdmin]) ? nil : Errno(rawValue: EPERM)
    }

    private func look(
        at namespace: Descriptor, _ body: (UInt64, Descriptor, MountTable) throws(Failure) -> Void
    ) throws(Failure) {
        var id: UInt64 = 0
        var mounts: UInt32 = 0
        var info = stat()
        guard nssh_mntns_info(namespace.raw, &id, &mounts) == 0, fstat(namespace.raw, &info) == 0 else { return }
        mountBudget.start()
        let table: MountTable
        do throws(Failure) { table = try MountTable(mntns: id, count: Int(mounts), mountBudget) } catch {
            if error.code == Failure.interrupted.code { throw error }
            // Without power over its own, or where a kernel has the walk and not the list, mountinfo is left.
            return
        }
        try body(UInt64(info.st_ino), namespace, table)
    }

    /// What a process sees of the mounts of its mnt namespace; nil when no process there lets nssh read it.
    private func mountinfo(of namespace: MountNamespace) throws(Failure) -> MountTable? {
        for number in namespace.processes {
            mountBudget.start()
            do throws(Failure) {
                let info = try MountInfo(String(number), mountBudget)
                // It may have moved since it was looked at.
                guard case .inode(namespace.inode) = Inspect.look("\(number)/ns/mnt", below: Proc.root) else { continue }
                return MountTable(info, mountBudget)
            } catch {
                if error.code == Failure.interrupted.code { throw error }
                guard number == namespace.processes.last, let errno = error.errno else { continue }
                // What has ended has no mounts any more.
                if errno.rawValue == EINVAL { continue }
                note(unreadable: "/proc/\(number)/mountinfo", pid: Proc.pid(at: number), errno, in: .mounts)
            }
        }
        return nil
    }

    /// Notes what the mounts of a mnt namespace hold, and what was not looked at.
    private func look(through table: MountTable, of namespace: MountNamespace) {
        let looked = hold(table, namespace)
        if table.isWhole, looked == table.entries.count { return }
        snapshot.unreadable.append(
            Snapshot.Unreadable(
                source: .mounts, target: NamespaceKey(.mnt, namespace.inode).link, errno: Errno(rawValue: E2BIG),
                reason: MountBudget.words(looked, of: table.count.map { max($0, looked + 1) })))
    }

    /// Notes what the mounts of a mnt namespace hold.
    ///
    /// - Returns: how many were looked at.
    private func hold(_ table: MountTable, _ namespace: MountNamespace) -> Int {
        if options.deep { for entry in table.entries { mountNamespaces[entry.oldId] = namespace.inode } }
        // As much again as it may cost to list them.
        mountBudget.start()
        for (done, entry) in table.entries.enumerated() {
            guard let kind = entry.kind else { continue }
            if mountBudget.isSpent { return done }
            guard let place = table.place(of: entry) else { continue }
            let isCovered = table.isCovered(entry)
            var holder = Holder(kind == .nsfs ? .mount : .procfs)
            // What nssh's own root does not lead to has none.
            if !place.point.isEmpty { holder.path = place.point }
            holder.mountNamespace = namespace.inode
            holder.isCovered = isCovered
            switch kind {
            case .nsfs:
                guard let (type, inode) = Target.readLink(place.root.lossy), options.types.contains(type) else { continue }
                let key = NamespaceKey(type, inode)
                note(holder, of: key)
                if isCovered || !isOutOfReach(position(of: key)) { continue }
                if let handle = open(key, at: place.point, in: namespace) {
                    relate(handle)
                    if type == .mnt { boundMountNamespaces[inode] = handle }
                } else {
                    mountBudget.chargeFailure()
                }
            case .procfs:
                guard options.types.contains(.pid) else { continue }
                let isWhole = place.root == [UInt8(ascii: "/")]
                if !isWhole { holder.root = place.root }
                let isRoot = !isCovered && isWhole
                look(atProcfs: holder, entry.device) { isDevice in
                    guard isRoot else { return nil }
                    let file = namespace.open(place.point, isDevice)
                    if file == nil { mountBudget.chargeFailure() }
                    return file
                }
            }
        }
        return table.entries.count
    }

    /// The namespaces that were seen bound to a path, in whatever mnt namespace.
    func bound(at path: [UInt8]) -> [NamespaceKey] {
        (0..<Int32(count)).filter { self[$0].holders.contains { $0.kind == .mount && $0.path == path } }.map { self[$0].key }
    }

    /// Opens a namespace that is bound to a path; nil when there is no way to it.
    private func open(_ key: NamespaceKey, at path: [UInt8], in namespace: MountNamespace) -> NamespaceHandle? {
        let file = namespace.open(path) { file in
            var info = stat()
            return nssh_is_nsfs(file.raw) == 1 && fstat(file.raw, &info) == 0 && UInt64(info.st_ino) == key.inode
        }
        // A descriptor of O_PATH takes no ioctl(2).
        guard let file, let handle = try? NamespaceHandle(Proc.open("self/fd/\(file.raw)", flags: O_RDONLY), target: key.link),
            handle.key == key
        else { return nil }
        return handle
    }
}
