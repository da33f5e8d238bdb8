import Linux

extension Graph {
    /// The graph in the language of Graphviz. dot(1)
    public var dot: String {
        var lines = [
            "digraph namespaces {", "  rankdir=LR;",
            "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];",
            "  edge [fontname=\"sans-serif\", fontsize=10];",
        ]
        for (position, node) in nodes.enumerated() {
            let label = node.lines.map(Graph.quoted).joined(separator: "\\n")
            lines.append("  n\(position + 1) [label=\"\(label)\"\(attributes(node))];")
        }
        for edge in edges {
            let attributes =
                switch edge.kind {
                case .owner: "label=owns"
                case .parent: "label=\"parent of\", style=bold"
                case .member: "label=in, style=dashed"
                case .holder: "label=holds, style=dotted"
                }
            lines.append("  n\(edge.from + 1) -> n\(edge.to + 1) [\(attributes)];")
        }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    private func attributes(_ node: Node) -> String {
        switch node.kind {
        case .namespace(let type): ", fillcolor=\"\(type.colour)\"" + (node.isInitial ? ", penwidth=2" : "")
        case .processes: ", shape=ellipse, style=solid"
        case .holder: ", shape=note, style=solid"
        }
    }

    /// Text between double quotes, where a backslash and a quote mean something.
    private static func quoted(_ text: String) -> String {
        text.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) }
    }
}

extension NamespaceType {
    /// The colour of its boxes in pictures: light, dark text is read on it.
    var colour: String {
        switch self {
        case .mnt: "#dbe9f6"
        case .uts: "#e8e1f3"
        case .ipc: "#f6e3da"
        case .pid: "#dcefd9"
        case .net: "#d7eef0"
        case .user: "#fbf0cf"
        case .cgroup: "#eeeeea"
        case .time: "#f5dde6"
        }
    }
}
