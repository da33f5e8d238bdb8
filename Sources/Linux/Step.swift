import CLinux
import Glibc

/// One kernel call of a plan, to be carried out in a child by `child.c`.
public struct Step {
    /// What it does.
    public enum Action: Equatable {
        case awaitParent(read: Int32, write: Int32)
        case signalParent(Int32)
        case setns(descriptor: Int32, mask: Int32)
        /// setns(2) into a file below /proc.
        case setnsProc(path: String, type: Int32)
        case unshare(Int32)
        /// One write(2) to a file below /proc.
        case writeProc(path: String, [UInt8])
        case mount(source: [UInt8]?, target: [UInt8], type: [UInt8]?, flags: UInt, data: [UInt8]?)
        case sethostname([UInt8])
        case setdomainname([UInt8])
        case linkUp([UInt8])
        case setsid
        case setpgid
        case controllingTerminal(Int32)
        case foreground(terminal: Int32)
        case dup(from: Int32, to: Int32)
        case closeOnExec(from: Int32)
        case setgroups([UInt32])
        case setresgid(UInt32)
        case setresuid(UInt32)
        /// To be root of the user namespace that was joined, or, where `mayKeep`, who one is.
        case becomeRoot(mayKeep: Bool)
        /// Fails unless the ids are these; nil: whatever.
        case checkIds(uid: UInt32?, gid: UInt32?, noGroups: Bool)
        case chdir([UInt8], Below = .anywhere)
        case fchdir(Int32, Below = .anywhere)
        case chroot(Int32, Below = .anywhere)
        case noteBirth
        case umask(UInt32)
        case newKeyring
        /// Cuts the bounding set to these capabilities.
        case bound(UInt64)
        /// Cuts the permitted, effective and inheritable sets to these capabilities.
        case capset(permitted: UInt64, inheritable: UInt64)
        case noNewPrivileges
        case rlimit(ResourceLimit)
        /// One write(2) to a file that is open.
        case writeDescriptor(Int32, [UInt8])
        case dieWithParent(pidfd: Int32)
        case dumpable(Bool)
        case signalAction(Int32, ignored: Bool)
        case unblockSignals
        /// The first of the candidates that is there; no environment is nssh's own.
        case exec(candidates: [[UInt8]], arguments: [[UInt8]], environment: [[UInt8]]?)
        case execDescriptor(Int32, arguments: [[UInt8]])
        /// The same by an image that is not nssh (gate.c); `report` is a descriptor for the errno, or a text for standard error.
        case execThroughGate(
            image: Int32, report: [UInt8], candidates: [[UInt8]], arguments: [[UInt8]], environment: [[UInt8]])
        /// PID 1 makes the program here, and becomes its init.
        case split
    }

    /// What is done about a directory that is not below the root, so that `..` would lead out.
    public enum Below: Int, Sendable {
        /// Nobody asks.
        case anywhere
        /// `/` is taken in its place, and noted.
        case orRoot
        /// It is refused: EXDEV.
        case always
    }

    /// What steps note.
    public struct Notes: OptionSet, Sendable {
        /// The bits.
        public var rawValue: Int32
        /// A set of bits.
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// The root that was to be taken on is not below that of the mnt namespace, which stays.
        public static let root = Notes(rawValue: Int32(NSSH_NOTE_ROOT.rawValue))
        /// The working directory that was to be taken on is not below the root, which is it in its place.
        public static let directory = Notes(rawValue: Int32(NSSH_NOTE_DIRECTORY.rawValue))
        /// The uid_map has no 0.
        public static let uid = Notes(rawValue: Int32(NSSH_NOTE_UID.rawValue))
        /// The gid_map has no 0.
        public static let gid = Notes(rawValue: Int32(NSSH_NOTE_GID.rawValue))
    }

    /// What it does.
    public var action: Action
    /// The step in errors, when it is not the call's name: `mount /proc`.
    private var named: String?

    /// A step; `stage` names it in errors where the call's name says too little.
    public init(_ action: Action, stage: String? = nil) {
        self.action = action
        named = stage
    }

