import Glibc
import Linux

/// Whose a process is, for a name that it has given itself. Processes are meant by their numbers in /proc.
struct Standing {
    /// The user id whose processes count, and whether another user than the caller is named.
    private let uid: UInt32
    private let isNamed: Bool
    private let ownUser = Standing.inode(Proc.own, .user)
    private let ownPid = Standing.inode(Proc.own, .pid)

    init(user: UInt32?) {
        uid = user ?? geteuid()
        isNamed = user != nil
    }

    /// Whether a process is surely that user's, so that its name counts: of root, one in nssh's own user and pid namespaces, where nobody
    /// else is root; of who was named as `USER/NAME`, one in a user namespace that is theirs.
    func isTheirs(_ number: Int32) -> Bool {
        if isNamed, !isInNamespaceOfTheirs(number) { return false }
        // Where another user namespace is theirs, whoever is in it is.
        if isNamed, Standing.inode(number, .user) != ownUser { return true }
        guard let uids = try? Proc.words("\(number)/status", "Uid"), uids.count == 4, uids.allSatisfy({ UInt32($0) == uid }) else {
            return false
        }
        if uid == 0 {
            guard let ownUser, let ownPid, Standing.inode(number, .user) == ownUser, Standing.inode(number, .pid) == ownPid else {
                return false
            }
        }
        return !Standing.isSecure(number)
    }

    /// Whether a container's process can be that user's: who is named as `USER/NAME` owns its user namespace.
    func mayBeTheirs(_ number: Int32) -> Bool { !isNamed || isInNamespaceOfTheirs(number) }

    private func isInNamespaceOfTheirs(_ number: Int32) -> Bool {
        guard let file = try? Proc.open("\(number)/ns/user", flags: O_RDONLY),
            let handle = try? NamespaceHandle(file, target: "process \(number)")
        else { return false }
        return (try? handle.ownerUid()) == uid
    }

    /// Whether a program was executed with more rights than its caller had, setuid and the like: whoever ran it has chosen its name. The
    /// kernel tells the program so, AT_SECURE of getauxval(3); where nssh may not read that, it is taken to be so.
    private static func isSecure(_ number: Int32) -> Bool {
        guard let bytes = try? Proc.read("\(number)/auxv") else { return true }
        // Pairs of words: what it is, and its value.
        for start in stride(from: 0, to: bytes.count - 15, by: 16) {
            let pair = bytes[start..<(start + 16)].withUnsafeBytes { pair in
                (pair.loadUnaligned(as: UInt.self), pair.loadUnaligned(fromByteOffset: 8, as: UInt.self))
            }
            if pair.0 == 23 { return pair.1 != 0 } // AT_SECURE
        }
        return true
    }

    /// The real user id of a process; nil when it has gone.
    static func uid(_ number: Int32) -> UInt32? {
        ((try? Proc.words("\(number)/status", "Uid")) ?? []).first.flatMap { UInt32($0) }
    }

    private static func inode(_ number: Int32, _ type: NamespaceType) -> UInt64? {
        if case .inode(let inode) = Inspect.look("\(number)/ns/\(type.rawValue)", below: Proc.root) { inode } else { nil }
    }

    private static func inodes(_ number: Int32) -> [UInt64?] { NamespaceType.allCases.map { inode(number, $0) } }

    /// Whether a process is in all of nssh's own namespaces.
    static func isHere(_ number: Int32) -> Bool { inodes(number) == inodes(Proc.own) }

    /// Whether another process is in the same container as the first one of it: in its pid namespace or one below, or in the same namespaces
    /// where the container has no pid namespace of its own. Of those that nssh may not look at, nothing speaks against it.
    static func areTogether(_ first: Int32, _ other: Int32) -> Bool {
        let (left, right) = (inodes(first), inodes(other))
        if left == right || left.allSatisfy({ $0 == nil }) || right.allSatisfy({ $0 == nil }) { return true }
        guard let own = inode(first, .pid), own != inode(Proc.own, .pid), let file = try? Proc.open("\(other)/ns/pid", flags: O_RDONLY)
        else { return false }
        var handle = try? NamespaceHandle(file, target: "process \(other)")
        while let current = handle {
            if current.inode == own { return true }
            handle = (try? current.parent()) ?? nil
        }
        return false
    }
}
