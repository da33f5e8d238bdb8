import Linux

/// What a child is to be: the options of clone, run, call and shell.
public struct Options: Equatable {
    /// New namespaces.
    public var types: NamespaceTypes = []
    /// The maps of a new user namespace.
    public var user: UserMap?
    /// The host name of a new uts namespace.
    public var hostname: [UInt8]?
    /// The NIS domain name of a new uts namespace.
    public var domainname: [UInt8]?
    /// Offsets of the clocks of a new time namespace.
    public var monotonic: TimeOffset?
    /// The offset of CLOCK_BOOTTIME in a new time namespace.
    public var boottime: TimeOffset?
    /// Of all mounts of a new mnt namespace; nil leaves it unchanged.
    public var propagation: Propagation? = .private
    /// A fresh /proc.
    public var proc = false
    /// PID 1 of a new pid namespace is an init, and the body its child.
    public var initProcess = false
    /// It outlives nssh.
    public var detached = false
    /// Brings lo up in a new net namespace.
    public var loopbackUp = false
    /// Existing namespaces to join first.
    public var joins: [Join] = []

    /// What runs.
    public var body: Body = .held
    /// Where standard input comes from.
    public var stdin: Stream = .inherit
    /// Where standard output goes.
    public var stdout: Stream = .inherit
    /// Where standard error goes.
    public var stderr: Stream = .inherit
    /// Changes to the environment: nil removes.
    public var environment: [Variable] = []
    /// Starts from an empty environment.
    public var clearEnvironment = false
    /// The working directory, as seen from inside.
    public var cwd: [UInt8]?
    /// The user id, as seen from inside.
    public var uid: UInt32?
    /// The group id, as seen from inside.
    public var gid: UInt32?
    /// The supplementary groups, as seen from inside.
    public var groups: [UInt32]?
    /// What the program sees as its own name.
    public var argv0: [UInt8]?
    /// Seconds.
    public var timeout: Double?
    /// The terminal is lent to the child.
    public var foreground = false
    /// How the program stands to nssh.
    public var standing = Standing.apart
    /// Joining a user namespace leaves the ids as they are, instead of becoming its root.
    public var keepsCredentials = false
    /// It has a session and a terminal of its own, whose other end is nssh's.
    public var session: Session?
    /// Something that cannot be taken over from the target is an error.
    public var isStrict = false
    /// Names of nssh's environment that go along to a foreign place.
    public var keptEnvironment: [[UInt8]] = []
    /// The environment of the target, `NAME=value` each, in place of the usual one.
    public var targetEnvironment: [[UInt8]]?
    /// All descriptors that nssh was called with go along to a foreign place.
    public var keepsDescriptors = false
    /// Descriptors that it is granted beside the standard streams: which number is a copy of which of nssh's.
    public var grants: [Grant] = []

    /// Nothing new, held.
    public init() {}

    /// Whether it is to be where others have made the files, or the user namespace.
    var isForeign: Bool { joins.contains { $0.isForeign } }
    /// Whether the files are others than nssh's: what is named there may lead out.
    var entersFiles: Bool { joins.contains { $0.mask.contains(.mnt) || $0.root != nil } }
    /// Those of the user namespace that is joined.
    var joinedIds: (ids: JoinedIds, target: String) {
        guard let join = joins.first(where: { $0.mask.contains(.user) }) else { return (.none, "") }
        return (join.ids, join.description)
    }
    /// What cannot be taken over from the targets, in words.
    var weaker: [String] { joins.flatMap { $0.power?.weaker ?? [] } }

    private var isHeld: Bool { if case .held = body { true } else { false } }
    /// Whether the body gets an init above it: a held process is one itself.
    var hasInit: Bool { !isHeld && initProcess && types.contains(.pid) }
    /// Whether something of nssh's own stays in the namespaces.
    var hasKeeper: Bool { isHeld || hasInit }

    /// A change to one variable of the environment.
    public struct Variable: Equatable, Sendable {
        /// Its name.
        public var name: [UInt8]
        /// Its value; nil removes it.
        public var value: [UInt8]?

        /// A change.
        public init(_ name: [UInt8], _ value: [UInt8]?) { (self.name, self.value) = (name, value) }
    }

    /// A descriptor that a program is granted.
    public struct Grant: Equatable, Sendable {
        /// Its number there.
        public var number: Int32
        /// Which of nssh's it is a copy of.
        public var descriptor: Int32

        /// A grant.
        public init(_ number: Int32, _ descriptor: Int32) { (self.number, self.descriptor) = (number, descriptor) }
    }

    /// What a child runs.
    public enum Body: Equatable {
        case held
        case program([[UInt8]])
        /// The caller goes on in the child.
        case function
    }

    /// How a program stands to nssh.
    public enum Standing: Sendable {
        /// It has a process group of its own, and just the descriptors that it was granted.
        case apart
        /// As a command of the shell that nssh was called from: in nssh's process group, with all descriptors that nssh was called with.
        case beside
        /// As `beside`, in the process that was nssh.
        case replacing
    }

