import Linux
import LuaKit
import Namespaces

/// The types that several bindings share, declared once.
enum Declared {
    /// A namespace type by its name.
    static let typeName = LuaType.named(
        "type", .choice(NamespaceType.allCases.map(\.rawValue) + ["mount"]))
    static let types = LuaType.either([typeName, .list(typeName)])
    /// What names existing namespaces.
    static let target = LuaType.named("target", .either([.object("process"), .object("handle"), .integer, .string]))
    /// One namespace to ask about, alive or not.
    static let subject = LuaType.named(
        "namespace", .either([.object("process"), .object("handle"), .object("weak"), .integer, .string]))
    /// A file, for completion and the reader: any string without a zero byte does.
    static let path = LuaType.named("path", .string)
    static let seconds = LuaType.named("seconds", .number)
    static let signal = LuaType.named("signal", .either([.integer, .suggested(Signals.names.map(\.name))]))

    // MARK: Options

    private static let joinField = LuaField("join", target, "an existing one to join, in place of a new one")

    private static let idRanges = LuaType.named("id ranges", .list(.list(.integer)))

    /// The option of one type: true, settings, an existing namespace to join, or a string that is short for one of these.
    ///
    /// - Parameter words: the strings that mean something; others are checked where they are read.
    private static func typeField(_ name: String, _ settings: [LuaField], words: [String] = [], _ summary: String) -> LuaField {
        let record = LuaRecord("\(name) options", [joinField] + settings)
        let string = words.isEmpty ? LuaType.string : .suggested(words)
        let type = LuaType.either([.boolean, string, .record(record), .object("process"), .object("handle"), .integer])
        return LuaField(name, type, summary)
    }

    private static let mntSettings = [
        LuaField("propagation", .choice(["private", "shared", "slave", "unchanged"]), "of all its mounts; private if not given"),
        LuaField("proc", .boolean, "a fresh /proc"),
    ]

    /// The types and their settings; false is as good as nothing.
    static let typeFields: [LuaField] = [
        typeField(
            "uts",
            [
                LuaField("hostname", .string, "its host name, sethostname(2)"),
                LuaField("domainname", .string, "its NIS domain name, setdomainname(2)"),
            ],
            "new uts namespace; a string is its host name. Of every type, a process, a handle, a pid or a path is one to join; "
                + "of net, ipc, pid, mnt, cgroup and time a name, too, vouched for as in nssh enter"),
        typeField("ipc", [], "new ipc namespace"),
        typeField(
            "pid",
            [
                LuaField("proc", .boolean, "a fresh /proc, in a new mnt namespace"),
                LuaField("init", .boolean, "PID 1 is an init that reaps, forwards signals and passes the end on; the body is its child"),
            ], "new pid namespace: the child is PID 1 there"),
        typeField("mnt", mntSettings, "new mnt namespace, its mounts private"),
        typeField("mount", mntSettings, "the same as mnt"),
        typeField(
            "user",
            [
                LuaField("uid", idRanges, "lines of uid_map: {{inside, outside, count}, …}"),
                LuaField("gid", idRanges, "lines of gid_map: {{inside, outside, count}, …}"),
                LuaField(
                    "setgroups", .choice(["allow", "deny"]),
                    "whether setgroups(2) is allowed inside; denied anyway where the kernel wants it"),
            ], words: ["root", "self", "auto"],
            "new user namespace; true maps nobody, \"root\" maps you to 0, \"self\" to yourself, \"auto\" your subordinate ids too"),
        typeField(
            "net", [LuaField("lo", .boolean, "brings lo up")], "new net namespace; lo stays down unless net = { lo = true }"),
        typeField("cgroup", [], "new cgroup namespace"),
        typeField(
            "time",
            [
                LuaField("monotonic", seconds, "offset of CLOCK_MONOTONIC"),
                LuaField("boottime", seconds, "offset of CLOCK_BOOTTIME"),
            ], "new time namespace"),
    ]

    private static let bodyFields: [LuaField] = [
        LuaField("sh", .string, "a line for /bin/sh, as the body"),
        LuaField("argv0", .string, "what the program sees as its own name"),
        LuaField("args", .table, "the arguments of a function body; n counts them"),
        replyField,
    ]
    private static let replyField = LuaField(
        "max_reply", .integer, "how many bytes the values of a function body may take on their way back; 256 MB if not given")

    private static let inputType = LuaType.either([
        .suggested(["inherit", "null", "pipe"]), .bytes, .file,
        .record(
            LuaRecord("stdin options", [LuaField("data", .bytes, "what it reads"), LuaField("path", path, "the file that it reads")])),
    ])
    private static let outputType = LuaType.either([.suggested(["inherit", "null", "pipe", "capture"]), .file])

