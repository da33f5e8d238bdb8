import CLinux
import Linux
import LuaKit
import Namespaces

/// Options as Lua gives them.
struct OptionsReader {
    /// Which of the calls they are for: their defaults differ.
    enum Use { case clone, run, call, shell, unshare, plan }

    var options = Options()
    /// What is not cut to the power of the process that is entered.
    private(set) var privileges: Privileges = []
    /// The stack position of a function body.
    private(set) var function: Int32?
    /// The stack position of the table of its arguments.
    private(set) var functionArguments: Int32?
    /// How many bytes a function body may send back.
    private(set) var mostReply = Process.usualReply
    private let lua: Lua

    init(_ lua: Lua, _ value: LuaValue, for use: Use) throws(LuaError) {
        self.lua = lua
        switch use {
        case .clone: options.stdin = .null
        case .call:
            options.stdin = .null
            options.body = .function
        case .run:
            options.stdin = .null
            options.stdout = .capture
            options.stderr = .capture
        case .shell: options.foreground = true
        case .unshare, .plan: break
        }
        guard let table = value.table else {
            if use == .shell { options.body = .program([shellProgram]) }
            return
        }
        try readTypes(table, use)
        try readBody(table, use)
        try readStreams(table, use)
        try readProcess(table)
        try readProgram(table, use)
        options.timeout = try table["timeout"].seconds("timeout")
        options.isStrict = table["strict"].boolean == true
        if table["privileged"].boolean == true { privileges = .all }
        for name in table["privileged"].table?.list ?? [] {
            if let known = name.string.flatMap({ Privileges(name: $0) }) { privileges.insert(known) }
        }
    }

    /// The terminal's user's shell.
    private var shellProgram: [UInt8] {
        let shell = environmentBytes("SHELL") ?? []
        return shell.isEmpty ? Array("/bin/sh".utf8) : shell
    }

    private mutating func readTypes(_ table: LuaTable, _ use: Use) throws(LuaError) {
        let mnt = table["mnt"].isNone ? table["mount"] : table["mnt"]
        for type in NamespaceType.allCases {
            let value = type == .mnt ? mnt : table[type.rawValue]
            if value.isNone || value.boolean == false { continue }
            if let target = try joined(value, type) {
                if use == .unshare { throw .message("\(type.rawValue): ns.unshare makes new namespaces; ns.setns joins existing ones") }
                let join = try kernel { () throws(Failure) in try Join.target(target, type: type) }
                if let join { options.joins.append(join) }
                continue
            }
            options.types.insert(type)
            try readSettings(type, value)
            if use == .unshare, type == .pid, options.proc || options.initProcess {
                // It would show the old one: nssh itself stays in that.
                let name = options.proc ? "proc" : "init"
                throw .message("pid.\(name): a new pid namespace is entered by nssh's next children only; give it to the first of them")
            }
        }
    }

    /// The existing namespace that an option names; nil when it asks for a new one.
    private func joined(_ value: LuaValue, _ type: NamespaceType) throws(LuaError) -> Target? {
        switch value {
        case .object, .integer: return try value.target()
        case .string(let text) where text.first == UInt8(ascii: "/"): return .path(text)
        case .string(let text) where ![.uts, .user].contains(type) && (type != .net || !text.elementsEqual("user".utf8)):
            // Of these a string has no other meaning: what exists is named, as nssh enter has it.
            return try kernel { () throws(Failure) in
                if Target.readLink(text.lossy) != nil { return try Target(text) }
                return try Target.named(text)
            }
        case .table(let settings):
            if settings["join"].isNone { return nil }
            guard settings.fields.count == 1 else {
                throw .message("\(type.rawValue): settings are for a new namespace, and join is for one that exists")
            }
            return try settings["join"].target()
        default: return nil
        }
    }

