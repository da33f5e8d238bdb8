import Linux

extension Snapshot {
    /// What has changed between two snapshots.
    public struct Difference: Sendable {
        /// A namespace that is in both, and what holds it now, or has ceased to.
        public struct Change: Sendable {
            /// Which.
            public var key: NamespaceKey
            /// The new holders.
            public var came: [Holder] = []
            /// Those that are gone.
            public var went: [Holder] = []
        }

        /// Namespaces that were not there before, with what holds them.
        public var born: [(key: NamespaceKey, holders: [Holder])] = []
        /// Namespaces that are there no more, with what held them.
        public var died: [(key: NamespaceKey, holders: [Holder])] = []
        /// What has changed of others.
        public var changed: [Change] = []
        /// What only one of the two has looked through, or not to its end: it counts for nothing.
        public var ignored: [Source] = []

        /// Whether nothing has changed.
        public var isEmpty: Bool { born.isEmpty && died.isEmpty && changed.isEmpty }
    }

    /// What is new here and what is gone since an earlier snapshot. An inode number that was used again, under another id, is a death
    /// and a birth.
    public func since(_ before: Snapshot) -> Difference {
        let common = Common(self, before)
        var difference = Difference()
        difference.ignored = Source.allCases.filter { source in
            looked(at: source) != before.looked(at: source) || looked(at: source) && !common.sources.contains(source)
        }
        let (old, new) = (before.holders(), holders())
        var (left, right) = (0, 0)
        while left < before.namespaces.count || right < namespaces.count {
            let gone = left < before.namespaces.count ? before.namespaces[left] : nil
            let come = right < namespaces.count ? namespaces[right] : nil
            let isSame = gone?.key == come?.key
            if let gone, isSame || come == nil || gone.key < come!.key {
                let isOther = !isSame || gone.id != nil && come?.id != nil && gone.id != come?.id
                let holders = common.holders(old[left])
                if isOther, common.has(gone.key, holders) { difference.died.append((gone.key, holders)) }
                if isOther, isSame { difference.born.append((gone.key, common.holders(new[right]))) }
                if !isOther {
                    let change = Difference.Change(gone.key, holders, common.holders(new[right]))
                    if !change.came.isEmpty || !change.went.isEmpty { difference.changed.append(change) }
                }
                left += 1
                if isSame { right += 1 }
            } else if let come {
                let holders = common.holders(new[right])
                if common.has(come.key, holders) { difference.born.append((come.key, holders)) }
                right += 1
            }
        }
        return difference
    }

    /// What two snapshots have both looked at.
    private struct Common {
        let types: [NamespaceType]
        let sources: [Source]

        init(_ a: Snapshot, _ b: Snapshot) {
            types = a.types.filter { b.types.contains($0) }
            sources = Source.allCases.filter { source in
                [a, b].allSatisfy { snapshot in snapshot.looked(at: source) && !snapshot.leftOut.contains { $0.source == source } }
            }
        }

        func holders(_ all: [Holder]) -> [Holder] { all.filter { sources.contains($0.kind.source) } }

        func has(_ key: NamespaceKey, _ holders: [Holder]) -> Bool { types.contains(key.type) && !holders.isEmpty }
    }
}

extension Snapshot.Difference.Change {
    fileprivate init(_ key: NamespaceKey, _ old: [Holder], _ new: [Holder]) {
        self.key = key
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if left == old.count || right < new.count && new[right] < old[left] {
                came.append(new[right])
                right += 1
            } else if right == new.count || old[left] < new[right] {
                went.append(old[left])
                left += 1
            } else {
                left += 1
                right += 1
            }
        }
    }
}

extension Holder.Kind {
    /// Which discoverer finds it.
    var source: Snapshot.Source {
        switch self {
        case .process, .for_children, .zombie: .processes
        case .thread: .tasks
        case .descriptor: .fds
        case .socket, .tun: .sockets
        case .mount, .procfs: .mounts
        case .child, .owned: .relations
        case .in_flight, .io_uring, .proc_file, .cgroup_file, .fs_context, .shared_memory, .pidfd: .deep
        }
    }
}
