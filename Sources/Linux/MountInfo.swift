import Glibc

/// The lines of a mountinfo, as far as a budget lets it be read. proc_pid_mountinfo(5)
public struct MountInfo {
    /// The mounts that were read.
    public private(set) var mounts: [Mount] = []
    /// Whether there are no more.
    public private(set) var isWhole = true
    /// What was not read, in words; nil for nothing.
    public var leftOut: String? { isWhole ? nil : MountBudget.words(mounts.count) }
    private var depths = MountDepths()
    /// The mounts that are on one which has not come yet.
    private var waiting: [(number: Int, mount: Mount)] = []

    /// Reads the mounts that a process sees, by its directory below /proc: its own for `self`.
    public init(_ directory: String, _ budget: MountBudget) throws(Failure) {
        let file = try Proc.open("\(directory)/mountinfo", flags: O_RDONLY)
        var rest: [UInt8] = []
        while true {
            // Of a stack each piece takes the kernel a while.
            if interruptIsPending() { throw .interrupted }
            let piece = try file.read(16384)
            if piece.isEmpty { break }
            rest += piece
            guard let end = rest.lastIndex(of: 10) else { continue }
            add(rest[..<end], budget)
            rest.removeSubrange(...end)
            if budget.isSpent(with: waiting.count) {
                isWhole = false
                return
            }
        }
        add(rest[...], budget)
    }

    private mutating func add(_ lines: ArraySlice<UInt8>, _ budget: MountBudget) {
        for line in lines.split(separator: 10) {
            guard let mount = Mount(line: line) else { continue }
            mounts.append(mount)
            budget.charge(text: line.count)
            if !settle(mount, mounts.count, budget) { waiting.append((mounts.count, mount)) }
        }
        // Those that others wait for may have come.
        var before = 0
        while before != waiting.count {
            before = waiting.count
            waiting = waiting.filter { !settle($0.mount, $0.number, budget) }
        }
    }

    /// Notes the depth of a mount; false when its parent has not come yet.
    private mutating func settle(_ mount: Mount, _ number: Int, _ budget: MountBudget) -> Bool {
        // What is at / is the root, or on it.
        guard let depth = depths.depth(on: UInt64(mount.parent)) ?? (mount.target == [UInt8(ascii: "/")] ? 0 : nil) else { return false }
        depths[UInt64(mount.id)] = depth
        budget.charge(mount: number, depth: depth)
        return true
    }
}
