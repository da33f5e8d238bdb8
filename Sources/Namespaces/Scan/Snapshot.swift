import Linux

/// Every namespace that could be seen, at one moment, and what was seen of it; `Scan` takes it. A value without open files: it can be
/// kept, compared, and written to a file.
public struct Snapshot: Sendable {
    /// A namespace.
    public struct Namespace: Sendable {
        /// Its type and inode number.
        public var key: NamespaceKey
        /// The 64-bit id, never reused; nil where the kernel has none or it could not be opened. NS_GET_ID.
        public var id: UInt64?
        /// The user namespace that owns it; nil for the first one, out of scope, or where it could not be opened. NS_GET_USERNS.
        public var owner: NamespaceKey?
        /// Of a pid or user namespace, the one above. NS_GET_PARENT.
        public var parent: NamespaceKey?
        /// Of a user namespace, the uid that made it. NS_GET_OWNER_UID.
        public var ownerUid: UInt32?
        /// Of a user namespace, the lines of uid_map, as seen from nssh's own.
        public var uidMap: [IdRange] = []
        /// The lines of gid_map.
        public var gidMap: [IdRange] = []
        /// Of a net namespace, the number by which nssh's own knows it, -1 for none; nil where the kernel did not tell. RTM_GETNSID.
        public var netnsId: Int32?
        /// Whether it is the first of its type, which the kernel made at boot.
        public var isInitial = false
        /// What holds it besides processes, its children and what it owns: `Snapshot.holders(of:)` tells all.
        public var holders: [Holder] = []

        init(_ key: NamespaceKey) { self.key = key }
    }

    /// A line of uid_map or gid_map, user_namespaces(7).
    public struct IdRange: Equatable, Sendable {
        public var inside, outside, count: UInt32
    }

    /// A process.
    public struct Process: Sendable {
        /// In nssh's own pid namespace.
        public var pid: Int32
        /// Its numbers from nssh's pid namespace down to its own; empty where that is one. NSpid of proc_pid_status(5).
        public var innerPids: [Int32] = []
        /// The parent's pid; 0 where that is out of sight.
        public var parent: Int32 = 0
        /// The real user id, in nssh's user namespace.
        public var uid: UInt32 = 0
        /// The command's name, 15 bytes at most; nil when it was not read.
        public var name: String?
        /// The bytes of the name where they are not UTF-8: `name` is for the eye then.
        public var nameBytes: [UInt8]?
        /// The command line, words joined by blanks, cut where it is long; read of the first process of a namespace, nil for others and
        /// where there is none. proc_pid_cmdline(5).
        public var command: String?
        /// Whether it, or its first thread, has ended and waits to be reaped.
        public var isZombie = false
        /// Whether the pid namespace of its next children has no process yet, and so no link either.
        public var hasUnborn = false
        /// The number of threads; 0 when that was not read.
        public var threads: Int32 = 0

        init(_ pid: Int32) { self.pid = pid }

        /// Whether nothing is left of it but its number: the first thread of a process may end before the others.
        var isOver: Bool { isZombie && threads <= 1 }

        /// The name as it is; nil when it was not read.
        public var exactName: [UInt8]? { nameBytes ?? name.map { Array($0.utf8) } }

        /// Whether these bytes are the name: Strings are also equal where their bytes differ.
        func isCalled(_ bytes: [UInt8]) -> Bool { nameBytes.map { $0 == bytes } ?? name?.utf8.elementsEqual(bytes) ?? false }

        /// Takes a name of whatever bytes.
        mutating func setName(_ bytes: some Collection<UInt8>) {
            let text = String(decoding: bytes, as: UTF8.self)
            name = text
            nameBytes = text.utf8.elementsEqual(bytes) ? nil : Array(bytes)
        }
    }

    /// Something that could not be looked at.
    public struct Unreadable: Sendable {
        /// Which discoverer.
        public var source: Source
        /// What it wanted to read: `/proc/1/ns`.
        public var target: String
        /// The process, if it is about one.
        public var pid: Int32?
        /// The kernel's word; E2BIG where nssh has looked no farther.
        public var errno: Errno
        /// How far nssh has looked, where it is nssh that has made an end; nil otherwise.
        public var reason: String?

        /// Why, in words.
        public var text: String { reason ?? errno.text }
    }

