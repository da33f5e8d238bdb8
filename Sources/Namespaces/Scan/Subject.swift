import Linux

/// The namespace that a question is about, by what is known of it.
public struct Subject: Sendable {
    /// The type; nil when only a number was given.
    public var type: NamespaceType?
    /// The inode number.
    public var inode: UInt64
    /// The 64-bit id; nil when it is not known.
    public var id: UInt64?

    /// A namespace by its type, inode and id.
    public init(_ type: NamespaceType?, _ inode: UInt64, id: UInt64? = nil) {
        (self.type, self.inode, self.id) = (type, inode, id)
    }

    /// The namespace that a weak reference names.
    public init(_ reference: WeakReference) { self.init(reference.type, reference.inode, id: reference.id) }

    /// The namespace that a target is, or is in. Nothing stays open.
    ///
    /// - Throws: EINVAL for a process without a type.
    public init(_ target: Target, _ type: NamespaceType?) throws(Failure) {
        if case .inode(let inode, let known) = target {
            if let type, let known, type != known {
                throw Failure(code: "EINVAL", "\(target.description) is no \(type.rawValue) namespace", stage: "read target")
            }
            self.init(known ?? type, inode)
        } else if target.isProcess {
            guard let type else {
                throw Failure(
                    code: "EINVAL", "\(target.description) is in a namespace of each type", stage: "read target",
                    target: target.description, hint: "say which: the second argument is its name, such as \"net\"")
            }
            self.init(type, try Inspect.inode(target, type))
        } else {
            let handle = try target.borrow(type)
            self.init(handle.type, handle.inode, id: try handle.id())
        }
    }

    /// `net:[4026532281]`, or `inode 4026532281`.
    public var text: String { type.map { "\($0.rawValue):[\(inode)]" } ?? "inode \(inode)" }
}

extension Snapshot {
    /// The namespace of this snapshot that is meant; nil when it is not there: the number may also have gone to another one.
    public func key(of subject: Subject) -> NamespaceKey? {
        for type in subject.type.map({ [$0] }) ?? NamespaceType.allCases {
            guard let namespace = self[NamespaceKey(type, subject.inode)] else { continue }
            if let id = subject.id, let other = namespace.id, id != other { continue }
            return namespace.key
        }
        return nil
    }

    /// The namespace that a target means in this snapshot, which may be of another machine: a process or a pid is one of its
    /// processes, a path one of its mounts.
    public func subject(_ target: Target, _ type: NamespaceType?) throws(Failure) -> Subject {
        let pid: Int32
        switch target {
        case .own: pid = ownPid
        case .pid(let number): pid = number
        case .held(let held): pid = held.pid
        case .process(let process): pid = process.pid
        case .path(let path):
            for namespace in namespaces where type == nil || namespace.key.type == type {
                if namespace.holders.contains(where: { $0.kind == .mount && $0.path == path }) {
                    return Subject(namespace.key.type, namespace.key.inode, id: namespace.id)
                }
            }
            throw Failure(
                code: "ENOENT", "no namespace is bound to \(path.lossy) in the snapshot", stage: "read target", target: path.lossy)
        case .inode, .handle: return try Subject(target, type)
        }
        guard let type, let link = Inspect.links.firstIndex(of: type.rawValue) else { return try Subject(target, type) }
        guard let index = process(pid: pid), let key = namespace(of: index, link: link) else {
            throw Failure(
                code: "ENOENT", "the snapshot has no \(type.rawValue) namespace of process \(pid)", stage: "read target",
                target: "pid \(pid)")
        }
        return Subject(key.type, key.inode, id: self[key]?.id)
    }
}
