import Linux

/// A snapshot as JSON, by docs/snapshot.schema.json. What is nil, empty or false is left out.
extension Snapshot {
    /// The version of the form that is written, and of that which can be read. It goes up when something changes its meaning or is taken
    /// away; fields may be added without that, and are left alone by those who do not know them.
    public static let version = 1

    /// Everything in it, in the order that it has.
    public var json: JSON {
        var users = UserNames(self)
        let uids = Set(processes.map(\.uid) + namespaces.compactMap(\.ownerUid) + [uid])
        let names = uids.sorted().compactMap { uid in users[uid].map { (name: String(uid), value: JSON.string($0)) } }
        return .fields([
            ("format", .string("nssh snapshot")), ("version", .integer(Snapshot.version)),
            ("anonymous", isAnonymous ? .boolean(true) : nil), ("time", .number(time)), ("host", .string(host)),
            ("kernel", .string(kernel)), ("uid", .integer(Int(uid))), ("own_pid", .integer(Int(ownPid))),
            ("mnt", mountNamespace.map { .integer(Int($0)) }), ("types", .array(types.map { .string($0.rawValue) })),
            ("namespaces", .array(namespaces.map(\.json))),
            ("processes", .array(processes.indices.map { json(ofProcess: $0) })),
            ("suspects", .list(suspects.map(\.json))), ("unreadable", .list(unreadable.map(\.json))),
            ("users", .object(names)), ("costs", .array(costs.map(\.json))),
        ])
    }

    private func json(ofProcess position: Int) -> JSON {
        let process = processes[position]
        let links = Inspect.links.enumerated().compactMap { link, name in
            namespace(of: position, link: link).map { (name: name, value: JSON.integer(Int($0.inode))) }
        }
        return .fields([
            ("pid", .integer(Int(process.pid))),
            ("inner_pids", .list(process.innerPids.map { .integer(Int($0)) })), ("parent", .integer(Int(process.parent))),
            ("uid", .integer(Int(process.uid))), ("name", process.name.map { .string($0) }),
            ("name_bytes", process.nameBytes.flatMap { .bytes($0) }),
            ("command", process.command.map { .string($0) }), ("zombie", process.isZombie ? .boolean(true) : nil),
            ("threads", process.threads == 0 ? nil : .integer(Int(process.threads))), ("namespaces", .object(links)),
        ])
    }
}

extension JSON {
    /// An object of the fields that there are.
    public static func fields(_ fields: [(name: String, value: JSON?)]) -> JSON {
        .object(fields.compactMap { field in field.value.map { (field.name, $0) } })
    }

    /// The bytes of a name that is no UTF-8, beside the text of it for the eye; nil where the text has them.
    public static func bytes(_ name: [UInt8]) -> JSON? {
        name.lossy.utf8.elementsEqual(name) ? nil : .array(name.map { .integer(Int($0)) })
    }

    /// An array; nil when it would be empty.
    static func list(_ values: [JSON]) -> JSON? { values.isEmpty ? nil : .array(values) }
}

extension Snapshot.Namespace {
    fileprivate var json: JSON {
        .fields([
            ("type", .string(key.type.rawValue)), ("inode", .integer(Int(key.inode))),
            ("id", id.flatMap { Int(exactly: $0) }.map { .integer($0) }), ("owner", owner.map { .string($0.link) }),
            ("parent", parent.map { .string($0.link) }), ("uid", ownerUid.map { .integer(Int($0)) }),
            ("uid_map", .list(uidMap.map(\.json))), ("gid_map", .list(gidMap.map(\.json))),
            ("netnsid", netnsId.map { .integer(Int($0)) }), ("initial", isInitial ? .boolean(true) : nil),
            ("holders", .list(holders.map(\.json))),
        ])
    }
}

extension Snapshot.IdRange {
    fileprivate var json: JSON { .array([inside, outside, count].map { .integer(Int($0)) }) }
}

extension Holder {
    fileprivate var json: JSON {
        .fields([
            ("kind", .string(kind.rawValue)), ("certain", isCertain ? nil : .boolean(false)), ("pid", pid.map { .integer(Int($0)) }),
            ("tid", tid.map { .integer(Int($0)) }), ("fd", descriptor.map { .integer(Int($0)) }), ("path", path.map { .string($0.lossy) }),
            ("path_bytes", path.flatMap { .bytes($0) }), ("mnt", mountNamespace.map { .integer(Int($0)) }),
            ("namespace", namespace.map { .string($0.link) }), ("link", link.map { .string(Inspect.links[$0]) }),
            ("o_path", isPath ? .boolean(true) : nil), ("covered", isCovered ? .boolean(true) : nil),
            ("root", root.map { .string($0.lossy) }), ("root_bytes", root.flatMap { .bytes($0) }),
            ("count", count.map { .integer($0) }), ("remark", remark.map { .string($0) }), ("detail", detail.map { .string($0) }),
        ])
    }
}

extension Snapshot.Suspect {
    fileprivate var json: JSON { .object([("types", .array(types.map { .string($0.rawValue) })), ("holder", holder.json)]) }
}

extension Snapshot.Unreadable {
    fileprivate var json: JSON {
        .fields([
            ("source", .string(source.rawValue)), ("target", .string(target)), ("pid", pid.map { .integer(Int($0)) }),
            ("errno", .integer(Int(errno.rawValue))), ("reason", reason.map { .string($0) }),
        ])
    }
}

extension Snapshot.Cost {
    fileprivate var json: JSON {
        .object([("source", .string(source.rawValue)), ("seconds", .number(seconds)), ("looked", .integer(looked))])
    }
}
