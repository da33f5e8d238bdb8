import CLinux
import Glibc
import Linux

/// A namespace bound to a file: it lives as long as the mount does, with no process and no descriptor. The bind mounts of
/// namespaces(7), and what ip-netns(8) keeps below /run/netns.
public struct Pin: Equatable, Sendable {
    /// The file.
    public var path: [UInt8]
    /// The namespace's type.
    public var type: NamespaceType
    /// The namespace's inode number.
    public var inode: UInt64

    /// The pins in nssh's own mount namespace, by path, and what was not looked at there, in words; nil for nothing.
    public static func all() throws(Failure) -> (pins: [Pin], leftOut: String?) {
        let info = try MountInfo("self", MountBudget())
        let pins = info.mounts.compactMap { mount -> Pin? in
            guard mount.type == "nsfs", let (type, inode) = Target.readLink(mount.root.lossy) else { return nil }
            return Pin(path: mount.target, type: type, inode: inode)
        }
        return (pins.sorted { $0.path.lexicographicallyPrecedes($1.path) }, info.leftOut)
    }

    /// The name in ip-netns(8) of a net namespace that is bound to `path`; nil elsewhere.
    static func netnsName(_ path: [UInt8]) -> [UInt8]? {
        for directory in ["/run/netns/", "/var/run/netns/"] where path.starts(with: directory.utf8) {
            let name = path.dropFirst(directory.utf8.count)
            if !name.isEmpty, !name.contains(UInt8(ascii: "/")) { return Array(name) }
        }
        return nil
    }

    /// Binds a namespace to a file, which is made if it is not there. mount(2) with MS_BIND.
    public static func make(_ handle: NamespaceHandle, at path: [UInt8]) throws(Failure) {
        try handle.requireOpen()
        let name = try path.cString("pin")
        let exclusive = nssh_open(name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
        let isNew = exclusive >= 0
        if isNew {
            close(exclusive)
        } else {
            let errno = Errno.last
            if errno.rawValue != EEXIST { throw Failure("open", errno, stage: "make the pin's file", target: path.lossy) }
        }
        let source = "/proc/self/fd/\(handle.descriptor.raw)"
        do {
            try System.mount(
                source: Array(source.utf8), target: path, type: nil, flags: 4096, // MS_BIND
                data: nil)
        } catch {
            if isNew { unlink(name) }
            var failure = error
            failure.stage = "bind \(handle.link)"
            failure.target = path.lossy
            failure.hint = hint(error, handle, path)
            throw failure
        }
    }

    /// Lets go of a pin: umount2(2), then the file is removed.
    public static func remove(_ path: [UInt8]) throws(Failure) {
        let file = try Descriptor.open(path, flags: nssh_o_path | O_NOFOLLOW)
        guard nssh_is_nsfs(file.raw) == 1 else {
            throw Failure(
                code: "EINVAL", "\(path.lossy) is no pinned namespace", stage: "unpin", target: path.lossy, hint: "ns.pins() lists them")
        }
        file.close()
        try System.unmount(path, flags: MNT_DETACH)
        // Another pin below this one keeps the file, and so does what somebody has put there.
        let rest = try? System.stat(path)
        if let rest, rest.st_size == 0, rest.st_mode & S_IFMT == S_IFREG { unlink(try path.cString("unpin")) }
    }

    private static func hint(_ failure: Failure, _ handle: NamespaceHandle, _ path: [UInt8]) -> String? {
        switch failure.errno?.rawValue {
        case EPERM: return "a bind mount needs CAP_SYS_ADMIN in the user namespace of nssh's mount namespace"
        case EINVAL where handle.type == .mnt:
            if isOnSharedMount(path) {
                return "a mnt namespace cannot be bound on a shared mount: bind a directory to itself and make that private first, "
                    + "mount --bind DIR DIR; mount --make-private DIR"
            }
            return
                "a mnt namespace can be bound only in one that is older than itself; Linux 6.18 goes by a number that is not quite in the "
                + "order of age: another new one may do"
        default: return nil
        }
    }

    /// Whether the mount that a path is on passes mounts on to others.
    private static func isOnSharedMount(_ path: [UInt8]) -> Bool {
        guard let mounts = try? MountInfo("self", MountBudget()).mounts else { return false }
        let slash = [UInt8(ascii: "/")]
        let holders = mounts.filter { $0.target == slash || path == $0.target || path.starts(with: $0.target + slash) }
        return holders.max { $0.target.count < $1.target.count }?.propagation.hasPrefix("shared") ?? false
    }
}

private let MNT_DETACH: Int32 = 2