    /// The system call.
    public var call: String {
        switch action {
        case .awaitParent: "read"
        case .signalParent: "write"
        case .setns, .setnsProc: "setns"
        case .unshare: "unshare"
        case .writeProc: "write"
        case .mount: "mount"
        case .sethostname: "sethostname"
        case .setdomainname: "setdomainname"
        case .linkUp: "ioctl"
        case .setsid: "setsid"
        case .setpgid: "setpgid"
        case .controllingTerminal: "ioctl"
        case .foreground: "tcsetpgrp"
        case .dup: "dup2"
        case .closeOnExec: "close_range"
        case .setgroups: "setgroups"
        case .setresgid: "setresgid"
        case .setresuid: "setresuid"
        case .becomeRoot: "setresuid"
        case .checkIds: "getresuid"
        case .noteBirth: "newfstatat"
        case .umask: "umask"
        case .newKeyring: "keyctl"
        case .bound, .noNewPrivileges: "prctl"
        case .capset: "capset"
        case .rlimit: "prlimit"
        case .writeDescriptor: "write"
        case .chdir: "chdir"
        case .fchdir: "fchdir"
        case .chroot: "chroot"
        case .dieWithParent, .dumpable: "prctl"
        case .signalAction: "sigaction"
        case .unblockSignals: "sigprocmask"
        case .exec, .execThroughGate: "execve"
        case .execDescriptor: "execveat"
        case .split: "clone3"
        }
    }

    /// Whether it takes on a root or a working directory by a descriptor.
    public var isOfDirectory: Bool {
        switch action {
        case .chroot, .fchdir: true
        default: false
        }
    }

    /// Whether the kernel may make the memory's owner undumpable for it: a change of ids, or a user namespace joined.
    var changesDumpable: Bool {
        switch action {
        case .setns, .setnsProc, .setresuid, .setresgid, .becomeRoot, .dumpable: true
        default: false
        }
    }

    /// What errors call the step.
    public var stage: String { named ?? call }

    /// What it is done to.
    public var target: String? {
        switch action {
        case .setns(_, let mask): NamespaceTypes(rawValue: mask).description
        case .setnsProc(let path, _), .writeProc(let path, _): "/proc/\(path)"
        case .unshare(let flags): NamespaceTypes(rawValue: flags).description
        case .mount(_, let target, _, _, _): target.lossy
        case .sethostname(let name), .setdomainname(let name): name.lossy
        case .linkUp(let name): name.lossy
        case .rlimit(let limit): limit.name
        case .setgroups(let groups): groups.map { String($0) }.joined(separator: " ")
        case .setresgid(let id), .setresuid(let id): String(id)
        case .chdir(let path, _): path.lossy
        case .exec(let candidates, _, _), .execThroughGate(_, _, let candidates, _, _):
            // Not its argv[0], which may be anything; one that is looked for along PATH by its name.
            [UInt8](
                (candidates.count == 1 ? candidates[0][...] : candidates.first?.split(separator: UInt8(ascii: "/")).last ?? [])
                    .prefix(200)
            ).lossy
        default: nil
        }
    }
}

/// Memory for steps as C sees them; freed when the launch is over.
struct StepArena: ~Copyable {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { for block in blocks { free(block) } }

    /// Frees it all: to be called when C is done with it, which also keeps it alive until then.
    consuming func release() {}

    mutating func bytes(_ bytes: some Collection<UInt8>) -> UnsafeMutablePointer<CChar> {
        let block = malloc(bytes.count + 1)!
        blocks.append(block)
        let target = UnsafeMutableRawBufferPointer(start: block, count: bytes.count + 1).bindMemory(to: UInt8.self)
        let (_, end) = target.initialize(from: bytes)
        target[end] = 0
        return block.assumingMemoryBound(to: CChar.self)
    }

    /// A string of C: a zero in it would be its end.
    private mutating func text(_ bytes: [UInt8], _ call: String) throws(Failure) -> UnsafePointer<CChar> {
        if bytes.contains(0) { throw .zeroByte(call, target: bytes.lossy) }
        return UnsafePointer(self.bytes(bytes))
    }

    private mutating func optionalText(_ bytes: [UInt8]?, _ call: String) throws(Failure) -> UnsafePointer<CChar>? {
        guard let bytes else { return nil }
        return try text(bytes, call)
    }

