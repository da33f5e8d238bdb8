import Linux

/// Names a namespace within a snapshot: its type and its inode number.
public struct NamespaceKey: Hashable, Comparable, Sendable {
    /// The type.
    public var type: NamespaceType
    /// The inode number, which names the namespace as long as it lives.
    public var inode: UInt64

    /// A namespace's name.
    public init(_ type: NamespaceType, _ inode: UInt64) {
        self.type = type
        self.inode = inode
    }

    /// `uts:[4026531838]`.
    public var link: String { "\(type.rawValue):[\(inode)]" }

    /// By type, in the order of `NamespaceType`, then by inode number.
    public static func < (a: NamespaceKey, b: NamespaceKey) -> Bool {
        if a.type == b.type { return a.inode < b.inode }
        return a.type.ordinal < b.type.ordinal
    }
}
