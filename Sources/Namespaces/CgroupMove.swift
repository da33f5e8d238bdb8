import CLinux
import Glibc
import Linux

/// The way into the cgroups of a process: born into its cgroup2, and by a write into those of version 1 that limit. cgroups(7).
struct CgroupMove {
    /// A directory of the cgroup2 hierarchy, for CLONE_INTO_CGROUP.
    private(set) var unified: Descriptor?
    /// The open cgroup.procs of version 1.
    private var joined: [(path: String, file: Descriptor)] = []
    /// Those that cannot be joined: the hierarchy, the path, and why.
    private(set) var refused: [String] = []

    private var unifiedPath = ""
    private var unifiedFile: Descriptor?

    /// Nowhere.
    init() {}

    /// Whether there is nowhere to go.
    var isEmpty: Bool { unified == nil && joined.isEmpty }

    /// The paths.
    var text: String { ((unified == nil ? [] : [unifiedPath]) + joined.map(\.path)).joined(separator: ", ") }

    /// What a process does that is there already, and so cannot be born into its cgroup2.
    var stepsInPlace: [Step] {
        guard let unifiedFile else { return steps }
        return [Step(.writeDescriptor(unifiedFile.raw, [UInt8(ascii: "0")]), stage: "write \(unifiedPath)/cgroup.procs")] + steps
    }

    /// What the first of the new processes does.
    var steps: [Step] { joined.map { Step(.writeDescriptor($0.file.raw, [UInt8(ascii: "0")]), stage: "write \($0.path)/cgroup.procs") } }

    /// The controllers of version 1 that limit something. The others count, name or freeze.
    private static let limiting: Set<String> = [
        "cpu", "cpuset", "memory", "pids", "blkio", "devices", "hugetlb", "net_prio", "net_cls", "rdma", "misc",
    ]

    /// Looks where a process's cgroups differ from nssh's, and opens them.
    ///
    /// - Throws: EBUSY for a cgroup that is frozen: whoever joins it stands still.
    init(to target: TargetProcess) throws(Failure) {
        let (own, theirs) = (try Proc.read("self/cgroup"), try target.read("cgroup"))
        if own == theirs { return }
        let here = CgroupMove.lines(own)
        var mounts: [Mount]?
        for line in CgroupMove.lines(theirs) where !here.contains(where: { $0 == line }) {
            let isUnified = line.controllers.isEmpty
            let controllers = line.controllers.split(separator: ",")
            if !isUnified, !controllers.contains(where: { CgroupMove.limiting.contains(String($0)) }) { continue }
            if mounts == nil { mounts = try Mount.own() }
            let name = isUnified ? "0::\(line.path)" : "\(line.controllers):\(line.path)"
            guard let directory = CgroupMove.directory(line, controllers, mounts ?? []) else {
                refused.append("\(name) (it is not below a hierarchy that is mounted here)")
                continue
            }
            do throws(Failure) {
                if isUnified {
                    try requireThawed(directory, target)
                    unified = try Descriptor.open(directory, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
                    unifiedPath = directory.lossy
                    unifiedFile = try Descriptor.open(directory + Array("/cgroup.procs".utf8), flags: O_WRONLY | O_NOFOLLOW)
                } else {
                    let file = try Descriptor.open(directory + Array("/cgroup.procs".utf8), flags: O_WRONLY | O_NOFOLLOW)
                    joined.append((directory.lossy, file))
                }
            } catch {
                if error.code == "EBUSY" { throw error }
                if isUnified { unified = nil }
                refused.append("\(name) (\(error.errno?.text ?? error.message))")
            }
        }
    }

    private func requireThawed(_ directory: [UInt8], _ target: TargetProcess) throws(Failure) {
        let events = try? Descriptor.open(directory + Array("/cgroup.events".utf8), flags: O_RDONLY | O_NOFOLLOW).readStream()
        guard events?.lossy.split(separator: "\n").contains("frozen 1") == true else { return }
        throw Failure(
            code: "EBUSY", "\(target.target.description) is frozen by its cgroup \(directory.lossy): whoever joins that stands still",
            stage: "join cgroup", target: target.target.description,
            hint: "thaw it (cgroup.freeze, docker unpause), or privileged = {\"cgroup\"} (--privileged=cgroup)")
    }

    private static func lines(_ file: [UInt8]) -> [(controllers: String, path: String)] {
        file.lossy.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 ? (String(fields[1]), String(fields[2])) : nil
        }
    }

    /// Where a cgroup is, below a hierarchy that is mounted here; nil when it is not.
    private static func directory(
        _ line: (controllers: String, path: String), _ controllers: [Substring], _ mounts: [Mount]
    ) -> [UInt8]? {
        let path = Array(line.path.utf8)
        // The kernel writes what is above the root of nssh's cgroup namespace so.
        if line.path == "/.." || line.path.hasPrefix("/../") { return nil }
        for mount in mounts where mount.type == (controllers.isEmpty ? "cgroup2" : "cgroup") {
            if !controllers.isEmpty, !mount.superOptions.split(separator: ",").contains(where: { controllers.contains($0) }) { continue }
            let root = mount.root == [UInt8(ascii: "/")] ? [] : mount.root
            guard path.starts(with: root), path.count == root.count || path[root.count] == UInt8(ascii: "/") || root.isEmpty else {
                continue
            }
            let directory = mount.target + (path.count == 1 ? [] : path.dropFirst(root.count))
            // Something may be mounted over it.
            guard let open = try? Descriptor.open(directory, flags: nssh_o_path | O_DIRECTORY | O_NOFOLLOW),
                nssh_file_system(open.raw) == (controllers.isEmpty ? cgroup2Magic : cgroupMagic)
            else { continue }
            return directory
        }
        return nil
    }

    /// CGROUP_SUPER_MAGIC and CGROUP2_SUPER_MAGIC of linux/magic.h.
    private static let cgroupMagic = 0x27e0eb
    private static let cgroup2Magic = 0x6367_7270
}
