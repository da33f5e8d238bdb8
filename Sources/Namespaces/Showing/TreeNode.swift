import Glibc

/// A thing in a tree, and what is below it.
public struct TreeNode: Equatable, Sendable {
    /// What it is, in words, each with what belongs to it: `user:[4026532178]`, `3 processes: 812 bash, …`.
    public var parts: [String]
    /// The namespace that it stands for.
    public var key: NamespaceKey?
    /// The process that it stands for.
    public var pid: Int32?
    /// What is below it, in order.
    public var children: [TreeNode] = []

    /// A node without children.
    public init(_ parts: [String], key: NamespaceKey? = nil, pid: Int32? = nil) {
        self.parts = parts
        self.key = key
        self.pid = pid
    }
}

/// The lines of a tree.
public struct TreeText {
    private let branch, last, bar, blank: String

    /// Lines drawn in Unicode, or in ASCII.
    public init(ascii: Bool) {
        (branch, last, bar, blank) = ascii ? ("|-", "`-", "| ", "  ") : ("├─", "└─", "│ ", "  ")
    }

    /// Whether the locale is one without Unicode: the first of LC_ALL, LC_CTYPE and LANG that is set decides. setlocale(3)
    public static var wantsASCII: Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { continue }
            let charset = value.lowercased()
            return !charset.hasSuffix("utf-8") && !charset.hasSuffix("utf8")
        }
        return true
    }

    /// One line a node. (Not by recursion: a snapshot from a file may be as deep as it likes.)
    public func lines(_ roots: [TreeNode]) -> [String] {
        var lines: [String] = []
        // What is still to come, the next one last.
        var pending = roots.reversed().map { (node: $0, lead: "", mark: "") }
        while let (node, lead, mark) = pending.popLast() {
            lines.append(lead + mark + node.parts.joined(separator: "; "))
            let below = lead + (mark.isEmpty ? "" : mark == last ? blank : bar)
            for (position, child) in node.children.enumerated().reversed() {
                pending.append((child, below, position == node.children.count - 1 ? last : branch))
            }
        }
        return lines
    }
}
