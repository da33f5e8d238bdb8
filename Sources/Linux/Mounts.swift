/// A mount, as a line of /proc/self/mountinfo tells it; proc_pid_mountinfo(5).
public struct Mount: Equatable, Sendable {
    /// The mount id, unique while the mount lives.
    public var id: Int
    /// The mount id of the mount that this one is on.
    public var parent: Int
    /// The device of the file system, as `MountTable.device` numbers it.
    public var device: UInt64
    /// The directory inside the file system that is mounted.
    public var root: String
    /// The mount point, as seen from nssh's root.
    public var target: String
    /// The options of the mount, `rw,relatime`.
    public var options: String
    /// `shared`, `slave`, `shared,slave`, `private` or `unbindable`.
    public var propagation: String
    /// The file system, `ext4`.
    public var type: String
    /// What is mounted; often the type again.
    public var source: String

    /// The mounts of nssh's own mount namespace.
    public static func own() throws(Failure) -> [Mount] {
        try Proc.read("self/mountinfo").split(separator: 10).compactMap { Mount(line: $0) }
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
        root = Self.text(fields[3])
        target = Self.text(fields[4])
        options = Self.text(fields[5])
        let tags = fields[6..<dash].map(Self.text)
        var kinds: [String] = []
        if tags.contains(where: { $0.hasPrefix("shared:") }) { kinds.append("shared") }
        if tags.contains(where: { $0.hasPrefix("master:") }) { kinds.append("slave") }
        if tags.contains("unbindable") { kinds.append("unbindable") }
        propagation = kinds.isEmpty ? "private" : kinds.joined(separator: ",")
        type = Self.text(fields[dash + 1])
        source = Self.text(fields[dash + 2])
    }

    /// Undoes the octal escapes (`\040`).
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == 92, rest.count >= 3 {
                let value = rest.prefix(3).reduce(0) { $0 * 8 + Int($1) - 48 }
                result.append(UInt8(truncatingIfNeeded: value))
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