    private mutating func readSettings(_ type: NamespaceType, _ value: LuaValue) throws(LuaError) {
        if let text = value.string {
            switch (type, text) {
            case (.uts, _): options.hostname = value.bytes
            case (.user, "root"): options.user = .root
            case (.user, "self"): options.user = .identity
            case (.user, "auto"): options.user = try kernel { () throws(Failure) in try Subordinate.map() }
            case (.user, _):
                throw .message(
                    "user: \"root\", \"self\", \"auto\" or a path expected, got \"\(text.prefix(40))\""
                        + didYouMean(text, among: ["root", "self", "auto"]))
            default:
                throw .message(
                    "\(type.rawValue): \"\(text.prefix(40))\" has no meaning yet; true, settings or a namespace to join expected")
            }
            return
        }
        let settings = value.table
        switch type {
        case .uts:
            options.hostname = settings?["hostname"].bytes
            options.domainname = settings?["domainname"].bytes
        case .pid:
            if settings?["proc"].boolean == true {
                options.types.insert(.mnt)
                options.proc = true
            }
            options.initProcess = settings?["init"].boolean == true
        case .mnt:
            if let propagation = settings?["propagation"].string { options.propagation = Options.Propagation(rawValue: propagation) }
            if settings?["proc"].boolean == true { options.proc = true }
        case .net: options.loopbackUp = settings?["lo"].boolean == true
        case .user:
            options.user = .unmapped
            if let settings {
                options.user = .ranges(
                    uid: try ranges(settings["uid"], "user.uid"), gid: try ranges(settings["gid"], "user.gid"),
                    denySetgroups: settings["setgroups"].string == "deny")
            }
        case .time:
            options.monotonic = try offset(settings?["monotonic"], "time.monotonic")
            options.boottime = try offset(settings?["boottime"], "time.boottime")
        case .ipc, .cgroup: break
        }
    }

    private func offset(_ value: LuaValue?, _ name: String) throws(LuaError) -> TimeOffset? {
        guard let seconds = value?.number else { return nil }
        guard let offset = TimeOffset(seconds) else {
            throw .message("\(name): at most about 146 years (4611686017 seconds) either way, got \(seconds)")
        }
        return offset
    }

    private func ranges(_ value: LuaValue, _ name: String) throws(LuaError) -> [IDRange] {
        var result: [IDRange] = []
        for (position, line) in (value.table?.list ?? []).enumerated() {
            let numbers = (line.table?.list ?? []).compactMap { $0.integer.flatMap { UInt32(exactly: $0) } }
            guard numbers.count == 3, line.table?.list.count == 3, numbers[2] > 0 else {
                throw .message("\(name)[\(position + 1)]: {inside, outside, count} expected, each from 0 to 4294967295")
            }
            result.append(IDRange(inside: numbers[0], outside: numbers[1], count: numbers[2]))
        }
        return result
    }

    private mutating func readBody(_ table: LuaTable, _ use: Use) throws(LuaError) {
        functionArguments = table["args"].position
        let line = table["sh"].bytes
        if let line {
            guard table.list.isEmpty else { throw .message("both sh and a body at position 1: one of them is the body") }
            options.body = .program([Array("/bin/sh".utf8), Array("-c".utf8), line])
        } else if let position = table.list.first?.position {
            guard table.list.count == 1 else {
                throw .message("a function body stands alone; its arguments are args = { … }, got \(table.list.count) positions")
            }
            function = position
            options.body = .function
        } else if !table.list.isEmpty {
            var arguments: [[UInt8]] = []
            for (position, value) in table.list.enumerated() {
                if value.position != nil { throw .message("[\(position + 1)]: a function cannot be an argument of a program") }
                arguments.append(value.bytes ?? Array((value.integer.map { String($0) } ?? String(value.number ?? 0)).utf8))
            }
            options.body = .program(arguments)
        } else if use == .shell {
            options.body = .program([shellProgram])
        } else if use == .run {
            throw .message("nothing to run: give a program and its arguments, sh = \"…\" or a function")
        }
        if functionArguments != nil, function == nil { throw .message("args are for a function body") }
        options.argv0 = table["argv0"].bytes
        if let most = table["max_reply"].integer {
            guard case .function = options.body else { throw .message("max_reply is for a function body") }
            guard most > 0 else { throw .message("max_reply: a number of bytes from 1 on expected, got \(most)") }
            mostReply = most
        }
        if function != nil, options.argv0 != nil { throw .message("argv0: a function has no name of its own; it is for a program") }
        if case .held = options.body, use != .unshare {
            for name in ["argv0", "env", "clear_env"] where !table[name].isNone && table[name].boolean != false {
                throw .message("\(name): a held process executes nothing: give it a body")
            }
        }
    }

    private mutating func readStreams(_ table: LuaTable, _ use: Use) throws(LuaError) {
        options.stdin = try stream(table["stdin"], "stdin", use) ?? options.stdin
        options.stdout = try stream(table["stdout"], "stdout", use) ?? options.stdout
        options.stderr = try stream(table["stderr"], "stderr", use) ?? options.stderr
        if case .held = options.body, ["stdin", "stdout", "stderr"].contains(where: { !table[$0].isNone }) {
            throw .message("a held process has no standard streams: give it a body")
        }
    }

