import Linux

/// The namespaces of a snapshot as a tree.
public struct Tree {
    /// What is below what.
    public enum Order: String, CaseIterable, Sendable {
        /// Below a user namespace, what it owns.
        case owner
        /// Below a pid or user namespace, its children; other types have none.
        case parent
        /// Below a process, those of its descendants that are in other namespaces.
        case process
    }

    /// The trees, each by its root.
    public let roots: [TreeNode]

    /// - Parameters:
    ///   - all: whether the initial namespaces are shown one by one too; otherwise those without anything below them are counted. By process that makes no difference.
    ///   - ascii: whether only ASCII is used in the words.
    public init(_ snapshot: Snapshot, by order: Order, all: Bool = false, ascii: Bool = false) {
        switch order {
        case .owner: roots = Tree.ofNamespaces(snapshot, NamespaceType.allCases, all, ascii) { $0.owner }
        case .parent: roots = Tree.ofNamespaces(snapshot, [.pid, .user], all, ascii) { $0.parent }
        case .process: roots = ProcessTree(snapshot).roots
        }
    }

    /// - Parameter above: what a namespace is below.
    private static func ofNamespaces(
        _ snapshot: Snapshot, _ types: [NamespaceType], _ all: Bool, _ ascii: Bool, above: (Snapshot.Namespace) -> NamespaceKey?
    ) -> [TreeNode] {
        var describing = Describing(snapshot, ascii: ascii)
        let positions = snapshot.namespaces.indices.filter { types.contains(snapshot.namespaces[$0].key.type) }
        var below: [Int: [Int]] = [:]
        var top: [Int] = []
        for position in positions {
            if let other = above(snapshot.namespaces[position]).flatMap({ snapshot.position(of: $0) }) {
                below[other, default: []].append(position)
            } else {
                top.append(position)
            }
        }
        // What has something below it comes last, where the eye can follow.
        func sorted(_ list: [Int]) -> [Int] { list.filter { below[$0] == nil } + list.filter { below[$0] != nil } }
        func nodes(_ list: [Int]) -> [TreeNode] {
            let folded = all ? [] : list.filter { snapshot.namespaces[$0].isInitial && below[$0] == nil }
            var result: [TreeNode] = []
            if folded.count > 1 {
                let names = folded.map { snapshot.namespaces[$0].key.type.rawValue }.joined(separator: " ")
                result.append(TreeNode(["\(folded.count) initial: \(names)"]))
            }
            for position in sorted(list) where folded.count < 2 || !folded.contains(position) {
                var node = TreeNode(describing.parts(position), key: snapshot.namespaces[position].key)
                if let children = below[position] { node.children = nodes(children) }
                result.append(node)
            }
            return result
        }
        return nodes(top)
    }
}
