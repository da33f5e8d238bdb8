import Glibc
import Linux

/// A snapshot from JSON: others' text, of which nothing is believed before it was looked at.
extension Snapshot {
    /// Larger files are refused: a machine with 100,000 processes makes one of 40 MB.
    static let largestFile = 96 << 20

    /// Reads a file that was written by `json`, on this machine or another.
    ///
    /// - Throws: what is wrong in it, and where.
    public static func load(_ path: [UInt8]) throws(Failure) -> Snapshot {
        do throws(Failure) {
            // (Without O_NONBLOCK a FIFO would be waited for.)
            let file = try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
            // Something large that is no snapshot is not brought into memory.
            let start = try file.readAll(limit: 1).first { $0 > UInt8(ascii: " ") }
            if let start, start != UInt8(ascii: "{"), start != UInt8(ascii: "[") {
                throw Failure(code: "EINVAL", "no JSON: it begins with neither { nor [")
            }
            let bytes = try file.readAll(limit: largestFile + 1)
            if bytes.count > largestFile { throw Failure(code: "EFBIG", "larger than \(largestFile >> 20) MB") }
            return try Snapshot(json: JSON(bytes))
        } catch var error {
            if error.call == nil {
                error = Failure(code: error.code, "\(TextEscape.escape(path, as: .line)): \(error.message)", stage: "load snapshot")
            }
            error.target = path.lossy
            throw error
        }
    }

    init(json: JSON) throws(Failure) {
        let root = JSONPlace(json)
        guard try root.optional("format")?.string() == "nssh snapshot" else {
            throw root.failure("no snapshot of nssh: 'format' is not \"nssh snapshot\"")
        }
        let version: Int = try root.field("version").integer()
        guard version == Snapshot.version else { throw root.failure("version \(version); this nssh reads version \(Snapshot.version)") }
        isAnonymous = try root.optional("anonymous")?.boolean() ?? false
        time = try root.field("time").number()
        host = try root.field("host").string()
        kernel = try root.field("kernel").string()
        uid = try root.field("uid").integer()
        ownPid = try root.field("own_pid").integer()
        mountNamespace = try root.optional("mnt")?.inode()
        types = try root.field("types").map { place throws(Failure) in try place.word() }
        namespaces = try root.field("namespaces").map { place throws(Failure) in try Namespace(place) }.sorted { $0.key < $1.key }
        try checkNamespaces(root)
        suspects =
            try root.optional("suspects")?.map { place throws(Failure) in
                Suspect(
                    types: try place.field("types").map { place throws(Failure) in try place.word() },
                    holder: try Holder(place.field("holder"), of: nil))
            } ?? []
        unreadable =
            try root.optional("unreadable")?.map { place throws(Failure) in
                Unreadable(
                    source: try place.field("source").word(), target: try place.field("target").string(),
                    pid: try place.optional("pid")?.integer(), errno: Errno(rawValue: try place.field("errno").integer()),
                    reason: try place.optional("reason")?.string())
            } ?? []
        costs = try root.field("costs").map { place throws(Failure) in
            Cost(
                source: try place.field("source").word(), seconds: try place.field("seconds").number(),
                looked: try place.field("looked").integer())
        }
        var users: [UInt32: String] = [:]
        for (name, place) in try root.field("users").fields() {
            guard let uid = UInt32(name) else { throw place.failure("a user id expected as the name") }
            users[uid] = try place.string()
        }
        self.users = users
        try readProcesses(root.field("processes"))
        checkHolders()
    }

    /// No namespace twice; and what is said to be above one is there, of the right type, and in the end leads up.
    private func checkNamespaces(_ root: JSONPlace) throws(Failure) {
        for (a, b) in zip(namespaces, namespaces.dropFirst()) where a.key == b.key { throw root.failure("\(a.key.link) comes twice") }
        for namespace in namespaces {
            if let owner = namespace.owner, self[owner] == nil {
                throw root.failure("\(namespace.key.link): its owner \(owner.link) is not in the snapshot")
            }
            if let parent = namespace.parent, self[parent] == nil {
                throw root.failure("\(namespace.key.link): its parent \(parent.link) is not in the snapshot")
            }
        }
        for namespace in namespaces {
            for (name, above) in [("owners", \Namespace.owner), ("parents", \Namespace.parent)] {
                var steps = 0
                var next = namespace[keyPath: above]
                while let key = next {
                    steps += 1
                    // The kernel nests 32 of each kind.
                    if steps > 64 { throw root.failure("\(namespace.key.link): its \(name) go on without an end") }
                    next = self[key]?[keyPath: above]
                }
            }
        }
    }

    private mutating func readProcesses(_ place: JSONPlace) throws(Failure) {
        let list = try place.list()
        processes.reserveCapacity(list.count)
        places.reserveCapacity(list.count * Inspect.links.count)
        for place in list {
            let process = try Process(place)
            if let last = processes.last, last.pid >= process.pid {
                throw place.failure("pid \(process.pid) after \(last.pid): they have to ascend")
            }
            processes.append(process)
            let first = places.count
            places += [Int32](repeating: -1, count: Inspect.links.count)
            for (name, place) in try place.field("namespaces").fields() {
                guard let link = Inspect.links.firstIndex(of: name) else { throw place.failure("no link below /proc/PID/ns") }
                let key = NamespaceKey(LinkReader.types[link], try place.inode())
                guard let position = position(of: key) else { throw place.failure("\(key.link) is not in the snapshot") }
                places[first + link] = Int32(position)
            }
        }
    }
}

