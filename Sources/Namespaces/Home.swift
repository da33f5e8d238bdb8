import CLinux
import Glibc
import Linux

/// The namespaces that nssh started in, and the way back to them.
public enum Home {
    nonisolated(unsafe) private static var inodes: [(name: String, inode: UInt64)] = []
    nonisolated(unsafe) private static var handles: [NamespaceHandle] = []
    nonisolated(unsafe) private static var directory: Descriptor?

    /// The descriptors that are kept open for the way back.
    static var keptDescriptors: [Int32] { handles.map(\.descriptor.raw) + [directory].compactMap { $0?.raw } }

    /// Takes note of where nssh is, once.
    public static func note() {
        if inodes.isEmpty { inodes = (try? Inspect.inodes(.own)) ?? [] }
    }

    /// Opens what is needed to come back; before nssh moves itself, out of namespaces of these types. What cannot be opened cannot be gone
    /// back to.
    static func keep(leaving types: NamespaceTypes) {
        guard Children.generation == 0 else { return }
        if handles.isEmpty {
            note()
            handles = NamespaceType.allCases.compactMap { try? Target.own.open($0) }
        }
        // It comes back to where it was when it left that mnt namespace the last time. Other types leave the directory as it is.
        if types.contains(.mnt), directory == nil || !away().types.contains(.mnt) {
            directory = try? Descriptor.open([UInt8(ascii: ".")], flags: nssh_o_path | O_DIRECTORY)
        }
    }

    /// In a copy of nssh: it starts where it is.
    static func startAnew() {
        inodes = []
        handles = []
        directory = nil
    }

    /// How nssh's own namespaces differ from those it started in.
    public struct Away: Equatable, Sendable {
        /// The types in which nssh itself is elsewhere.
        public var types: [NamespaceType] = []
        /// The types that only its next children will be in.
        public var childrenOnly: [NamespaceType] = []
        /// The next child will be PID 1.
        public var nextIsInit = false
    }

    /// Where nssh is now.
    public static func away() -> Away {
        var away = Away()
        guard let now = try? Inspect.inodes(.own) else { return away }
        func inode(_ list: [(name: String, inode: UInt64)], _ name: String) -> UInt64? { list.first { $0.name == name }?.inode }
        for type in NamespaceType.allCases where inode(now, type.rawValue) != inode(inodes, type.rawValue) { away.types.append(type) }
        for type in [NamespaceType.pid, .time] {
            let name = "\(type.rawValue)_for_children"
            guard inode(inodes, name) != nil else { continue }
            // A pid namespace without a process yet has no link.
            if type == .pid, inode(now, name) == nil { away.nextIsInit = true }
            if inode(now, name) != inode(now, type.rawValue) { away.childrenOnly.append(type) }
        }
        return away
    }

    /// Whether nssh is in the namespace of this type that it started in. A copy has none that it could come back to.
    static func isHome(_ type: NamespaceType) -> Bool {
        guard let handle = handles.first(where: { $0.type == type }) else { return false }
        return (try? Inspect.inode(.own, type)) == handle.inode
    }

    /// Goes back to the namespaces that nssh started in. setns(2).
    ///
    /// - Returns: the types that it has come back to.
    /// - Throws: the first that the kernel refuses; those before it are done.
    public static func comeBack() throws(Failure) -> [NamespaceType] {
        // It has not moved, or is a copy, which is where it was made.
        if handles.isEmpty { return [] }
        let away = away()
        let wanted = away.types + away.childrenOnly.filter { !away.types.contains($0) }
        var done: [NamespaceType] = []
        // Power over the others is lost or won with the user namespace: it comes first where it is possible at all, and it is not: the
        // kernel lets nobody back to an outer one.
        for type in wanted.sorted(by: { $0 == .user && $1 != .user }) {
            guard let handle = handles.first(where: { $0.type == type }) else {
                throw Failure(code: "ENOENT", "the \(type.rawValue) namespace that nssh started in could not be opened", stage: "go home")
            }
            let call = Step(.setns(descriptor: handle.descriptor.raw, mask: type.flag)).text.shown
            if Trace.call("setns", call, { nssh_setns(handle.descriptor.raw, type.flag) }) < 0 {
                throw refusal(Errno.last, handle, done)
            }
            if type == .mnt {
                Environment.comeHome()
                Foreign.end()
                if let directory { _ = fchdir(directory.raw) }
            }
            done.append(type)
        }
        return done
    }

    private static func refusal(_ errno: Errno, _ handle: NamespaceHandle, _ done: [NamespaceType]) -> Failure {
        var hint = ""
        if errno.rawValue == EPERM, handle.type == .user {
            hint = "nobody comes back to an outer user namespace, and without it not to what it owns: end this nssh and start another"
        } else if errno.rawValue == EPERM {
            hint = "going back needs CAP_SYS_ADMIN in the user namespace that owns \(handle.link), which nssh does not have any more"
        }
        if !done.isEmpty { hint += (hint.isEmpty ? "" : "; ") + "back already: \(done.map(\.rawValue).joined(separator: ", "))" }
        return Failure("setns", errno, stage: "go home", target: handle.link, hint: hint.isEmpty ? nil : hint)
    }
}
