/// A mount, as a line of /proc/self/mountinfo tells it; proc_pid_mountinfo(5).
public struct Mount: Equatable, Sendable {
    /// The mount id, unique while the mount lives.
    public var id: Int
    /// The mount id of the mount that this one is on.
    public var parent: Int
    /// The device of the file system, as `MountTable.device` numbers it.
    public var device: UInt64
    /// The directory inside the file system that is mounted.
    public var root: [UInt8]
    /// The mount point, as seen from nssh's root.
    public var target: [UInt8]
    /// The options of the mount, `rw,relatime`.
    public var options: String
    /// `shared`, `slave`, `shared,slave`, `private` or `unbindable`.
    public var propagation: String
    /// The file system, `ext4`.
    public var type: String
    /// What is mounted; often the type again.
    public var source: [UInt8]
    /// The options of the file system: of cgroup hierarchies among them the controllers.
    public var superOptions: String

    /// The mounts of nssh's own mount namespace, all of them: in another's that can take long, `MountInfo` has an end.
    public static func own() throws(Failure) -> [Mount] {
        try MountInfo("self", MountBudget(isLimited: false)).mounts
    }

    /// Reads one line.
    public init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: 32, omittingEmptySubsequences: false)
        guard let dash = fields.firstIndex(of: [45]), dash >= 6, fields.count >= dash + 3,
            let id = Int(Self.text(fields[0])), let parent = Int(Self.text(fields[1]))
        else { return nil }
        self.id = id
        self.parent = parent
        let device = Self.text(fields[2]).split(separator: ":").compactMap { UInt32($0) }
        self.device = device.count == 2 ? MountTable.device(device[0], device[1]) : 0
        root = Self.unescaped(fields[3])
        target = Self.unescaped(fields[4])
        options = Self.text(fields[5])
        let tags = fields[6..<dash].map(Self.text)
        var kinds: [String] = []
        if tags.contains(where: { $0.hasPrefix("shared:") }) { kinds.append("shared") }
        if tags.contains(where: { $0.hasPrefix("master:") }) { kinds.append("slave") }
        if tags.contains("unbindable") { kinds.append("unbindable") }
        propagation = kinds.isEmpty ? "private" : kinds.joined(separator: ",")
        type = Self.text(fields[dash + 1])
        source = Self.unescaped(fields[dash + 2])
        superOptions = fields.count > dash + 3 ? Self.text(fields[dash + 3]) : ""
    }

    /// Of the fields that the kernel has its own words for.
    private static func text(_ field: ArraySlice<UInt8>) -> String { unescaped(field).lossy }

    /// Undoes the octal escapes (`\040`). A backslash is escaped itself, so that one before anything else is just that.
    public static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }),
                let value = UInt8(exactly: digits.reduce(0) { $0 * 8 + Int($1) - 48 })
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
