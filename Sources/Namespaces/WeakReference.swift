import CLinux
import Glibc
import Linux

/// Names a namespace without keeping it alive.
///
/// Since Linux 6.18 by its file handle, which is exact. Before, the inode number is all there is: it is searched for at what can
/// be seen, and it may have gone to another namespace meanwhile. Where the namespace is the only one of its type in a user
/// namespace below nssh's own, the limit of that user namespace tells for sure that it is dead.
public final class WeakReference {
    /// The namespace's type.
    public let type: NamespaceType
    /// The inode number, which may be used again once the namespace is dead.
    public let inode: UInt64
    /// The 64-bit id; nil where the kernel has none.
    public let id: UInt64?
    private var way: Way

    private enum Way {
        case fileHandle(nssh_ns_handle, Reach?)
        case search(id: UInt64?, owner: OwnerLimit?)
        /// Once dead for certain, dead for ever: the limit trick's own namespace may be in its way for some 50 ms. The owner is held no more.
        case dead
    }

    /// What is known of its life.
    public struct State: Sendable {
        /// Whether it lives.
        public var isAlive: Bool
        /// False where that is only likely.
        public var isCertain: Bool
    }

    /// Names the namespace of an open handle.
    public init(_ handle: NamespaceHandle) throws(Failure) {
        try handle.requireOpen()
        type = handle.type
        inode = handle.inode
        id = try handle.id()
        var raw = nssh_ns_handle()
        if nssh_ns_to_handle(handle.descriptor.raw, &raw) == 0 {
            let opens = if case .open = try WeakReference.open(raw, handle.link) { true } else { false }
            way = .fileHandle(raw, opens ? try Reach(type) : nil)
        } else {
            way = .search(id: id, owner: OwnerLimit(handle))
        }
    }

    /// Whether it tells life and death for certain: by a file handle that nssh may open.
    public var isExact: Bool { if case .fileHandle(_, .some) = way { true } else { false } }

    /// `uts:[4026531838]`.
    public var link: String { "\(type.rawValue):[\(inode)]" }

    /// Whether it lives. open_by_handle_at(2)
    public func state() throws(Failure) -> State {
        let state = try look()
        if !state.isAlive, state.isCertain { way = .dead }
        return state
    }

    private func look() throws(Failure) -> State {
        switch way {
        case .dead: return State(isAlive: false, isCertain: true)
        case .fileHandle(let raw, let reach):
            if case .open = try WeakReference.open(raw, link) { return State(isAlive: true, isCertain: true) }
            if let reach, try reach == Reach(type) { return State(isAlive: false, isCertain: true) }
            let found = try search() != nil
            return State(isAlive: found, isCertain: found)
        case .search(let id, let owner):
            if try search() != nil { return State(isAlive: true, isCertain: id != nil) }
            switch owner?.hasAny(type) {
            case .some(false): return State(isAlive: false, isCertain: true)
            case .some(true): return State(isAlive: true, isCertain: false)
            case nil: return State(isAlive: try isSeen(), isCertain: false)
            }
        }
    }

    /// An open handle on it.
    ///
    /// - Throws: ESTALE when it is dead or out of nssh's power.
    public func open() throws(Failure) -> NamespaceHandle {
        if case .fileHandle(let raw, _) = way, case .open(let descriptor) = try WeakReference.open(raw, link) {
            return try NamespaceHandle(descriptor, target: link)
        }
        let state = try state()
        if let found = state.isAlive ? try search() : nil { return found }
        let hint: String
        if state.isAlive {
            hint = "it seems to be alive, but nothing that nssh can see leads to it"
        } else if state.isCertain {
            hint = "the namespace is dead"
        } else if case .fileHandle = way {
            hint = "it is dead, or out of reach: opening takes being in it, or CAP_SYS_ADMIN in the user namespace that owns it"
        } else {
            hint = "nothing that nssh can see holds it; otherwise opening it takes \(Feature.ns_handles.needs)"
        }
        throw Failure("open_by_handle_at", Errno(rawValue: ESTALE), target: link, hint: hint)
    }

    /// What decides whether nssh may open it: the kernel answers ESTALE for a namespace that is dead and for one that nssh has no
    /// power over, so an ESTALE tells of a death only while nssh is what it was when the handle could be opened.
    private struct Reach: Equatable {
        var user, own: UInt64
        var uid: UInt32
        var isAdmin: Bool

        init(_ type: NamespaceType) throws(Failure) {
            user = try Inspect.inode(.own, .user)
            own = try Inspect.inode(.own, type)
            uid = geteuid()
            isAdmin = Capabilities.effective(contains: [.sysAdmin])
        }
    }

    private enum Opened {
        case open(Descriptor)
        case refused
    }

    private static func open(_ raw: nssh_ns_handle, _ link: String) throws(Failure) -> Opened {
        var raw = raw
        let descriptor = nssh_ns_from_handle(&raw)
        if descriptor >= 0 { return .open(Descriptor(descriptor)) }
        let errno = Errno.last
        switch errno.rawValue {
        case ESTALE, EPERM, EACCES: return .refused
        default: throw Failure("open_by_handle_at", errno, target: link)
        }
    }

    /// Whether something holds it that shows and does not lead to it, as a descriptor in a message does: what `Scan.find` leaves out.
    private func isSeen() throws(Failure) -> Bool { try Scan.take(.directed(at: type))[NamespaceKey(type, inode)] != nil }

    /// Looks at everything that leads to a namespace.
    private func search() throws(Failure) -> NamespaceHandle? {
        guard let found = try Scan.find(inode, type), try isThis(found) else { return nil }
        return found
    }

    private func isThis(_ handle: NamespaceHandle) throws(Failure) -> Bool {
        guard handle.inode == inode, handle.type == type else { return false }
        guard let id else { return true }
        return try handle.id() == id
    }
}

/// The limit trick: where a user namespace may have one namespace of a type and a second one is refused, the first is alive.
final class OwnerLimit {
    /// Held: a namespace's owner lives longer than it, but may be needed after its death.
    private let owner: NamespaceHandle

    /// Nil where it tells nothing: the owner is nssh's own user namespace or cannot be joined, or has more of the type than this
    /// one (or it was made by another user).
    init?(_ handle: NamespaceHandle) {
        guard handle.type != .user, let owner = try? handle.userns(), let own = try? Inspect.inode(.own, .user), owner.inode != own,
            (try? owner.parent()) != nil
        else { return nil }
        self.owner = owner
        guard hasAny(handle.type) == true, mayCreate(handle.type, limit: 2) == true else { return nil }
    }

    /// Whether a namespace of the type lives in the user namespace; nil when that cannot be told.
    func hasAny(_ type: NamespaceType) -> Bool? { mayCreate(type, limit: 1).map { !$0 } }

    /// Tries to make a namespace while the limit is `limit`, for that moment.
    private func mayCreate(_ type: NamespaceType, limit: Int) -> Bool? {
        let answer = try? Inside.userNamespace(owner) { () throws(Failure) in
            let name = type.limitName
            let old = try Limits.read(name)
            try Limits.write(name, limit)
            var refusal: Failure?
            do throws(Failure) { try Launch.inPlace([Step(.unshare(type.flag))]) } catch { refusal = error }
            try Limits.write(name, old)
            if let refusal, refusal.errno?.rawValue != ENOSPC { throw refusal }
            return refusal == nil ? "yes" : "no"
        }
        return answer.map { $0 == "yes" }
    }
}
