import CLinux
import Glibc

/// The mounts of one mnt namespace, as far as they tell of namespaces: which of them are nsfs or procfs, and what lies over them.
public final class MountTable {
    /// A mount.
    public struct Entry: Equatable, Sendable {
        /// Its id, and that of the mount that it is on: unique ids from statmount(2), those of proc_pid_mountinfo(5) otherwise.
        public var id, parent: UInt64
        /// The id in mountinfo, which is used again.
        public var oldId: Int
        /// The kind of file system; nil for the others.
        public var kind: Kind?
        /// The device of the file system.
        public var device: UInt64
    }

    /// The file systems that hold namespaces.
    public enum Kind: Sendable { case nsfs, procfs }

    /// What a mount shows, and where.
    public struct Place: Equatable, Sendable {
        /// What of the file system is mounted; of an nsfs mount `net:[4026532281]`.
        public var root: [UInt8]
        /// The mount point, as seen from the root of the mnt namespace, or of the process whose mountinfo was read.
        public var point: [UInt8]
    }

    /// All mounts.
    public let entries: [Entry]
    private let look: (UInt64) -> Place?
    private var places: [UInt64: Place] = [:]
    private var pointsOn: [UInt64: Set<[UInt8]>] = [:]
    private lazy var byId = Dictionary(entries.map { ($0.id, $0) }) { first, _ in first }
    /// The first mount of a mnt namespace may be its own parent.
    private lazy var children = Dictionary(grouping: entries.filter { $0.parent != $0.id }, by: \.parent)

    /// Asks the kernel for the mounts of a mnt namespace by its id; no process needs to be in it. listmount(2), statmount(2)
    ///
    /// - Throws: ENOSYS before Linux 6.11 (6.8 has the calls, but not for other mnt namespaces); ENOENT or EPERM without power over it.
    public init(mntns id: UInt64) throws(Failure) {
        var entries: [Entry] = []
        var ids = [UInt64](repeating: 0, count: 512)
        var mount = nssh_mount()
        var last: UInt64 = 0
        while true {
            let count = nssh_listmount(id, last, &ids, ids.count)
            if count < 0 { throw Failure("listmount", target: "mnt namespace \(id)") }
            if count == 0 { break }
            for number in ids[..<count] where nssh_statmount(id, number, &mount) == 0 {
                let kind: Kind? =
                    switch mount.file_system {
                    case UInt64(NSSH_NSFS): .nsfs
                    case UInt64(NSSH_PROCFS): .procfs
                    default: nil
                    }
                entries.append(
                    Entry(
                        id: mount.id, parent: mount.parent, oldId: Int(mount.old_id), kind: kind,
                        device: MountTable.device(mount.major, mount.minor)))
            }
            last = ids[count - 1]
        }
        self.entries = entries
        look = { MountTable.look(at: $0, in: id) }
    }

    /// Reads what a process sees of its mnt namespace. proc_pid_mountinfo(5)
    public init(mountinfo: [UInt8]) {
        var entries: [Entry] = []
        var places: [UInt64: Place] = [:]
        for line in mountinfo.split(separator: 10) {
            guard let mount = Mount(line: line) else { continue }
            let kind: Kind? = mount.type == "nsfs" ? .nsfs : mount.type == "proc" ? .procfs : nil
            entries.append(
                Entry(id: UInt64(mount.id), parent: UInt64(mount.parent), oldId: mount.id, kind: kind, device: mount.device))
            places[UInt64(mount.id)] = Place(root: mount.root, point: mount.target)
        }
        self.entries = entries
        self.places = places
        look = { _ in nil }
    }

    /// What a mount shows, and where; nil when it has gone meanwhile.
    public func place(of entry: Entry) -> Place? {
        if let known = places[entry.id] { return known }
        let place = look(entry.id)
        places[entry.id] = place
        return place
    }

    /// Whether something is mounted over a mount, or over a directory on the way to it: no path leads there.
    public func isCovered(_ entry: Entry) -> Bool {
        guard let point = place(of: entry)?.point else { return false }
        if points(on: entry.id).contains(point) { return true }
        var mount = entry
        while mount.parent != mount.id, let parent = byId[mount.parent] {
            guard let start = place(of: parent)?.point, let end = place(of: mount)?.point else { return false }
            let covering = points(on: parent.id)
            if covering.count > 1, MountTable.directories(above: end, from: start).contains(where: covering.contains) { return true }
            mount = parent
        }
        return false
    }

    /// The mount points of what is mounted on a mount.
    private func points(on id: UInt64) -> Set<[UInt8]> {
        if let known = pointsOn[id] { return known }
        let points = Set((children[id] ?? []).compactMap { place(of: $0)?.point })
        pointsOn[id] = points
        return points
    }

    /// The directories on the way from `start`, which is one of them, to `path`, which is not.
    private static func directories(above path: [UInt8], from start: [UInt8]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var rest = path
        while rest.count > 1, let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
            rest.removeLast(rest.count - max(slash, 1))
            if rest.count < start.count { break }
            result.append(rest)
        }
        return result
    }

    private static func look(at id: UInt64, in mntns: UInt64) -> Place? {
        var size = 4096
        while size <= 1 << 20 {
            var place: Place?
            let isTooSmall = withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
                var mount = nssh_mount()
                if nssh_statmount_text(mntns, id, &mount, buffer.baseAddress, size) < 0 { return nssh_errno() == EOVERFLOW }
                place = Place(root: [UInt8](cString: mount.root), point: [UInt8](cString: mount.point))
                return false
            }
            if !isTooSmall { return place }
            size *= 4
        }
        return nil
    }

    /// A device number as `Entry.device` has it.
    public static func device(_ major: UInt32, _ minor: UInt32) -> UInt64 { UInt64(major) << 32 | UInt64(minor) }
}
