import Glibc
import Linux

/// What bears a name and has namespaces: processes by their command, containers, the named net namespaces of ip-netns(8), pins. Who has
/// given the name is told with it: anybody may call a process what they like.
public struct Find {
    /// What says that something bears its name.
    public struct Source {
        /// The path of a file or directory, or in words what it is.
        public var text: [UInt8]
        /// Who could have said so; nil where that is not known.
        public var uid: UInt32?
        /// Whether it was root or the caller, and nobody else can have been.
        public var vouches: Bool

        init(_ text: [UInt8], _ owner: Trust.Owner?) {
            self.text = text
            uid = owner?.uid
            vouches = owner?.vouches ?? false
        }

        /// The name of that user; nil where it has none.
        public var user: String? { uid.flatMap { Users.name(of: $0) } }
    }

    /// Something that was found.
    public struct Item {
        /// `process`, `container`, `netns` or `pin`.
        public var kind: String
        /// Its full name.
        public var name: [UInt8]
        /// Of a process, or the first process of a container, in nssh's pid namespace.
        public var pid: Int32?
        /// The user id of that process.
        public var uid: UInt32?
        /// Of a pin or a named net namespace.
        public var path: [UInt8]?
        /// Of a container.
        public var runtime: String?
        /// Of a container.
        public var id: String?
        /// What says so.
        public var sources: [Source] = []
        /// Whether it surely is what root, or the caller, has called so.
        public var isVouched = false
    }

    /// What was found, by kind, in ascending order.
    public internal(set) var items: [Item] = []
    /// What could not be looked at, and why.
    public internal(set) var unreadable: [String] = []
    let trust: Trust
    let standing: Standing
    private var directories: CgroupDirectories

    /// Looks for `name`: a command as ps(1) shows it or its file's last part; a container's name, or 12 digits or more of its id; the
    /// name or path of a pin.
    ///
    /// - Parameter user: whose name it is besides root's, by the user id; nil: the caller's.
    public init(_ name: [UInt8], of user: UInt32? = nil) {
        trust = Trust(user: user)
        standing = Standing(user: user)
        directories = CgroupDirectories(trust)
        // A kernel thread's command line is empty; nothing is meant by nothing.
        if name.isEmpty { return }
        var members: [Member] = []
        var monitors: [Int32: Member] = [:]
        do throws(Failure) {
            for number in try Proc.pids() {
                guard let pid = Proc.pid(at: number) else { continue }
                do throws(Failure) { try look(number, pid, name, &members, &monitors) } catch {
                    // It has ended meanwhile.
                    if [ENOENT, ESRCH].contains(error.errno?.rawValue ?? 0) { continue }
                    unreadable.append("process \(pid): \(error.message)")
                }
            }
        } catch { unreadable.append("processes: \(error.message)") }
        for state in Container.states(trust, of: user ?? geteuid()) where Proc.pid(at: state.number) != nil {
            members.append(Member(number: state.number, container: state.container, source: state.source))
        }
        if !monitors.isEmpty { members += Find.children(of: monitors) }
        addContainers(members, name)
        // Of another user's name, that is a path like any other.
        if user == nil { addPins(name) }
    }

    private mutating func look(
        _ number: Int32, _ pid: Int32, _ name: [UInt8], _ members: inout [Member], _ monitors: inout [Int32: Member]
    ) throws(Failure) {
        if let (container, source) = try Container.of(number, &directories) {
            members.append(Member(number: number, container: container, source: source))
        }
        guard let command = Proc.command(number) else { return }
        // The kernel keeps 15 bytes of the name; argv has it whole.
        let arguments = try Proc.read("\(number)/cmdline")
        let argv0 = arguments.prefix { $0 != 0 }
        if let monitored = Find.monitored(number, command, arguments), monitored.container.id.utf8.elementsEqual(name) {
            monitors[number] = monitored
        }
        let file = argv0.lastIndex(of: UInt8(ascii: "/")).map { argv0[($0 + 1)...] } ?? argv0
        guard command == name || file.elementsEqual(name) else { return }
        let uid = Standing.uid(number)
        var item = Item(kind: "process", name: name, pid: pid, uid: uid)
        let owner = uid.map { Trust.Owner(uid: $0, vouches: standing.isTheirs(number)) }
        item.sources = [Source(Array("its own command".utf8), owner)]
        item.isVouched = owner?.vouches ?? false
        items.append(item)
    }

    private mutating func addPins(_ name: [UInt8]) {
        do throws(Failure) {
            let (pins, leftOut) = try Pin.all()
            if let leftOut { unreadable.append("pins: mounts: \(leftOut)") }
            for pin in pins {
                let last = Array(pin.path.split(separator: UInt8(ascii: "/")).last ?? [])
                guard pin.path == name || last == name else { continue }
                let isNamed = pin.type == .net && Pin.netnsName(pin.path) != nil
                var item = Item(kind: isNamed ? "netns" : "pin", name: last, path: pin.path)
                item.sources = [Source(pin.path, trust.owner(ofPin: pin.path))]
                item.isVouched = item.sources[0].vouches
                items.append(item)
            }
        } catch { unreadable.append("pins: \(error.message)") }
    }
}