    private mutating func list(_ strings: [[UInt8]], _ call: String) throws(Failure) -> UnsafePointer<UnsafeMutablePointer<CChar>?> {
        for string in strings where string.contains(0) { throw .zeroByte(call, target: string.lossy) }
        return list(strings)
    }

    mutating func list(_ strings: [[UInt8]]) -> UnsafePointer<UnsafeMutablePointer<CChar>?> {
        let block = malloc((strings.count + 1) * MemoryLayout<UnsafeMutablePointer<CChar>?>.stride)!
        blocks.append(block)
        let list = block.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        for (position, string) in strings.enumerated() { list[position] = bytes(string) }
        list[strings.count] = nil
        return UnsafePointer(list)
    }

    /// - Throws: EINVAL for a name that C would cut short.
    mutating func steps(_ steps: [Step]) throws(Failure) -> UnsafeMutablePointer<nssh_step> {
        let block = malloc(max(steps.count, 1) * MemoryLayout<nssh_step>.stride)!
        blocks.append(block)
        let list = block.assumingMemoryBound(to: nssh_step.self)
        let isTraced = nssh_tracing()
        for (position, step) in steps.enumerated() {
            list[position] = try encode(step.action, step.stage)
            guard isTraced else { continue }
            list[position].call = UnsafePointer(bytes(step.call.utf8))
            list[position].shown = UnsafePointer(bytes(step.text.shown.utf8))
        }
        return list
    }

    private mutating func data(_ step: inout nssh_step, _ bytes: [UInt8]) {
        step.data = UnsafeRawPointer(self.bytes(bytes))
        step.size = bytes.count
    }

