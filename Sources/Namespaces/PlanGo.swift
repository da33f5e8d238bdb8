import Glibc
import Linux

/// Options as a Go program's `os/exec` command with `syscall.SysProcAttr`, which many introductions to namespaces use.
public struct PlanGo {
    /// All that was asked for.
    private let options: Options
    /// What has not been said yet.
    private var rest: Options
    private var lines: [String] = []
    private var fields: [String] = []

    /// The lines that make the command; the imports are os, os/exec, runtime, strings and syscall, as far as they are named.
    public static func text(for options: Options) throws(Inexpressible) -> String {
        var go = PlanGo(options)
        return try go.text()
    }

    private init(_ options: Options) { (self.options, rest) = (options, options) }

    private mutating func text() throws(Inexpressible) -> String {
        let program = try rest.takeProgram(for: "exec.Command")
        // For os/exec an empty string is none: nssh would fail, and Go would run the program where it is.
        if options.cwd?.isEmpty == true { throw Inexpressible("cwd: an empty cmd.Dir is the caller's own directory") }
        let ids = try PlanIds(options)
        lines.append("cmd := exec.Command(\(program.map(PlanGo.quoted).joined(separator: ", ")))")
        if let name = rest.take(\.argv0) { lines.append("cmd.Args[0] = \(PlanGo.quoted(name))") }
        let cwd = rest.take(\.cwd)
        if let cwd { lines.append("cmd.Dir = \(PlanGo.quoted(cwd))") }
        try addEnvironment(program, hasDirectory: cwd != nil)
        try addStreams()
        try addTypes(ids)
        try addIds(ids)
        let isDetached = rest.take(\.detached)
        fields.append(isDetached ? "Setsid: true" : "Setpgid: true")
        if !isDetached {
            fields.append("Pdeathsig: syscall.SIGKILL")
            lines.insert(
                "runtime.LockOSThread() // Pdeathsig comes when this thread ends, which may be long before the program does", at: 0)
        }
        try rest.requireNothing(of: "SysProcAttr", because: PlanGo.reasons)
        lines += ["cmd.SysProcAttr = &syscall.SysProcAttr{"] + fields.map { "\t\($0)," } + ["}"]
        return lines.joined(separator: "\n")
    }

    private static let reasons = [
        "join": "SysProcAttr makes new namespaces only; setns(2) is unix.Setns, before",
        "uts.hostname": "SysProcAttr sets no host name; the program must, as its first act (syscall.Sethostname)",
        "uts.domainname": "SysProcAttr sets no domain name; the program must, as its first act (syscall.Setdomainname)",
        "net.lo": "SysProcAttr brings no link up", "mnt.proc": "SysProcAttr mounts nothing; the program must, as its first act",
        "time": "SysProcAttr has no word for it: clone(2) has no such flag, and unshare(2) is for children",
        "time.monotonic": "SysProcAttr writes no offsets", "time.boottime": "SysProcAttr writes no offsets",
        "pid.init": "SysProcAttr makes no init", "session": "SysProcAttr opens no terminal",
        "fds": "they are cmd.ExtraFiles, which are numbered from 3 on without holes",
        "mnt.propagation": "SysProcAttr knows private (with Unshareflags) and unchanged",
        "timeout": "SysProcAttr has none; exec.CommandContext has one, for the program and not what it starts",
    ]

    private mutating func addEnvironment(_ program: [[UInt8]], hasDirectory: Bool) throws(Inexpressible) {
        let (clears, changes) = (rest.take(\.clearEnvironment), rest.take(\.environment))
        let setsPath = clears || changes.contains { $0.name.elementsEqual("PATH".utf8) }
        if setsPath, program.first?.contains(UInt8(ascii: "/")) == false {
            throw Inexpressible("env: exec.Command looks for the program along its own PATH; give the program's path")
        }
        if clears {
            lines.append("cmd.Env = []string{}")
        } else if !changes.isEmpty || hasDirectory {
            // Without it os/exec adds PWD to what a program in another directory gets.
            lines.append("cmd.Env = os.Environ()")
        }
        for change in changes {
            guard let value = change.value else {
                if clears { continue }
                throw Inexpressible("env: os/exec takes no name out of the environment")
            }
            // os/exec keeps the last of a name.
            lines.append("cmd.Env = append(cmd.Env, \(PlanGo.quoted(change.name + [UInt8(ascii: "=")] + value)))")
        }
    }

    /// A stream that is not set is /dev/null in Go.
    private mutating func addStreams() throws(Inexpressible) {
        var inherited: [String] = []
        let streams = [
            ("stdin", "Stdin", rest.take(\.stdin)), ("stdout", "Stdout", rest.take(\.stdout)), ("stderr", "Stderr", rest.take(\.stderr)),
        ]
        for (name, field, stream) in streams {
            switch stream {
            case .inherit: inherited.append(field)
            case .null: continue
            case .data(let bytes): lines.append("cmd.\(field) = strings.NewReader(\(PlanGo.quoted(bytes)))")
            case .path: throw Inexpressible("\(name): a file is to be opened before, with os.OpenFile, which may fail")
            case .pipe, .capture: throw Inexpressible("\(name): cmd.StdinPipe, cmd.Output and the like are calls of their own")
            case .descriptor: throw Inexpressible("\(name): an open file has no name that a Go program could open")
            case .terminal: throw Inexpressible("session: \(PlanGo.reasons["session"]!)")
            }
        }
        if inherited.isEmpty { return }
        let (ours, theirs) = (inherited.map { "cmd.\($0)" }, inherited.map { "os.\($0)" })
        lines.append("\(ours.joined(separator: ", ")) = \(theirs.joined(separator: ", "))")
    }

