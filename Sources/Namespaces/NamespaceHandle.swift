import CLinux
import Glibc
import Linux

/// An open handle on a namespace: it keeps the namespace alive until closed.
public final class NamespaceHandle {
    /// The open file.
    public let descriptor: Descriptor
    /// Its type.
    public let type: NamespaceType
    /// The inode number, which names the namespace as long as it lives.
    public let inode: UInt64

    /// Takes a descriptor of an nsfs file.
    ///
    /// - Throws: when it is no namespace.
    init(_ descriptor: Descriptor, target: String) throws(Failure) {
        let flag = Trace.call("ioctl", "ioctl(NS_GET_NSTYPE)") { nssh_ns_get_type(descriptor.raw) }
        if flag < 0 {
            let errno = Errno.last
            throw Failure(
                "ioctl", errno, stage: "NS_GET_NSTYPE", target: target, hint: errno.rawValue == ENOTTY ? "that is no namespace" : nil)
        }
        guard let type = NamespaceType(flag: flag) else {
            throw Failure(code: "EINVAL", "\(target) is a namespace of a type that nssh does not know (\(flag))", target: target)
        }
        var info = stat()
        try check(fstat(descriptor.raw, &info), "fstat", target: target)
        self.descriptor = descriptor
        self.type = type
        inode = UInt64(info.st_ino)
    }

    /// `uts:[4026531838]`.
    public var link: String { "\(type.rawValue):[\(inode)]" }

    /// Whether it has not been closed.
    public var isOpen: Bool { descriptor.isOpen }

    /// Lets go of the namespace.
    public func close() { descriptor.close() }

    /// Throws when it has been closed.
    public func requireOpen() throws(Failure) {
        if isOpen { return }
        throw Failure(
            code: "CLOSED", "the handle on \(link) is closed", errno: EBADF, stage: "use handle", target: link,
            hint: "open it again with ns.open")
    }

    /// The 64-bit id, never reused; nil where the kernel has none (before 6.18). NS_GET_ID.
    public func id() throws(Failure) -> UInt64? {
        try requireOpen()
        var id: UInt64 = 0
        return Trace.call("ioctl", "ioctl(\(link), NS_GET_ID)", { nssh_ns_get_id(descriptor.raw, &id) }) < 0 ? nil : id
    }

    /// The user namespace that owns it. NS_GET_USERNS.
    ///
    /// - Throws: EPERM when that is out of nssh's scope.
    public func userns() throws(Failure) -> NamespaceHandle {
        try requireOpen()
        let raw = Trace.call("ioctl", "ioctl(\(link), NS_GET_USERNS)") { nssh_ns_get_userns(descriptor.raw) }
        return try NamespaceHandle(Descriptor(try check(raw, "ioctl", stage: "NS_GET_USERNS", target: link)), target: link)
    }

    /// The parent of a pid or user namespace; nil at the root or out of scope. NS_GET_PARENT.
    ///
    /// - Throws: EINVAL for a type without hierarchy.
    public func parent() throws(Failure) -> NamespaceHandle? {
        try requireOpen()
        let raw = Trace.call("ioctl", "ioctl(\(link), NS_GET_PARENT)") { nssh_ns_get_parent(descriptor.raw) }
        if raw < 0 {
            let errno = Errno.last
            if errno.rawValue == EPERM { return nil }
            throw Failure(
                "ioctl", errno, stage: "NS_GET_PARENT", target: link,
                hint: errno.rawValue == EINVAL ? "only pid and user namespaces have parents" : nil)
        }
        return try NamespaceHandle(Descriptor(raw), target: link)
    }

    /// The uid that made a user namespace, in nssh's own user namespace. NS_GET_OWNER_UID.
    ///
    /// - Throws: EINVAL for another type.
    public func ownerUid() throws(Failure) -> UInt32 {
        try requireOpen()
        var uid: uid_t = 0
        if Trace.call("ioctl", "ioctl(\(link), NS_GET_OWNER_UID)", { nssh_ns_get_owner_uid(descriptor.raw, &uid) }) < 0 {
            let errno = Errno.last
            throw Failure(
                "ioctl", errno, stage: "NS_GET_OWNER_UID", target: link,
                hint: errno.rawValue == EINVAL ? "only user namespaces have an owner uid; see userns()" : nil)
        }
        return uid
    }

    /// Whether it is a user namespace of one's own: an ordinary user's are all that this user has made. Those that root has made are others'
    /// boxes as well, but for those of its children.
    func isOwnUser() throws(Failure) -> Bool { geteuid() == 0 ? Children.made(.user, inode) : try ownerUid() == geteuid() }

    /// The pids of the processes in it that can be seen.
    public func processes() throws(Failure) -> [Int32] {
        try requireOpen()
        return try Proc.pids().filter { pid in
            guard let link = try? Proc.link("\(pid)/ns/\(type.rawValue)") else { return false }
            return link == self.link
        }.compactMap(Proc.pid(at:))
    }
}