    private mutating func encode(_ action: Step.Action, _ stage: String) throws(Failure) -> nssh_step {
        var step = nssh_step()
        switch action {
        case .awaitParent(let descriptor, let write):
            step.op = NSSH_OP_AWAIT
            step.a = Int(descriptor)
            step.b = numericCast(write)
        case .signalParent(let descriptor):
            step.op = NSSH_OP_SIGNAL
            step.a = Int(descriptor)
        case .setns(let descriptor, let mask):
            step.op = NSSH_OP_SETNS
            step.a = Int(descriptor)
            step.b = Int(mask)
        case .setnsProc(let path, let type):
            step.op = NSSH_OP_SETNS_AT
            step.a = Int(Proc.root)
            step.b = Int(type)
            step.text = UnsafePointer(bytes(path.utf8))
        case .unshare(let flags):
            step.op = NSSH_OP_UNSHARE
            step.a = Int(flags)
        case .writeProc(let path, let contents):
            step.op = NSSH_OP_WRITE
            step.a = Int(Proc.root)
            step.text = UnsafePointer(bytes(path.utf8))
            data(&step, contents)
        case .mount(let source, let target, let type, let flags, let options):
            step.op = NSSH_OP_MOUNT
            step.text = try optionalText(source, stage)
            step.text2 = try text(target, stage)
            step.text3 = try optionalText(type, stage)
            step.a = Int(bitPattern: flags)
            step.data = UnsafeRawPointer(try optionalText(options, stage))
        case .sethostname(let name):
            step.op = NSSH_OP_SETHOSTNAME
            // The kernel would take it, and everybody who asks for it would get the part before.
            if name.contains(0) { throw .zeroByte(stage, target: name.lossy) }
            data(&step, name)
        case .setdomainname(let name):
            step.op = NSSH_OP_SETDOMAINNAME
            if name.contains(0) { throw .zeroByte(stage, target: name.lossy) }
            data(&step, name)
        case .linkUp(let name):
            step.op = NSSH_OP_LINK_UP
            step.text = try text(name, stage)
        case .setsid: step.op = NSSH_OP_SETSID
        case .setpgid: step.op = NSSH_OP_SETPGID
        case .controllingTerminal(let terminal):
            step.op = NSSH_OP_CONTROLLING_TERMINAL
            step.a = Int(terminal)
        case .foreground(let terminal):
            step.op = NSSH_OP_FOREGROUND
            step.a = Int(terminal)
        case .dup(let from, let to):
            step.op = NSSH_OP_DUP
            step.a = Int(from)
            step.b = Int(to)
        case .closeOnExec(let from):
            step.op = NSSH_OP_CLOEXEC_FROM
            step.a = Int(from)
            step.b = Int(Proc.root)
        case .setgroups(let groups):
            step.op = NSSH_OP_SETGROUPS
            step.b = groups.count
            step.data = groups.withUnsafeBytes { UnsafeRawPointer(bytes($0)) }
        case .setresgid(let id):
            step.op = NSSH_OP_SETRESGID
            step.a = Int(id)
        case .setresuid(let id):
            step.op = NSSH_OP_SETRESUID
            step.a = Int(id)
        case .becomeRoot(let mayKeep):
            step.op = NSSH_OP_BECOME_ROOT
            step.a = mayKeep ? 1 : 0
            step.b = Int(Proc.root)
        case .checkIds(let uid, let gid, let noGroups):
            step.op = NSSH_OP_CHECK_IDS
            step.a = uid.map { Int($0) } ?? -1
            step.b = gid.map { Int($0) } ?? -1
            step.size = noGroups ? 1 : 0
        case .chdir(let path, let below):
            step.op = NSSH_OP_CHDIR
            step.text = try text(path, stage)
            step.a = below.rawValue
        case .fchdir(let descriptor, let below):
            step.op = NSSH_OP_FCHDIR
            step.a = Int(descriptor)
            step.b = below.rawValue
        case .chroot(let descriptor, let below):
            step.op = NSSH_OP_CHROOT
            step.a = Int(descriptor)
            step.b = below.rawValue
        case .noteBirth:
            step.op = NSSH_OP_NOTE_BIRTH
            step.a = Int(Proc.root)
        case .umask(let mask):
            step.op = NSSH_OP_UMASK
            step.a = Int(mask)
        case .newKeyring: step.op = NSSH_OP_NEW_KEYRING
        case .bound(let kept):
            step.op = NSSH_OP_BOUND
            step.a = Int(bitPattern: UInt(kept))
        case .capset(let permitted, let inheritable):
            step.op = NSSH_OP_CAPSET
            step.a = Int(bitPattern: UInt(permitted))
            step.b = Int(bitPattern: UInt(inheritable))
        case .noNewPrivileges: step.op = NSSH_OP_NO_NEW_PRIVS
        case .rlimit(let limit):
            step.op = NSSH_OP_RLIMIT
            step.a = Int(limit.resource)
            step.data = [limit.soft, limit.hard].withUnsafeBytes { UnsafeRawPointer(bytes($0)) }
        case .writeDescriptor(let descriptor, let contents):
            step.op = NSSH_OP_WRITE_DESCRIPTOR
            step.a = Int(descriptor)
            data(&step, contents)
        case .dieWithParent(let pidfd):
            step.op = NSSH_OP_DIE_WITH_PARENT
            step.a = Int(pidfd)
        case .dumpable(let on):
            step.op = NSSH_OP_DUMPABLE
            step.a = on ? 1 : 0
        case .signalAction(let signal, let ignored):
            step.op = NSSH_OP_SIGNAL_ACTION
            step.a = Int(signal)
            step.b = ignored ? 1 : 0
        case .unblockSignals: step.op = NSSH_OP_UNBLOCK
        case .exec(let candidates, let arguments, let environment):
            step.op = NSSH_OP_EXEC
            step.list = try list(candidates, stage)
            step.arguments = try list(arguments, stage)
            if let environment { step.environment = try list(environment, stage) } else { step.environment = UnsafePointer(nssh_environ()) }
        case .execDescriptor(let descriptor, let arguments):
            step.op = NSSH_OP_EXEC_DESCRIPTOR
            step.a = Int(descriptor)
            if !arguments.isEmpty { step.arguments = list(arguments) }
        case .execThroughGate(let image, let report, let candidates, let arguments, let environment):
            step.op = NSSH_OP_EXEC_DESCRIPTOR
            step.a = Int(image)
            step.arguments = try list([report] + candidates + [[]] + arguments, stage)
            step.environment = try list(environment, stage)
        case .split: step.op = NSSH_OP_SPLIT
        }
        return step
    }
}