    /// What nssh does with its end of the child's own terminal.
    public enum Session {
        /// Keeps it for its user, as standard input and output.
        case kept
        /// Reads it to the end as standard output.
        case captured
        /// Passes on what is typed at its own terminal, and what comes.
        case relayed
    }

    /// Where a standard stream leads.
    public enum Stream: Equatable {
        case inherit
        case null
        /// A pipe whose other end nssh keeps.
        case pipe
        /// A pipe that nssh reads to the end.
        case capture
        /// Its own terminal.
        case terminal
        case descriptor(Int32)
        case path([UInt8])
        case data([UInt8])
    }

    /// mount(2) propagation.
    public enum Propagation: String, CaseIterable, Sendable {
        case `private`, shared, slave
    }
}

/// The maps of a new user namespace; user_namespaces(7).
public enum UserMap: Equatable, Sendable {
    /// None: everybody is the overflow uid.
    case unmapped
    /// Our own ids are 0 inside.
    case root
    /// Our own ids are themselves inside.
    case identity
    /// Our own ids are 0 inside, our subordinate ids the others; of root only the subordinate ones.
    case subordinate(uid: [IDRange], gid: [IDRange])
    case ranges(uid: [IDRange], gid: [IDRange], denySetgroups: Bool)
}

/// A line of a uid_map or gid_map.
public struct IDRange: Equatable, Sendable {
    public var inside, outside, count: UInt32
    /// `count` ids from `inside` on are those from `outside` on.
    public init(inside: UInt32, outside: UInt32, count: UInt32) {
        self.inside = inside
        self.outside = outside
        self.count = count
    }

    var line: String { "\(inside) \(outside) \(count)\n" }
}

/// Seconds and nanoseconds (0…999,999,999) of a clock offset; time_namespaces(7).
public struct TimeOffset: Equatable, Sendable {
    /// Whole seconds, rounded down.
    public var seconds: Int
    /// The rest, 0…999,999,999.
    public var nanoseconds: Int

    /// The offset of so many seconds, as the kernel wants it: nanoseconds are never negative. Nil when out of range.
    public init?(_ seconds: Double) {
        guard seconds.isFinite, seconds.magnitude < 4_611_686_018 else { return nil }
        let whole = seconds.rounded(.down)
        self.seconds = Int(whole)
        nanoseconds = Int(((seconds - whole) * 1e9).rounded())
        if nanoseconds == 1_000_000_000 {
            self.seconds += 1
            nanoseconds = 0
        }
    }

    func line(_ clock: String) -> String { "\(clock) \(seconds) \(nanoseconds)\n" }
}

/// Existing namespaces that a child joins.
public struct Join {
    /// A pidfd, or a namespace file descriptor when `mask` is one type.
    public var descriptor: Descriptor
    /// The types to join; none: only the directories are taken on.
    public var mask: NamespaceTypes
    /// A root to take on, once all is joined.
    public var root: Descriptor?
    /// A working directory to take on.
    public var cwd: Descriptor?
    /// How a command line names it.
    public var origin: Origin
    /// What may be done there at most; nil: all that nssh may.
    var power: Power?
    /// Whether it leads to what others have made: into their files, or a user namespace of another user. What enters such a place takes
    /// nothing of nssh's along.
    var isForeign = false
    /// Who one is in the user namespace.
    var ids = JoinedIds.none
    /// Whether the root was asked for by itself: then it is that one or none.
    var demandsRoot = false
    /// Whether root and working directory were named, and are not just the target's.
    var isNamed = false

    init(descriptor: Descriptor, mask: NamespaceTypes, root: Descriptor? = nil, cwd: Descriptor? = nil, origin: Origin) {
        (self.descriptor, self.mask, self.root, self.cwd, self.origin) = (descriptor, mask, root, cwd, origin)
    }

    /// How the target was named.
    public enum Origin: Sendable {
        case pid(Int32)
        case path([UInt8])
    }
}

extension Join {
    /// What was joined, in words.
    var description: String {
        switch origin {
        case .pid(let pid): "pid \(pid)"
        case .path(let path): path.lossy
        }
    }
}

extension Join: Equatable {
    /// The same join, not another one of the same namespaces.
    public static func == (a: Join, b: Join) -> Bool { a.descriptor === b.descriptor }
}

extension Options {
    /// Settings of a new namespace are for a child that gets one: in a shared namespace they would change what is everybody's.
    ///
    /// - Throws: EINVAL for a setting whose type is not among the new namespaces.
    func requireTypes() throws(Failure) {
        let settings: [(isSet: Bool, type: NamespaceType, name: String)] = [
            (hostname != nil, .uts, "hostname"), (domainname != nil, .uts, "domainname"), (loopbackUp, .net, "lo"), (proc, .mnt, "proc"),
            (monotonic != nil, .time, "monotonic"), (boottime != nil, .time, "boottime"), (initProcess, .pid, "init"),
            (user != nil, .user, "maps"),
        ]
        for setting in settings where setting.isSet && !types.contains(setting.type) {
            let type = setting.type.rawValue
            throw Failure(
                code: "EINVAL", "\(type).\(setting.name) is a setting of a new \(type) namespace, and none is asked for",
                stage: "make a plan", target: type)
        }
    }
}
