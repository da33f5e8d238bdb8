import CLinux
import Glibc
import Linux

/// What names existing namespaces.
public enum Target {
    case own
    case process(Process)
    case handle(NamespaceHandle)
    case pid(Int32)
    /// A process that was found, and is held since.
    case held(HeldPid)
    /// An inode number, with its type when that is known.
    case inode(UInt64, NamespaceType?)
    case path([UInt8])

    /// The highest pid there can be (PID_MAX_LIMIT); larger integers are inode numbers.
    public static let highestPid = 1 << 22

    /// An integer: a pid or an inode number.
    public init(_ number: Int) throws(Failure) {
        guard number > 0 else {
            throw Failure(code: "EINVAL", "\(number) is neither a pid nor an inode number", stage: "read target", target: String(number))
        }
        self = number <= Target.highestPid ? .pid(Int32(number)) : .inode(UInt64(number), nil)
    }

    /// A string: `self`, `uts:[4026531838]` or a path.
    public init(_ text: [UInt8]) throws(Failure) {
        if text == Array("self".utf8) {
            self = .own
        } else if let (type, inode) = Target.readLink(text.lossy) {
            self = .inode(inode, type)
        } else if text.contains(UInt8(ascii: "/")), !text.contains(0) {
            self = .path(text)
        } else {
            let name = [UInt8](text.prefix(80)).lossy
            throw Failure(
                code: "EINVAL", "\"\(name)\" names no target", stage: "read target", target: name,
                hint: "a target is a process, a handle, a pid, an inode number, \"self\", \"uts:[4026531838]\" or a path with a /")
        }
    }

    /// Reads `uts:[4026531838]`.
    public static func readLink(_ text: String) -> (NamespaceType, UInt64)? {
        guard text.utf8.last == UInt8(ascii: "]"), let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let rest = text.utf8[text.utf8.index(after: colon)...]
        guard rest.first == UInt8(ascii: "["), let inode = UInt64(String(Substring(rest.dropFirst().dropLast()))),
            let type = NamespaceType(name: String(text[..<colon]))
        else { return nil }
        return (type, inode)
    }

    /// The target in words, for messages.
    public var description: String {
        switch self {
        case .own: "self"
        case .process(let process): "process \(process.pid)"
        case .handle(let handle): handle.link
        case .pid(let pid): "pid \(pid)"
        case .held(let held): "pid \(held.pid)"
        case .inode(let inode, let type): type.map { "\($0.rawValue):[\(inode)]" } ?? "inode \(inode)"
        case .path(let path): path.lossy
        }
    }

    /// The path, of a target that is one.
    var path: [UInt8]? { if case .path(let path) = self { path } else { nil } }

    /// Whether it is a process, which has a namespace of each type.
    public var isProcess: Bool {
        switch self {
        case .own, .process, .pid, .held: true
        case .handle, .inode, .path: false
        }
    }

    /// What was noted of the namespaces of a running function body that cannot be looked at.
    var notedInodes: [(name: String, inode: UInt64)]? {
        if case .process(let process) = self, process.isAlive { process.notedInodes } else { nil }
    }

    /// Reads something of the target's /proc directory, so that what is read is surely of this process.
    func reading<Result>(_ body: (String) throws(Failure) -> Result) throws(Failure) -> Result {
        do throws(Failure) {
            switch self {
            case .process(let process): return try process.withProc(body)
            case .pid(let pid): return try body(try Proc.name(of: pid))
            case .held(let held):
                let result = try body(try Proc.name(of: held.pid, held.pidfd))
                if try held.hasEnded() {
                    throw Failure("pidfd_open", Errno(rawValue: ESRCH), target: description, hint: "the process has ended")
                }
                return result
            default: return try body("self")
            }
        } catch {
            throw explained(error)
        }
    }

    /// `error` in terms of the target.
    private func explained(_ error: Failure) -> Failure {
        guard error.call != nil else { return error }
        var failure = error
        switch error.errno?.rawValue {
        case ENOENT, ESRCH:
            if case .pid(let pid) = self, kill(pid, 0) < 0, Errno.last.rawValue == ESRCH {
                failure.hint = "there is no process \(pid)"
            } else {
                failure.hint = "the process may have ended"
            }
        case EACCES, EPERM:
            failure.hint =
                "looking at \(description) needs the right to ptrace it: same user and no more capabilities than nssh has, or CAP_SYS_PTRACE"
        default: break
        }
        return failure
    }

    /// Opens the target's namespace of a type; for a target that is one namespace, `type` is checked if given.
    public func open(_ type: NamespaceType?) throws(Failure) -> NamespaceHandle {
        let handle: NamespaceHandle
        switch self {
        case .own, .process, .pid, .held:
            guard let type else {
                throw Failure(
                    code: "EINVAL", "\(description) has a namespace of each type", stage: "open", target: description,
                    hint: "say which: ns.open(target, \"uts\")")
            }
            return try reading { name throws(Failure) in
                try NamespaceHandle(try Proc.open("\(name)/ns/\(type.rawValue)", flags: O_RDONLY), target: description)
            }
        case .handle(let other):
            try other.requireOpen()
            handle = try NamespaceHandle(other.descriptor.duplicate(), target: description)
        case .inode(let inode, let known):
            handle = try Target.find(inode, known ?? type)
        case .path(let path):
            handle = try NamespaceHandle(try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK), target: description)
        }
        try require(type, of: handle)
        return handle
    }

    /// As `open`, for the moment: a handle that the target is one of is not copied.
    func borrow(_ type: NamespaceType?) throws(Failure) -> NamespaceHandle {
        guard case .handle(let handle) = self else { return try open(type) }
        try handle.requireOpen()
        try require(type, of: handle)
        return handle
    }

    private func require(_ type: NamespaceType?, of handle: NamespaceHandle) throws(Failure) {
        guard let type, handle.type != type else { return }
        throw Failure(
            code: "EINVAL", "\(description) is a \(handle.type.rawValue) namespace, not a \(type.rawValue) namespace",
            stage: "NS_GET_NSTYPE", target: description)
    }

    /// Looks for a namespace by its inode number at everything that nssh can see.
    private static func find(_ inode: UInt64, _ type: NamespaceType?) throws(Failure) -> NamespaceHandle {
        if let found = try Scan.find(inode, type) { return found }
        throw Failure(
            code: "ENOENT", "nothing that nssh can see holds a namespace with inode \(inode)", stage: "look through /proc",
            target: "inode \(inode)", hint: "it may be gone, or its holders are not open to this user")
    }
}