    private mutating func addTypes(_ ids: PlanIds) throws(Inexpressible) {
        var types = rest.take(\.types)
        if types.contains(.time) {
            types.remove(.time)
            rest.types = NamespaceTypes(.time)
        }
        // With Unshareflags Go makes all mounts private.
        var isPrivate = false
        if types.contains(.mnt), rest.propagation == nil || rest.propagation == .private { isPrivate = rest.take(\.propagation) != nil }
        let cloned = types.list.filter { $0 != .mnt || !isPrivate }
        if !cloned.isEmpty { fields.append("Cloneflags: " + cloned.map(PlanGo.flag).joined(separator: " | ")) }
        if isPrivate { fields.append("Unshareflags: syscall.\(NamespaceType.mnt.flagName)") }
        if types.contains(.user) { try addMaps(ids) }
    }

    /// Older Go has no name for the youngest of clone(2).
    private static func flag(_ type: NamespaceType) -> String {
        type == .cgroup ? "0x02000000 /* \(type.flagName) */" : "syscall.\(type.flagName)"
    }

    private mutating func addMaps(_ ids: PlanIds) throws(Inexpressible) {
        let uid, gid: [IDRange]
        switch rest.take(\.user) {
        case .root:
            uid = [IDRange(inside: 0, outside: geteuid(), count: 1)]
            gid = [IDRange(inside: 0, outside: getegid(), count: 1)]
        case .identity:
            uid = [IDRange(inside: geteuid(), outside: geteuid(), count: 1)]
            gid = [IDRange(inside: getegid(), outside: getegid(), count: 1)]
        case .subordinate(let uids, let gids): (uid, gid) = (uids, gids)
        case .ranges(let uids, let gids, _): (uid, gid) = (uids, gids)
        case .unmapped, nil: return
        }
        if ids.hasHelper { throw Inexpressible("user: SysProcAttr writes the maps itself, and such are for newuidmap(1) to write") }
        for (name, ranges) in [("UidMappings", uid), ("GidMappings", gid)] where !ranges.isEmpty {
            let items = ranges.map { "{ContainerID: \($0.inside), HostID: \($0.outside), Size: \($0.count)}" }
            fields.append("\(name): []syscall.SysProcIDMap{\(items.joined(separator: ", "))}")
        }
        if gid.isEmpty, ids.deniesGroups { throw Inexpressible("user.setgroups: SysProcAttr denies it only with a map of gid") }
        if !gid.isEmpty, !ids.deniesGroups { fields.append("GidMappingsEnableSetgroups: true") }
    }

    private mutating func addIds(_ ids: PlanIds) throws(Inexpressible) {
        let given = (uid: rest.take(\.uid), gid: rest.take(\.gid), groups: rest.take(\.groups))
        if given.uid == nil, given.gid == nil, ids.groups == nil, !ids.becomesRoot { return }
        // A Credential has both ids: what is not asked for stays as it is.
        guard let uid = given.uid ?? inside(geteuid(), { $0.uid }, ids), let gid = given.gid ?? inside(getegid(), { $0.gid }, ids) else {
            throw Inexpressible("\(given.uid == nil ? "gid" : "uid"): syscall.Credential has both, and only one is given")
        }
        let groups = ids.groups.map { "Groups: []uint32{\($0.map { String($0) }.joined(separator: ", "))}" } ?? "NoSetGroups: true"
        fields.append("Credential: &syscall.Credential{Uid: \(uid), Gid: \(gid), \(groups)}")
    }

    /// What nssh's own id is in the child's user namespace; nil where the maps do not say.
    private func inside(_ own: UInt32, _ ranges: ((uid: [IDRange], gid: [IDRange])) -> [IDRange], _ ids: PlanIds) -> UInt32? {
        if ids.becomesRoot { return 0 }
        guard options.types.contains(.user) else { return own }
        switch options.user {
        case .root: return 0
        case .identity: return own
        case .subordinate(let uid, let gid), .ranges(let uid, let gid, _):
            for range in ranges((uid, gid)) where own >= range.outside && own - range.outside < range.count {
                return range.inside + (own - range.outside)
            }
            return nil
        case .unmapped, nil: return nil
        }
    }

    /// An interpreted string literal with just these bytes.
    private static func quoted(_ bytes: [UInt8]) -> String {
        // A byte order mark may not be in a Go source, and only UTF-8 may.
        let isText = bytes.lossy.utf8.elementsEqual(bytes) && !bytes.lossy.unicodeScalars.contains("\u{feff}")
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): result += Array("\\n".utf8)
            case UInt8(ascii: "\t"): result += Array("\\t".utf8)
            case _ where byte < 32 || byte == 127 || byte > 127 && !isText:
                let digits = String(byte, radix: 16)
                result += Array("\\x".utf8) + (byte < 16 ? [UInt8(ascii: "0")] : []) + Array(digits.utf8)
            default: result.append(byte)
            }
        }
        return (result + [UInt8(ascii: "\"")]).lossy
    }
}