    /// Something that holds, or may hold, a namespace of which only the type is known.
    public struct Suspect: Sendable {
        /// The types that it may hold one of.
        public var types: [NamespaceType]
        /// What it is; not certain.
        public var holder: Holder
    }

    /// Where namespaces are found: each is looked through by a discoverer of its own.
    public enum Source: String, CaseIterable, Sendable {
        case processes, tasks, fds, sockets, mounts, relations, deep
    }

    /// What a source cost and gave.
    public struct Cost: Sendable {
        /// Which.
        public var source: Source
        /// The time it took.
        public var seconds: Double
        /// How many things it looked at: processes, threads, descriptors, mounts.
        public var looked: Int
    }

    /// Whether names, numbers and ids were replaced, so that it tells nothing of a machine but its shape: see `anonymised`.
    public internal(set) var isAnonymous = false
    /// When it was taken, in seconds since 1970.
    public var time = 0.0
    /// The host's name, uname(2).
    public var host = ""
    /// The kernel's version, uname(2).
    public var kernel = ""
    /// The effective uid that looked.
    public var uid: UInt32 = 0
    /// nssh's own pid; it is among the processes.
    public var ownPid: Int32 = 0
    /// The names of the user ids in it; nil where nssh's own system knows them, as it does unless the snapshot was loaded.
    public internal(set) var users: [UInt32: String]?
    /// The inode number of the mnt namespace that nssh was in: the paths there are names that nssh can open. Nil where mounts were not
    /// looked at.
    public internal(set) var mountNamespace: UInt64?
    /// The types that were asked for, in order.
    public var types: [NamespaceType] = NamespaceType.allCases
    /// The namespaces, in ascending order of their keys.
    public internal(set) var namespaces: [Namespace] = []
    /// The processes, in ascending order.
    public internal(set) var processes: [Process] = []
    /// For each process the positions in `namespaces` of what its ten links name, in the order of `Inspect.links`; -1 for none.
    var places: [Int32] = []
    /// What may hold a namespace that is not seen otherwise.
    public internal(set) var suspects: [Suspect] = []
    /// What could not be looked at.
    public internal(set) var unreadable: [Unreadable] = []
    /// What was looked through, in order, and what that cost. What is not here was not asked for.
    public internal(set) var costs: [Cost] = []

    /// The position in `namespaces` of a key.
    public func position(of key: NamespaceKey) -> Int? {
        var low = 0
        var high = namespaces.count
        while low < high {
            let middle = (low + high) / 2
            if namespaces[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low < namespaces.count && namespaces[low].key == key ? low : nil
    }

    /// The namespace of a key.
    public subscript(_ key: NamespaceKey) -> Namespace? { position(of: key).map { namespaces[$0] } }

    /// The position in `processes` of a pid.
    public func process(pid: Int32) -> Int? {
        var low = 0
        var high = processes.count
        while low < high {
            let middle = (low + high) / 2
            if processes[middle].pid < pid { low = middle + 1 } else { high = middle }
        }
        return low < processes.count && processes[low].pid == pid ? low : nil
    }

    /// The namespace that link number `link` (of `Inspect.links`) of a process names.
    public func namespace(of process: Int, link: Int) -> NamespaceKey? {
        let place = places[process * Inspect.links.count + link]
        return place < 0 ? nil : namespaces[Int(place)].key
    }

    /// The positions in `processes` of the members of each namespace, by its position: processes and zombies, in ascending order.
    public func members() -> [[Int]] {
        var members = [[Int]](repeating: [], count: namespaces.count)
        for process in processes.indices {
            for link in NamespaceType.allCases.indices {
                let place = places[process * Inspect.links.count + link]
                if place >= 0 { members[Int(place)].append(process) }
            }
        }
        return members
    }

    /// The namespaces of the same hierarchy below one: children of a pid or user namespace.
    public func children(of key: NamespaceKey) -> [NamespaceKey] { namespaces.filter { $0.parent == key }.map(\.key) }

    /// The namespaces that a user namespace owns, its own children left out.
    public func owned(by key: NamespaceKey) -> [NamespaceKey] {
        namespaces.filter { $0.owner == key && $0.parent != key }.map(\.key)
    }

    /// What a source looked through.
    public func looked(at source: Source) -> Bool { costs.contains { $0.source == source } }

    /// What nssh has not looked at since it would have taken too long.
    public var leftOut: [Unreadable] { unreadable.filter { $0.reason != nil } }
}