    private func stream(_ value: LuaValue, _ name: String, _ use: Use) throws(LuaError) -> Options.Stream? {
        if value.isNone { return nil }
        if let table = value.table {
            switch (table["data"].bytes, table["path"].bytes) {
            case (let data?, nil): return .data(data)
            case (nil, let path?): return try file(path, name)
            default: throw .message("\(name): one of data and path expected")
            }
        }
        if let position = value.position { return .descriptor(nssh_lua_file_descriptor(lua.raw, position)) }
        guard let bytes = value.bytes else { return nil }
        switch value.string {
        case "inherit": return .inherit
        case "null": return .null
        case "pipe":
            if use != .clone, use != .plan { throw .message("\(name) = \"pipe\" is for ns.clone: this call waits for the end") }
            return .pipe
        case "capture" where name != "stdin": return .capture
        default:
            if name == "stdin", use == .run { return .data(bytes) }
            if name == "stdin", use == .plan {
                throw .message("stdin: a string is a path in ns.clone and data in ns.run: give { path = \"…\" } or { data = \"…\" }")
            }
            return try file(bytes, name)
        }
    }

    private func file(_ path: [UInt8], _ name: String) throws(LuaError) -> Options.Stream {
        if path.isEmpty { throw .message("\(name): an empty path") }
        if path.contains(0) { throw .message("\(name): a path cannot contain a zero byte") }
        return .path(path)
    }

    private mutating func readProcess(_ table: LuaTable) throws(LuaError) {
        for (position, (name, value)) in (table["env"].table?.fields ?? []).enumerated() {
            if position % 1024 == 1023, lua.state.isInterrupted { throw .interrupted }
            guard !name.isEmpty, !name.contains(UInt8(ascii: "=")), !name.contains(0) else {
                throw .message("env: a name cannot be empty or contain '=' or a zero byte")
            }
            switch value {
            case .boolean(false): options.environment.append(Options.Variable(name, nil))
            case .boolean(true): throw .message("env.\(name.lossy): string expected, or false to remove it, got true")
            default:
                let text = value.bytes ?? Array((value.integer.map { String($0) } ?? String(value.number ?? 0)).utf8)
                options.environment.append(Options.Variable(name, text))
            }
        }
        options.clearEnvironment = table["clear_env"].boolean == true
        options.cwd = table["cwd"].bytes
        options.uid = try id(table["uid"], "uid")
        options.gid = try id(table["gid"], "gid")
        if let groups = table["groups"].table?.list {
            var ids: [UInt32] = []
            for group in groups { if let id = try id(group, "groups") { ids.append(id) } }
            options.groups = ids
        }
    }

    private mutating func readProgram(_ table: LuaTable, _ use: Use) throws(LuaError) {
        let isHeld = if case .held = options.body { true } else { false }
        if table["detach"].boolean == true {
            if Children.generation > 0 {
                throw .message("detach: a function body ends with nssh, and so does what it starts; start it from nssh itself")
            }
            if function != nil { throw .message("detach: a function body is a copy of nssh and ends with it; detach a program") }
            options.detached = true
        }
        if table["session"].boolean == true {
            if isHeld { throw .message("session: a held process has no terminal: give it a body") }
            if options.detached { throw .message("session: its terminal ends with nssh; what is detached has a session without one") }
            options.session = use == .run ? .captured : use == .shell ? .relayed : .kept
            options.foreground = false
            if table["stdin"].isNone { options.stdin = .terminal }
            if table["stdout"].isNone { options.stdout = .terminal }
            if table["stderr"].isNone { options.stderr = .terminal }
        }
        for (name, value) in table["fds"].table?.fields ?? [] {
            guard case .program = options.body else { throw .message("fds: they are for a program; a function keeps Lua's open files") }
            guard let number = Int32(name.lossy), number > 2, number < 1 << 20 else {
                throw .message(
                    "fds: the number of a descriptor from 3 on expected, got \(name.lossy); 0, 1 and 2 are stdin, stdout and stderr")
            }
            let descriptor: Int32
            if let handle = value.object(HandleObject.self)?.handle {
                try kernel { () throws(Failure) in try handle.requireOpen() }
                descriptor = handle.descriptor.raw
            } else if let socket = value.object(SocketObject.self)?.socket {
                guard let open = socket.number else { throw .message("fds[\(number)]: the socket is closed") }
                descriptor = open
            } else {
                descriptor = nssh_lua_file_descriptor(lua.raw, value.position ?? 0)
            }
            options.grants.append(Options.Grant(number, descriptor))
        }
    }

    private func id(_ value: LuaValue, _ name: String) throws(LuaError) -> UInt32? {
        guard let number = value.integer else { return nil }
        guard let id = UInt32(exactly: number), id != .max else {
            throw .message("\(name): an id from 0 to 4294967294 expected, got \(number)")
        }
        return id
    }
}
