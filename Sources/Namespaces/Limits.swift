import Glibc
import Linux

/// How many namespaces of each type may be made in a user namespace, by each of its users: /proc/sys/user, namespaces(7). The
/// files show the limits of the reader's own user namespace.
public enum Limits {
    /// A limit: `max_uts_namespaces` and its value.
    public typealias Limit = (name: String, value: Int)
    /// The user namespace that the machine starts with; its inode number is fixed (PROC_USER_INIT_INO).
    static let initialInode: UInt64 = 0xEFFF_FFFD
    /// The largest value: an int in the kernel.
    public static let highest = Int(Int32.max)

    /// The limits in a target's user namespace, in the order of the types; for a handle on another type those in its owner.
    public static func of(_ target: Target) throws(Failure) -> [Limit] {
        guard let namespace = try other(target) else { return try own() }
        let text = try Inside.userNamespace(namespace) { () throws(Failure) in
            try own().map { "\($0.name) \($0.value)" }.joined(separator: "\n")
        }
        return parse(text)
    }

    /// Sets limits in a target's user namespace, all or none of them.
    ///
    /// - Parameter machine: the caller knows that in the initial user namespace they are those of the whole machine.
    /// - Returns: what they were.
    public static func set(_ limits: [Limit], of target: Target, machine: Bool) throws(Failure) -> [Limit] {
        let namespace = try other(target)
        let inode = if let namespace { namespace.inode } else { try Inspect.inode(.own, .user) }
        if !machine, inode == initialInode {
            throw Failure(
                code: "EPERM", "this is the initial user namespace: its limits are those of the whole machine", stage: "write limits",
                target: "user:[\(initialInode)]", hint: "machine = true says that this is meant")
        }
        do throws(Failure) {
            guard let namespace else { return try write(limits) }
            let text = try Inside.userNamespace(namespace) { () throws(Failure) in
                try write(limits).map { "\($0.name) \($0.value)" }.joined(separator: "\n")
            }
            return parse(text)
        } catch {
            var failure = error
            switch failure.errno?.rawValue {
            case EACCES, EPERM: failure.hint = "it takes CAP_SYS_RESOURCE in that user namespace, which root of it has"
            case EROFS: failure.hint = "the /proc that nssh found is mounted read-only"
            default: break
            }
            throw failure
        }
    }

    /// The target's user namespace; nil when it is nssh's own.
    private static func other(_ target: Target) throws(Failure) -> NamespaceHandle? {
        if case .own = target { return nil }
        var handle = try target.isProcess ? target.open(.user) : target.open(nil)
        if handle.type != .user { handle = try handle.userns() }
        return try handle.inode == Inspect.inode(.own, .user) ? nil : handle
    }

    /// Those of the calling process's user namespace.
    static func own() throws(Failure) -> [Limit] {
        var result: [Limit] = []
        for type in NamespaceType.allCases {
            do throws(Failure) { result.append((type.limitName, try read(type.limitName))) } catch {
                if error.errno?.rawValue != ENOENT { throw error }
            }
        }
        return result
    }

    static func read(_ name: String) throws(Failure) -> Int {
        let text = try Proc.read("sys/user/\(name)").lossy
        guard let value = Int(text.split(separator: "\n").first ?? "") else {
            throw Failure(code: "EINVAL", "/proc/sys/user/\(name) reads \"\(text)\"", target: name)
        }
        return value
    }

    static func write(_ name: String, _ value: Int) throws(Failure) {
        try Proc.write("sys/user/\(name)", Array("\(value)\n".utf8), stage: "write \(name)")
    }

    private static func write(_ limits: [Limit]) throws(Failure) -> [Limit] {
        var old: [Limit] = []
        for limit in limits { old.append((limit.name, try read(limit.name))) }
        for (position, limit) in limits.enumerated() {
            do throws(Failure) { try write(limit.name, limit.value) } catch {
                for done in old.prefix(position) { try? write(done.name, done.value) }
                throw error
            }
        }
        return old
    }

    private static func parse(_ text: String) -> [Limit] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return words.count == 2 ? Int(words[1]).map { (String(words[0]), $0) } : nil
        }
    }
}
