/// What a look at mounts may cost. For each mount the kernel goes up to the root, one step after the other, in listmount(2), statmount(2)
/// and mountinfo alike: whoever stacks thousands on one directory makes a look quadratic, and any user can, in a user namespace. So steps
/// are counted, and a look ends where they are too many. They are not timed: a slow machine sees what a quick one does.
///
/// One budget serves for all mnt namespaces of a look. Up to 1,000 mounts in a namespace, and none below 32 others, are free: what others
/// have stacked does not keep the ordinary ones from being seen, whatever is left.
public final class MountBudget {
    /// The steps for all mnt namespaces, and for each, of 5 to 9 nanoseconds: a fifth of a second, and a tenth at most.
    static let ofAll = 24_000_000, ofEach = 10_000_000
    /// The depth, the number of mounts in a namespace, and the bytes of a text that cost nothing.
    static let freeDepth = 32, freeMounts = 1000, freeText = 256
    /// What a mount costs besides its depth, as two system calls do: so many steps take as long.
    static let stepsOfMount = 200
    /// What an attempt to open a mount in vain costs, which may take a child.
    static let stepsOfFailure = 20_000
    /// What one costs whose depth is not known yet: in mountinfo the mount that it is on may come later.
    static let stepsOfWaiting = 20_000
    /// Assumed where the way up cannot be seen: half of what a mnt namespace may have, fs.mount-max of proc_sys_fs(5).
    static let unknownDepth = 50_000

    /// What is left for all, and what the present namespace has had and may have.
    private var left = MountBudget.ofAll
    private var used = 0, allowed = 0
    /// The mounts that were looked at, of all.
    public private(set) var looked = 0

    private let isLimited: Bool

    /// A budget for one look at the machine; one without a limit is for who asks for all mounts and nothing else.
    public init(isLimited: Bool = true) {
        self.isLimited = isLimited
        start()
    }

    /// From here on it is the next namespace.
    public func start() {
        left = max(left - used, 0)
        used = 0
        allowed = min(left, MountBudget.ofEach)
    }

    /// Whether the present namespace has cost more than it may.
    public var isSpent: Bool { isSpent(with: 0) }

    /// The same with so many mounts the depth of which is not known yet.
    func isSpent(with waiting: Int) -> Bool { isLimited && used + waiting * MountBudget.stepsOfWaiting > allowed }

    /// A mount has been looked at, the `number`th of its namespace, with `depth` mounts above it.
    func charge(mount number: Int, depth: Int) {
        looked += 1
        used += 2 * max(depth - MountBudget.freeDepth, 0) + (number > MountBudget.freeMounts ? MountBudget.stepsOfMount : 0)
    }

    /// The texts of a mount have been asked for, or compared: `count` bytes.
    func charge(text count: Int, depth: Int = 0) {
        used += 2 * max(depth - MountBudget.freeDepth, 0) + max(count - MountBudget.freeText, 0) / 4
    }

    /// How far a namespace was looked at, in words.
    public static func words(_ looked: Int, of all: Int? = nil) -> String {
        "\(looked)\(all.map { " of \($0)" } ?? "") looked at, the rest not: they are too many or too deep"
    }

    /// A mount could not be opened.
    public func chargeFailure() { used += MountBudget.stepsOfFailure }
}

/// How many mounts are above each mount of a namespace.
struct MountDepths {
    private var known: [UInt64: Int] = [:]

    /// The depth of a mount that is on `parent`; nil where that is not known yet.
    func depth(on parent: UInt64) -> Int? { known[parent].map { $0 + 1 } }

    subscript(_ id: UInt64) -> Int {
        get { known[id] ?? MountBudget.unknownDepth }
        set { known[id] = newValue }
    }

    /// The depth of a mount that is on `parent`, which did not come before it: it was mounted later, or it is out of sight. Goes up from
    /// there, not farther than it is cheap.
    mutating func findDepth(on parent: UInt64, _ above: (UInt64) -> UInt64?) -> Int {
        if let depth = depth(on: parent) { return depth }
        var way: [UInt64] = []
        var mount = parent
        var top: Int?
        while top == nil, way.count < MountBudget.freeDepth {
            if let depth = known[mount] {
                top = depth
            } else if let next = above(mount), next != mount {
                way.append(mount)
                mount = next
            } else {
                // The first of the namespace, or out of sight.
                known[mount] = 0
                top = 0
            }
        }
        var depth = top ?? MountBudget.unknownDepth
        for mount in way.reversed() {
            depth += 1
            known[mount] = depth
        }
        return depth + 1
    }
}
