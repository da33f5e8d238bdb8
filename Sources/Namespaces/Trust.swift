import CLinux
import Glibc
import Linux

/// Whose word counts for what a name stands for. Anybody may call a process, a file or a cgroup what they like; whoever enters by a name
/// means what root, or they themselves, have called so.
struct Trust {
    /// Who owns something, and whether nobody else can have made or changed it.
    struct Owner: Equatable {
        /// The owner; where others could have made or changed it, one of those.
        var uid: UInt32
        /// Whether root, or who asks, vouches for it.
        var vouches: Bool
    }

    /// Those whose files count.
    private let uids: Set<UInt32>

    /// Root, and who asks.
    ///
    /// - Parameter user: who else than the caller asks: `USER/NAME`.
    init(user: UInt32? = nil) {
        let own = geteuid()
        // In a user namespace that does not map it, the number is everybody's.
        let isMapped = own != Trust.overflow || (try? Inspect.inode(.own, .user)) == Limits.initialInode
        uids = Set([0, user ?? (isMapped ? own : 0)])
    }

    /// What ids look like that a user namespace does not map; overflowuid of proc_sys_kernel(5).
    private static let overflow: UInt32 = 65534

    /// Whether this user's files count.
    func contains(_ uid: UInt32) -> Bool { uids.contains(uid) }

    /// A regular file, by its path: its owner, and that of every directory on the way, none of which others may write to.
    func owner(ofFile path: [UInt8]) -> Owner? {
        guard let info = try? System.stat(path, followingLinks: false) else { return nil }
        let isFile = info.st_mode & S_IFMT == S_IFREG
        let owner = Owner(uid: info.st_uid, vouches: isFile && contains(info.st_uid) && info.st_mode & 0o022 == 0)
        return owner.vouches ? ownerOfWay(to: path) ?? owner : owner
    }

    /// A pin, by its path: the directories on the way to it. Whoever has mounted it had power over nssh's mnt namespace.
    func owner(ofPin path: [UInt8]) -> Owner { ownerOfWay(to: path) ?? Owner(uid: 0, vouches: true) }

    /// The first who could have changed what a path leads to, and is not trusted; nil for nobody. `/` itself is not asked: in a user
    /// namespace it is often nobody's.
    private func ownerOfWay(to path: [UInt8]) -> Owner? {
        let last = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
        guard last > 0 else { return nil }
        let directory = Array(path[..<last])
        // The names on the way may be links: who has made these counts, and where they lead.
        guard let name = try? directory.cString("realpath"), let real = realpath(name, nil) else {
            return Owner(uid: Trust.overflow, vouches: false)
        }
        defer { free(real) }
        let ways = Set([directory, [UInt8](cString: real)])
        for way in ways {
            for (position, byte) in (way + [UInt8(ascii: "/")]).enumerated() where byte == UInt8(ascii: "/") && position > 0 {
                guard let info = try? System.stat(Array(way[..<position]), followingLinks: false) else {
                    return Owner(uid: Trust.overflow, vouches: false)
                }
                let isLink = info.st_mode & S_IFMT == S_IFLNK
                // In a sticky directory nobody renames or removes what is another's.
                let isOpen = !isLink && info.st_mode & 0o022 != 0 && info.st_mode & S_ISVTX == 0
                if isOpen || !contains(info.st_uid) { return Owner(uid: info.st_uid, vouches: false) }
            }
        }
        return nil
    }
}

/// The directories of cgroups, and whose they are: who owns one may make others below it, of any name.
struct CgroupDirectories {
    private lazy var mounts = ((try? MountInfo("self", MountBudget()).mounts) ?? []).filter { $0.type == "cgroup" || $0.type == "cgroup2" }
    private let trust: Trust
    private var known: [String: (path: [UInt8], owner: Trust.Owner)?] = [:]

    init(_ trust: Trust) { self.trust = trust }

    /// The directory of a cgroup, and who could have made it; nil where that is not to be seen.
    ///
    /// - Parameters:
    ///   - controllers: as /proc/PID/cgroup has them: `cpu,cpuacct`, `name=systemd`, nothing for cgroup2.
    ///   - path: the cgroup's in its hierarchy.
    mutating func owner(_ controllers: Substring, _ path: String) -> (path: [UInt8], owner: Trust.Owner)? {
        let key = "\(controllers):\(path)"
        if let known = known[key] { return known }
        let found = look(controllers, Array(path.utf8))
        known.updateValue(found, forKey: key)
        return found
    }

    private mutating func look(_ controllers: Substring, _ path: [UInt8]) -> (path: [UInt8], owner: Trust.Owner)? {
        let wanted = controllers.split(separator: ",")
        let slash = UInt8(ascii: "/")
        // Above the cgroup namespace's root, or removed.
        if path.starts(with: "/..".utf8) { return nil }
        for mount in mounts where (mount.type == "cgroup2") == wanted.isEmpty {
            let options = mount.superOptions.split(separator: ",")
            let root = mount.root == [slash] ? [] : mount.root
            guard wanted.allSatisfy({ options.contains($0) }), path.starts(with: root), path.count > root.count, path[root.count] == slash
            else { continue }
            let below = path[root.count...]
            let directory = mount.target + below
            guard (try? System.stat(directory, followingLinks: false)) != nil else { continue }
            var ends = below.indices.filter { below[$0] == slash && $0 > below.startIndex }
            ends.append(below.endIndex)
            // Who may write to its list may move processes there.
            let parts = ends.map { mount.target + below[..<$0] } + [directory + Array("/cgroup.procs".utf8)]
            for part in parts {
                guard let info = try? System.stat(part, followingLinks: false) else {
                    return (directory, Trust.Owner(uid: 0, vouches: false))
                }
                if !trust.contains(info.st_uid) || info.st_mode & 0o022 != 0 {
                    return (directory, Trust.Owner(uid: info.st_uid, vouches: false))
                }
            }
            let uid = (try? System.stat(directory, followingLinks: false))?.st_uid ?? 0
            return (directory, Trust.Owner(uid: uid, vouches: true))
        }
        return nil
    }
}
