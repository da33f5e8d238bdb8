import CLinux
import Glibc

/// The names of users.
///
/// On nssh's own files the name service knows them (nsswitch.conf(5)), whose modules are libraries. In a place of somebody else's they are what
/// /etc/passwd says there, which is read as what it is: text that somebody else has written.
public enum Users {
    /// The name of a user id; nil where there is none. getpwuid(3)
    public static func name(of uid: UInt32) -> String? {
        if Foreign.isHere { return entries.first { $0.uid == uid }?.name }
        return getpwuid(uid).map { String(cString: $0.pointee.pw_name) }
    }

    /// The user id of a name; nil where there is none. getpwnam(3)
    public static func id(of name: String) -> UInt32? {
        if Foreign.isHere { return entries.first { $0.name == name }?.uid }
        return getpwnam(name)?.pointee.pw_uid
    }

    nonisolated(unsafe) private static var known: [(name: String, uid: UInt32)]?

    /// The process is somewhere else now.
    static func forget() { known = nil }

    private static var entries: [(name: String, uid: UInt32)] {
        if let known { return known }
        let entries = parse((try? read("/etc/passwd")) ?? [])
        known = entries
        return entries
    }

    /// More is not read: a list of names is worth no more.
    private static let most = 1 << 20

    /// A regular file under that very name: no link is followed, no FIFO is waited for.
    private static func read(_ path: String) throws(Failure) -> [UInt8] {
        let file = try Descriptor.open(Array(path.utf8), flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        var info = stat()
        try check(fstat(file.raw, &info), "fstat", target: path)
        if info.st_mode & S_IFMT != S_IFREG { return [] }
        return Array(try file.readStream(limit: most).prefix(most))
    }

    /// The names and ids in a text of the form of passwd(5): whatever else is in it is left out, and names that a terminal would not show as
    /// they are.
    static func parse(_ text: [UInt8]) -> [(name: String, uid: UInt32)] {
        text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count == 4, !fields[0].isEmpty, fields[0].count <= 256, fields[2].count <= 10 else { return nil }
            let name = Array(fields[0]).lossy
            guard Array(fields[0]).shown == name, let uid = UInt32(Array(fields[2]).lossy) else { return nil }
            return (name, uid)
        }
    }
}