extension JSONPlace {
    /// What `body` makes of each element of an array.
    fileprivate func map<T>(_ body: (JSONPlace) throws(Failure) -> T) throws(Failure) -> [T] {
        var result: [T] = []
        for place in try list() { result.append(try body(place)) }
        return result
    }

    /// An inode number.
    fileprivate func inode() throws(Failure) -> UInt64 { UInt64(try integer(Int.self, least: 1)) }

    /// `user:[4026531837]`, of one type or any.
    fileprivate func key(_ type: NamespaceType? = nil) throws(Failure) -> NamespaceKey {
        let text = try string()
        guard let (found, inode) = Target.readLink(text), inode > 0, Int(exactly: inode) != nil else {
            throw failure("does not read like user:[4026531837]")
        }
        if let type, type != found { throw failure("a \(type.rawValue) namespace expected, got \(found.rawValue)") }
        return NamespaceKey(found, inode)
    }
}

extension Snapshot.Namespace {
    fileprivate init(_ place: JSONPlace) throws(Failure) {
        key = NamespaceKey(try place.field("type").word(), try place.field("inode").inode())
        id = try place.optional("id")?.integer()
        owner = try place.optional("owner")?.key(.user)
        parent = try place.optional("parent")?.key(key.type)
        ownerUid = try place.optional("uid")?.integer()
        uidMap = try place.optional("uid_map")?.map { place throws(Failure) in try Snapshot.IdRange(place) } ?? []
        gidMap = try place.optional("gid_map")?.map { place throws(Failure) in try Snapshot.IdRange(place) } ?? []
        netnsId = try place.optional("netnsid")?.integer(least: -1)
        isInitial = try place.optional("initial")?.boolean() ?? false
        let type = key.type
        holders = try place.optional("holders")?.map { place throws(Failure) in try Holder(place, of: type) } ?? []
    }
}

extension Snapshot.IdRange {
    fileprivate init(_ place: JSONPlace) throws(Failure) {
        let numbers = try place.list()
        guard numbers.count == 3 else { throw place.failure("three numbers expected, got \(numbers.count)") }
        inside = try numbers[0].integer()
        outside = try numbers[1].integer()
        count = try numbers[2].integer()
    }
}

extension Snapshot.Process {
    fileprivate init(_ place: JSONPlace) throws(Failure) {
        self.init(try place.field("pid").integer(least: 1))
        innerPids = try place.optional("inner_pids")?.map { place throws(Failure) in try place.integer() } ?? []
        parent = try place.field("parent").integer()
        uid = try place.field("uid").integer()
        if let name = try place.name("name") { setName(name) }
        command = try place.optional("command")?.string()
        isZombie = try place.optional("zombie")?.boolean() ?? false
        threads = try place.optional("threads")?.integer() ?? 0
    }
}

extension Holder {
    /// - Parameter type: of the namespace that it holds; nil for a suspect, of which that is not known.
    fileprivate init(_ place: JSONPlace, of type: NamespaceType?) throws(Failure) {
        self.init(try place.field("kind").word())
        isCertain = try place.optional("certain")?.boolean() ?? true
        pid = try place.optional("pid")?.integer(least: 1)
        tid = try place.optional("tid")?.integer(least: 1)
        descriptor = try place.optional("fd")?.integer()
        path = try place.name("path")
        mountNamespace = try place.optional("mnt")?.inode()
        namespace = try place.optional("namespace")?.key()
        if let place = try place.optional("link") {
            let name = try place.string()
            guard let found = Inspect.links.firstIndex(of: name), found >= NamespaceType.allCases.count, kind == .thread,
                LinkReader.types[found] == type
            else { throw place.failure("no link of a thread to such a namespace of its next children") }
            link = found
        }
        isPath = try place.optional("o_path")?.boolean() ?? false
        isCovered = try place.optional("covered")?.boolean() ?? false
        root = try place.name("root")
        count = try place.optional("count")?.integer(least: 1)
        remark = try place.optional("remark")?.string()
        // Files of before these fields have nothing but the words: then nothing is known for sure, and nothing goes by it.
        if link == nil, !isPath, !isCovered, root == nil, count == nil, remark == nil { remark = try place.optional("detail")?.string() }
        if kind == .mount || kind == .procfs, let path { try Holder.check(mountPoint: path, place) }
        // Until it was looked at here.
        isHearsay = path != nil || kind == .descriptor
    }

    /// The kernel writes the way to a mount point from the root, without a step back.
    private static func check(mountPoint path: [UInt8], _ place: JSONPlace) throws(Failure) {
        let parts = path.split(separator: UInt8(ascii: "/"))
        if path.first == UInt8(ascii: "/"), !parts.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) { return }
        throw try place.field("path").failure("\(TextEscape.escape(path.prefix(80), as: .line)) is the path of no mount point")
    }
}

extension JSONPlace {
    /// A name, by its text, or by its bytes where it is no UTF-8.
    fileprivate func name(_ field: String) throws(Failure) -> [UInt8]? {
        guard let place = try optional(field + "_bytes") else {
            guard let text = try optional(field)?.string() else { return nil }
            return Array(text.utf8)
        }
        return try place.map { place throws(Failure) in try place.integer(least: 1) }
    }
}
