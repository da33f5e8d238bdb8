import Linux

/// Processes by descent, but only those that are in other namespaces than their parent; the others count with the nearest of these above
/// them.
struct ProcessTree {
    private let snapshot: Snapshot
    private let describing: Describing
    /// The position of every process's parent; nil where that is out of sight.
    private var parents: [Int?] = []
    /// All processes, each after its parent.
    private var order: [Int] = []
    /// The namespaces of every process, by type; where they could not be read, those of its parent. -1 for none.
    private var seats: [[Int32]] = []
    /// The nearest process upwards, itself first, that is in other namespaces than its parent.
    private var heads: [Int] = []
    /// No tree gets deeper: what is below hangs at this level. (A snapshot from a file may be as deep as it likes.)
    private static let deepest = 60

    private(set) var roots: [TreeNode] = []

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        describing = Describing(snapshot, ascii: true)
        findParents()
        findHeads()
        makeNodes()
    }

    /// Puts every process after its parent. Pids that were reused while the snapshot was taken, or written into a file, may make a circle:
    /// that is cut.
    private mutating func findParents() {
        let count = snapshot.processes.count
        let positions = Dictionary(snapshot.processes.enumerated().map { ($1.pid, $0) }, uniquingKeysWith: { first, _ in first })
        parents = snapshot.processes.map { positions[$0.parent] }
        var isBegun = [Bool](repeating: false, count: count)
        var isDone = isBegun
        for process in 0..<count {
            var path: [Int] = []
            var next: Int? = process
            while let current = next, !isDone[current] {
                isBegun[current] = true
                path.append(current)
                if let parent = parents[current], isBegun[parent], !isDone[parent] { parents[current] = nil }
                next = parents[current]
            }
            for current in path.reversed() {
                isDone[current] = true
                order.append(current)
            }
        }
    }

    private mutating func findHeads() {
        let count = snapshot.processes.count
        seats = [[Int32]](repeating: [], count: count)
        heads = [Int](0..<count)
        for process in order {
            var own = Array(snapshot.seats(of: process))
            if let parent = parents[process] {
                for type in own.indices where own[type] < 0 { own[type] = seats[parent][type] }
                if own == seats[parent] { heads[process] = heads[parent] }
            }
            seats[process] = own
        }
    }

    private mutating func makeNodes() {
        var followers: [Int: [Int]] = [:]
        for process in heads.indices where heads[process] != process { followers[heads[process], default: []].append(process) }
        var depths: [Int: Int] = [:]
        var above: [Int: Int] = [:]
        let nodes = order.filter { heads[$0] == $0 }
        for head in nodes {
            guard let parent = parents[head].map({ heads[$0] }) else { continue }
            let depth = depths[parent] ?? 0
            above[head] = depth < ProcessTree.deepest ? parent : above[parent]
            depths[head] = min(depth + 1, ProcessTree.deepest)
        }
        var below: [Int: [TreeNode]] = [:]
        for head in nodes.reversed() {
            var node = TreeNode(parts(head, followers[head] ?? []), pid: snapshot.processes[head].pid)
            node.children = (below.removeValue(forKey: head) ?? []).sorted { $0.pid! < $1.pid! }
            if let parent = above[head] { below[parent, default: []].append(node) } else { roots.append(node) }
        }
        roots.sort { $0.pid! < $1.pid! }
    }

    private static let unknown = "its namespaces could not be read"

    /// `812 bash`, `uts:[4026532281] mnt:[4026532282]`, `2 processes more: 813 sleep, 814 sleep`.
    private func parts(_ head: Int, _ followers: [Int]) -> [String] {
        let process = snapshot.processes[head]
        var parts = [describing.name(process)]
        // Where the parent's is not known, the initial one is nothing special.
        let above = parents[head].map { seats[$0] } ?? [Int32](repeating: -1, count: NamespaceType.allCases.count)
        var keys: [String] = []
        for (type, place) in seats[head].enumerated() where place >= 0 {
            let namespace = snapshot.namespaces[Int(place)]
            if above[type] >= 0 ? above[type] != place : !namespace.isInitial { keys.append(describing.name(namespace.key)) }
        }
        if seats[head].allSatisfy({ $0 < 0 }) {
            parts.append(Self.unknown)
        } else {
            parts.append(keys.isEmpty ? "initial namespaces" : keys.joined(separator: " "))
        }
        if !followers.isEmpty {
            let texts = followers.prefix(Describing.most + 1).map { describing.name(snapshot.processes[$0]) }
            parts.append("with \(Describing.list(texts, ", ", of: followers.count))")
        }
        return parts
    }
}
