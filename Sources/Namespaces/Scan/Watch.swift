import CLinux
import Glibc
import Linux

/// Watches namespaces come and go, by one look after the other. What lives for less than the time between two looks may be missed.
///
/// Each look is at processes, unless the options want more. A namespace whose last process has gone may be held by something else: it
/// is dead when its weak reference says so, or, where the kernel has no file handles of namespaces, when a look at descriptors and
/// mounts too does not find it.
public final class Watch {
    /// A birth or a death.
    public struct Event: Sendable {
        /// Whether it is a birth.
        public var isBirth: Bool
        /// Which namespace.
        public var key: NamespaceKey
        /// The first process that was seen in it; nil when there was none.
        public var process: Snapshot.Process?
        /// When it was noticed, in seconds since 1970.
        public var time: Double
        /// The same since the watch began.
        public var seconds: Double
        /// For how long it was seen to live; nil for a birth, and for one that was there when the watch began.
        public var lived: Double?
        /// The time between the two looks that it lies between: what lived shorter than this may have been missed.
        public var gap: Double
        /// Of a death, false when something that nssh cannot see may still hold it.
        public var isCertain = true
    }

    /// The time between two looks, in seconds.
    public let interval: Double
    private let options: ScanOptions
    private let start: Double
    private let end: Double?
    private var last: Double?
    private var known: [NamespaceKey: Known] = [:]
    private var pending: [Event] = []

    /// What is known of a namespace that lives.
    private struct Known {
        var id: UInt64?
        var process: Snapshot.Process?
        /// When it was born; nil if it was there before.
        var birth: Double?
        var reference: WeakReference?
        /// Whether the last look showed it.
        var isSeen = true
    }

    /// A watch that begins with its first look.
    ///
    /// - Parameters:
    ///   - options: what each look goes through.
    ///   - interval: the time between two looks, in seconds.
    ///   - timeout: the watch ends after so many seconds; without it, never.
    public init(_ options: ScanOptions = .processes, interval: Double, timeout: Double? = nil) throws(Failure) {
        self.options = options
        self.interval = interval
        let start = monotonicSeconds()
        self.start = start
        end = timeout.map { start + $0 }
        try look()
    }

    /// Waits for the next event; nil when the time is up.
    ///
    /// - Throws: `Failure.interrupted` on ^C.
    public func next() throws(Failure) -> Event? {
        while pending.isEmpty {
            let wanted = last! + interval
            if let end, end < wanted {
                try System.sleep(max(end - monotonicSeconds(), 0))
                return nil
            }
            try System.sleep(max(wanted - monotonicSeconds(), 0))
            try look()
        }
        return pending.removeFirst()
    }

    private func look() throws(Failure) {
        let began = monotonicSeconds()
        let snapshot = try Scan.take(options)
        let members = snapshot.members()
        let now = snapshot.time
        let gap = began - (last ?? began)
        for key in known.keys { known[key]!.isSeen = false }
        var born: [Event] = []
        for (position, namespace) in snapshot.namespaces.enumerated() where options.types.contains(namespace.key.type) {
            if known[namespace.key].map({ $0.id == nil || namespace.id == nil || $0.id == namespace.id }) == true {
                known[namespace.key]!.isSeen = true
                continue
            }
            if let old = known[namespace.key] { pending.append(death(namespace.key, old, now, began, gap, isCertain: true)) }
            let process = members[position].first.map { snapshot.processes[$0] }
            known[namespace.key] = Known(
                id: namespace.id, process: process, birth: last == nil ? nil : began, reference: reference(namespace.key, process))
            if last != nil {
                born.append(Event(isBirth: true, key: namespace.key, process: process, time: now, seconds: began - start, gap: gap))
            }
        }
        for (key, old) in known.filter({ !$0.value.isSeen }).sorted(by: { $0.key < $1.key }) {
            guard let isCertain = try isDead(key, old) else { continue }
            known[key] = nil
            pending.append(death(key, old, now, began, gap, isCertain: isCertain))
        }
        pending += born
        last = began
    }

    private func death(
        _ key: NamespaceKey, _ old: Known, _ time: Double, _ now: Double, _ gap: Double, isCertain: Bool
    ) -> Event {
        Event(
            isBirth: false, key: key, process: old.process, time: time, seconds: now - start, lived: old.birth.map { now - $0 }, gap: gap,
            isCertain: isCertain)
    }

    /// A weak reference where it is exact.
    private func reference(_ key: NamespaceKey, _ process: Snapshot.Process?) -> WeakReference? {
        guard Feature.ns_handles.isSupported, let process, let handle = try? Target.pid(process.pid).open(key.type),
            handle.inode == key.inode, let reference = try? WeakReference(handle), reference.isExact
        else { return nil }
        return reference
    }

    /// Whether a namespace that the last look did not show is dead: nil if it is not, otherwise whether that is certain.
    private func isDead(_ key: NamespaceKey, _ old: Known) throws(Failure) -> Bool? {
        if let reference = old.reference {
            let state = try reference.state()
            return state.isAlive ? nil : state.isCertain
        }
        var wide = ScanOptions.directed(at: key.type)
        wide.deep = false
        let snapshot = try Scan.take(wide)
        guard let namespace = snapshot[key], old.id == nil || namespace.id == nil || namespace.id == old.id else { return false }
        return nil
    }
}
