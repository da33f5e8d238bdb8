import Linux

/// The namespaces of a snapshot as a graph: what every picture is drawn from.
public struct Graph {
    /// A thing.
    public struct Node {
        /// What it is.
        public enum Kind: Sendable {
            case namespace(NamespaceType)
            /// Processes that are in the same namespaces.
            case processes
            /// What else holds a namespace.
            case holder
        }

        /// What it is.
        public var kind: Kind
        /// Its name, and what else there is to say of it: a line each.
        public var lines: [String]
        /// Of a namespace, whether the kernel made it at boot.
        public var isInitial = false
    }

    /// How two things belong together.
    public struct Edge {
        /// How.
        public enum Kind: String, Sendable {
            case owner, parent, member, holder
        }

        /// How.
        public var kind: Kind
        /// The owner, the parent, the process, the holder; its position in `nodes`.
        public var from: Int
        /// The namespace.
        public var to: Int
    }

    /// Namespaces in the order of the snapshot, then processes, then holders.
    public private(set) var nodes: [Node] = []
    /// By where they go to.
    public private(set) var edges: [Edge] = []

    /// - Parameter all: whether the initial namespaces that are above nothing are in it too, and processes that are in initial ones only.
    public init(_ snapshot: Snapshot, all: Bool = false) {
        var describing = Describing(snapshot, ascii: false)
        var isAbove = [Bool](repeating: all, count: snapshot.namespaces.count)
        for namespace in snapshot.namespaces where all || !namespace.isInitial {
            for other in [namespace.owner, namespace.parent] {
                if let position = other.flatMap({ snapshot.position(of: $0) }) { isAbove[position] = true }
            }
        }
        var places: [NamespaceKey: Int] = [:]
        for (position, namespace) in snapshot.namespaces.enumerated() where !namespace.isInitial || isAbove[position] {
            places[namespace.key] = nodes.count
            nodes.append(
                Node(kind: .namespace(namespace.key.type), lines: describing.title(position), isInitial: namespace.isInitial))
        }
        for namespace in snapshot.namespaces {
            guard let place = places[namespace.key] else { continue }
            if let parent = namespace.parent.flatMap({ places[$0] }) { edges.append(Edge(kind: .parent, from: parent, to: place)) }
            if namespace.owner != namespace.parent, let owner = namespace.owner.flatMap({ places[$0] }) {
                edges.append(Edge(kind: .owner, from: owner, to: place))
            }
        }
        for group in ProcessGroup.all(snapshot) where all || !group.isInitial(snapshot) {
            let node = nodes.count
            nodes.append(Node(kind: .processes, lines: [describing.processes(group.members.map { snapshot.processes[$0] })]))
            for seat in group.seats where seat >= 0 {
                // What all processes are in says nothing about these.
                let namespace = snapshot.namespaces[Int(seat)]
                guard all || !namespace.isInitial, let place = places[namespace.key] else { continue }
                edges.append(Edge(kind: .member, from: node, to: place))
            }
        }
        for namespace in snapshot.namespaces where all || !namespace.isInitial {
            guard let place = places[namespace.key], let text = describing.holders(namespace) else { continue }
            edges.append(Edge(kind: .holder, from: nodes.count, to: place))
            nodes.append(Node(kind: .holder, lines: text))
        }
    }
}
