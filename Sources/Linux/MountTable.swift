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

    /// The mounts that were looked at.
    public let entries: [Entry]
    /// How many there are; nil where that is not known. Some may have gone or come meanwhile, and some are out of sight.
    public let count: Int?
    /// Whether there are no more than `entries`: the budget may have come to its end.
    public let isWhole: Bool
    private let look: (UInt64) -> Place?
    private let budget: MountBudget
    private var depths = MountDepths()
    private var places: [UInt64: Place] = [:]
    private var pointsOn: [UInt64: Set<ArraySlice<UInt8>>] = [:]
    private var coveredWays: [UInt64: Bool] = [:]
    private lazy var byId = Dictionary(entries.map { ($0.id, $0) }) { first, _ in first }
    /// The first mount of a mnt namespace may be its own parent.
    private lazy var children = Dictionary(grouping: entries.filter { $0.parent != $0.id }, by: \.parent)

    /// Asks the kernel for the mounts of a mnt namespace by its id; no process needs to be in it. listmount(2), statmount(2)
    ///
    /// - Throws: ENOSYS before Linux 6.11 (6.8 has the calls, but not for other mnt namespaces); ENOENT or EPERM without power over it;
    ///   `Failure.interrupted`.
    public init(mntns id: UInt64, count: Int?, _ budget: MountBudget) throws(Failure) {
        var entries: [Entry] = []
        var depths = MountDepths()
        var ids = [UInt64](repeating: 0, count: 512)
        // Little at first: what the first ones cost tells whether there may be more.
        var room = 16
        var mount = nssh_mount()
        var last: UInt64 = 0
        var isWhole = true
        reading: while true {
            if interruptIsPending() { throw .interrupted }
            let found = nssh_listmount(id, last, &ids, room)
            if found < 0 { throw Failure("listmount", target: "mnt namespace \(id)") }
            for number in ids[..<found] {
                if budget.isSpent {
                    isWhole = false
                    break reading
                }
                guard nssh_statmount(id, number, &mount) == 0 else { continue }
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
                let depth = mount.parent == mount.id ? 0 : depths.findDepth(on: mount.parent) { MountTable.parent(of: $0, in: id) }
                depths[mount.id] = depth
                budget.charge(mount: entries.count, depth: depth)
            }
            if found < room { break }
            last = ids[found - 1]
            room = min(room * 2, ids.count)
        }
        self.entries = entries
        self.count = count
        self.isWhole = isWhole
        self.depths = depths
        self.budget = budget
        look = { MountTable.look(at: $0, in: id) }
    }

    /// What a process sees of its mnt namespace.
    public convenience init(_ info: MountInfo, _ budget: MountBudget) { self.init(info.mounts, isWhole: info.isWhole, budget) }

    /// Reads a whole text. proc_pid_mountinfo(5)
    convenience init(mountinfo: [UInt8]) {
        self.init(mountinfo.split(separator: 10).compactMap { Mount(line: $0) }, isWhole: true, MountBudget())
    }

    private init(_ mounts: [Mount], isWhole: Bool, _ budget: MountBudget) {
        var entries: [Entry] = []
        var places: [UInt64: Place] = [:]
        for mount in mounts {
            let kind: Kind? = mount.type == "nsfs" ? .nsfs : mount.type == "proc" ? .procfs : nil
            entries.append(
                Entry(id: UInt64(mount.id), parent: UInt64(mount.parent), oldId: mount.id, kind: kind, device: mount.device))
            places[UInt64(mount.id)] = Place(root: mount.root, point: mount.target)
        }
        self.entries = entries
        self.places = places
        self.isWhole = isWhole
        self.budget = budget
        count = isWhole ? entries.count : nil
        look = { _ in nil }
    }

    private static func parent(of id: UInt64, in mntns: UInt64) -> UInt64? {
        var mount = nssh_mount()
        return nssh_statmount(mntns, id, &mount) == 0 ? mount.parent : nil
    }

    /// What a mount shows, and where; nil when it has gone meanwhile.
    public func place(of entry: Entry) -> Place? {
        if let known = places[entry.id] { return known }
        let place = look(entry.id)
        budget.charge(text: (place?.root.count ?? 0) + (place?.point.count ?? 0), depth: depths[entry.id])
        places[entry.id] = place
        return place
    }

    /// Whether something is mounted over a mount, or over a directory on the way to it: no path leads there.
    public func isCovered(_ entry: Entry) -> Bool {
        guard let point = place(of: entry)?.point else { return false }
        return points(on: entry.id).contains(point[...]) || isWayCovered(to: entry)
    }

    /// Whether something is mounted over a directory on the way to a mount. Each mount on the way is gone through once.
    private func isWayCovered(to entry: Entry) -> Bool {
        var way: [UInt64] = []
        var mount = entry
        var result = false
        // Mounts that move during the look could lead round in a circle.
        while way.count <= entries.count {
            if let known = coveredWays[mount.id] {
                result = known
                break
            }
            way.append(mount.id)
            guard mount.parent != mount.id, let parent = byId[mount.parent], let start = place(of: parent)?.point,
                let end = place(of: mount)?.point
            else { break }
            let covering = points(on: parent.id)
            if covering.count > 1, isOneCovered(above: end, from: start, covering) {
                result = true
                break
            }
            mount = parent
        }
        for mount in way { coveredWays[mount] = result }
        return result
    }

    /// The mount points of what is mounted on a mount.
    private func points(on id: UInt64) -> Set<ArraySlice<UInt8>> {
        if let known = pointsOn[id] { return known }
        let points = Set((children[id] ?? []).compactMap { place(of: $0)?.point[...] })
        pointsOn[id] = points
        return points
    }

    /// Whether one of the directories on the way from `start`, which is one of them, to `path`, which is not, is a mount point.
    private func isOneCovered(above path: [UInt8], from start: [UInt8], _ points: Set<ArraySlice<UInt8>>) -> Bool {
        var rest = path[...]
        while rest.count > 1, let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
            rest = path[..<max(slash, 1)]
            if rest.count < start.count { return false }
            budget.charge(text: rest.count)
            if points.contains(rest) { return true }
        }
        return false
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
