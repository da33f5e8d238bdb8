import Linux

extension Graph {
    /// The graph as a flowchart of Mermaid, as Markdown of GitHub and GitLab shows it.
    public var mermaid: String {
        var lines = ["flowchart LR"]
        for (position, node) in nodes.enumerated() {
            let label = node.lines.map(Graph.entities).joined(separator: "<br/>")
            let (left, right) =
                switch node.kind {
                case .namespace: ("[", "]")
                case .processes: ("([", "])")
                case .holder: (">", "]")
                }
            lines.append("  n\(position + 1)\(left)\"\(label)\"\(right)")
        }
        for edge in edges {
            let arrow =
                switch edge.kind {
                case .owner: "-->|owns|"
                case .parent: "==>|parent of|"
                case .member: "-.->|in|"
                case .holder: "-.->|holds|"
                }
            lines.append("  n\(edge.from + 1) \(arrow) n\(edge.to + 1)")
        }
        for type in NamespaceType.allCases {
            let names = nodes.indices.filter { if case .namespace(type) = nodes[$0].kind { true } else { false } }.map { "n\($0 + 1)" }
            if names.isEmpty { continue }
            lines.append("  classDef \(type.rawValue) fill:\(type.colour),stroke:#555,color:#111")
            lines.append("  class \(names.joined(separator: ",")) \(type.rawValue)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Text between double quotes, in which Mermaid knows HTML, Markdown and entities: all but letters, digits and what is harmless as a number.
    private static func entities(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            let isPlain =
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", " ", ",", ".", ":", "/", "(", ")", "[", "]", "-": true
                default: scalar.value > 0x7f
                }
            if isPlain { result.unicodeScalars.append(scalar) } else { result += "#\(scalar.value);" }
        }
    }
}