    private static let streamFields: [LuaField] = [
        LuaField(
            "stdin", inputType,
            "\"inherit\", \"null\", \"pipe\", a Lua file, { path = \"…\" } or { data = \"…\" }; any other string is a path in clone, data in run"
        ),
        LuaField("stdout", outputType, "\"inherit\", \"null\", \"pipe\", \"capture\", a Lua file or a path"),
        LuaField("stderr", outputType, "\"inherit\", \"null\", \"pipe\", \"capture\", a Lua file or a path"),
    ]

    private static let processFields: [LuaField] = [
        LuaField("env", .map(.either([.string, .number, .boolean])), "changes to the environment; false removes a name"),
        LuaField("clear_env", .boolean, "starts from an empty environment"),
        LuaField("cwd", path, "its working directory, as seen from inside"),
        LuaField("uid", .integer, "its user id, as seen from inside"),
        LuaField("gid", .integer, "its group id, as seen from inside"),
        LuaField("groups", .list(.integer), "its supplementary groups, as seen from inside; none if uid is given as root"),
    ]
    private static let grantType = LuaType.either([.file, .object("handle"), .object("socket")])
    private static let programFields: [LuaField] = [
        LuaField("session", .boolean, "a session and a terminal of its own, setsid(2) and pty(7)"),
        LuaField("fds", .numbered(grantType), "descriptors that a program gets: { [3] = a file, a handle or a socket }"),
    ]
    /// Of what enters a process.
    private static let powerFields: [LuaField] = [
        LuaField(
            "privileged", .either([.boolean, .list(.choice(Privileges.names.map(\.name)))]),
            "true, or a list of \"caps\", \"cgroup\" and \"rlimits\": they stay nssh's own, and are not cut to the target's"),
        LuaField("strict", .boolean, "what cannot be taken over of what binds the target is an error"),
    ]
    private static let detachField = LuaField("detach", .boolean, "it outlives nssh, in a session of its own")
    private static let timeoutField = LuaField("timeout", seconds, "kills it after so long, and says so")
    private static let argv = LuaField("body", .either([.string, .function, .number]), "a program and its arguments, or one Lua function")

    /// What every program or function can have, with new namespaces or without.
    private static let bodied = bodyFields + streamFields + processFields + programFields

    static let clone = LuaRecord("ns.clone", typeFields + bodied + [detachField], positions: argv)
    static let run = LuaRecord("ns.run", typeFields + bodied + [timeoutField], positions: argv)
    static let plan = LuaRecord("ns.plan", typeFields + bodied + [detachField, timeoutField], positions: argv)
    static let call = LuaRecord("ns.call", typeFields + streamFields + processFields + [timeoutField, replyField])
    static let shell = LuaRecord("ns.shell", typeFields + bodyFields + processFields + programFields + [timeoutField], positions: argv)
    static let unshare = LuaRecord("ns.unshare", typeFields, elsewhere: "; a body is for ns.run, joining for ns.setns")
    /// In a process or namespace that exists: no new ones.
    static let runThere = LuaRecord("run", bodied + powerFields + [timeoutField], positions: argv)
    static let shellThere = LuaRecord("shell", bodyFields + processFields + programFields + powerFields + [timeoutField], positions: argv)
    static let wait = LuaRecord(
        "ns.wait", [LuaField("timeout", seconds, "gives up after so long")],
        positions: LuaField("processes", .object("process"), "those to wait for"))
}

extension LuaValue {
    /// The target that a checked argument names; nothing is nssh itself.
    func target() throws(LuaError) -> Target {
        switch self {
        case .none: return .own
        case .object(let object as ProcessObject): return .process(object.process)
        case .object(let object as HandleObject): return .handle(object.handle)
        case .integer(let number): return try kernel { () throws(Failure) in try Target(number) }
        case .string(let text): return try kernel { () throws(Failure) in try Target(text) }
        default: throw .message("that is no target")
        }
    }

    /// The namespace type that a checked argument names.
    var namespaceType: NamespaceType? { string.flatMap { NamespaceType(name: $0) } }

    /// One type or a list of them.
    var namespaceTypes: [NamespaceType]? {
        if let type = namespaceType { return [type] }
        return table?.list.compactMap(\.namespaceType)
    }

    /// A number of seconds that can be waited for.
    func seconds(_ what: String) throws(LuaError) -> Double? {
        guard let seconds = number else { return nil }
        guard seconds >= 0, seconds.isFinite else {
            throw .message("\(what): a number of seconds that is not negative expected, got \(seconds)")
        }
        return seconds
    }
}
