import CLinux
import Glibc
import Linux
import LuaKit
import Namespaces

/// A child of nssh as a Lua value.
final class ProcessObject: LuaObject {
    let process: Process
    /// Its pipes as Lua files, by name.
    private var files: [String: LuaReference] = [:]
    /// What its function body sent back.
    private var reply: FunctionBody.Reply?
    private var isClosed = false

    init(_ lua: Lua, _ process: Process) throws(LuaError) {
        self.process = process
        super.init()
        for (name, path, mode) in [
            ("stdin", \Process.stdin, "w"), ("stdout", \Process.stdout, "r"), ("stderr", \Process.stderr, "r"),
        ] as [(String, ReferenceWritableKeyPath<Process, Descriptor?>, String)] {
            guard let descriptor = process[keyPath: path] else { continue }
            process[keyPath: path] = nil
            // Writing to a child that has ended is an error to handle, not the end of nssh.
            if mode == "w" { nssh_survive_broken_pipes() }
            lua.reserve(2)
            let errno = nssh_lua_push_file(lua.raw, descriptor.raw, mode)
            if errno != 0 {
                process.close()
                throw LuaError(Failure("fdopen", Errno(rawValue: errno), target: name))
            }
            _ = descriptor.take()
            files[name] = LuaReference(lua)
        }
    }

    override class var declaration: LuaClass { declared }

    override func close() {
        isClosed = true
        process.close()
        for file in files.values {
            file.withValue { lua in nssh_lua_close_file(lua.raw, -1) }
        }
    }

    /// Collection ends held ones only: nothing else could use them any more.
    override func collect() { if process.body == .held, !process.isDetached { process.close() } }

    override var description: String {
        let state: String
        if let exit = process.exit {
            state = exit.signal.map { "ended by \($0)" } ?? "ended with \(exit.status ?? 0)"
        } else {
            state = process.isOurs && process.isAlive ? process.isJob ? "stopped, :fg() goes on" : process.body.rawValue : "of another nssh"
        }
        let names = process.types.list.map { type in
            (try? Inspect.inode(.process(process), type)).map { "\(type.rawValue):[\($0)]" } ?? type.rawValue
        }
        return (["process \(process.pid)", state] + (names.isEmpty ? [] : [names.joined(separator: " ")])).joined(separator: " · ")
    }

    /// Pushes its result; it has ended.
    func pushResult(_ lua: Lua) throws(LuaError) {
        if reply == nil { reply = try FunctionBody.take(process, until: nil) }
        try ResultTable.push(lua, process, reply!, until: nil)
    }

    func requireOpen() throws(LuaError) {
        guard isClosed else { return }
        let name = "process \(process.pid)"
        throw LuaError(Failure(code: "CLOSED", "\(name) is closed", errno: ESRCH, stage: "kill", target: name))
    }

    private static func get(_ name: String) -> LuaProperty {
        LuaProperty(name, .file, "the pipe to its \(name); nil when there is none") { object, lua throws(LuaError) in
            if let file = (object as? ProcessObject)?.files[name] { file.push(lua) } else { lua.pushNil() }
        }
    }

    private static let receiver = LuaField("self", .object("process"), optional: false, "the process")

    nonisolated(unsafe) private static let declared = LuaClass(
        "process", "A child of nssh. It is closed at the end of its scope with `local p <close> = ns.clone{…}`.",
        properties: [
            LuaProperty("pid", .integer, "its pid in nssh's own pid namespace") { object, lua throws(LuaError) in
                lua.push(Int((object as! ProcessObject).process.pid))
            },
            LuaProperty("inner_pid", .integer, "its pid in its own pid namespace") { object, lua throws(LuaError) in
                let process = (object as! ProcessObject).process
                lua.push(Int(try kernel { () throws(Failure) in try process.innerPid() }))
            },
            get("stdin"), get("stdout"), get("stderr"),
        ],
        methods: [
            LuaFunction(
                "process:alive", [receiver], returns: [LuaField("alive", .boolean, "whether it runs")], "Tells whether it still runs",
                example: "local p <close> = ns.clone{uts=true, user=\"root\"}\nassert(p:alive())\np:close()\nassert(not p:alive())"
            ) { call throws(LuaError) in
                call.lua.push(try call.receiver(ProcessObject.self).process.isAlive)
                return 1
            },
            LuaFunction(
                "process:wait", [receiver, LuaField("seconds", Declared.seconds, "gives up after so long")],
                returns: [LuaField("result", .named("result", .table), "its result; nil when the time is up")],
                "Waits for its end; when the time is up it goes on untouched. waitid(2)",
                example: "local r = ns.clone{\"true\"}:wait(10)\nassert(r.ok and r.status == 0)"
            ) { call throws(LuaError) in
                let object = try call.receiver(ProcessObject.self)
                let seconds = try call[1].seconds("process:wait")
                let exit = try kernel { () throws(Failure) in try object.process.wait(until: seconds.map { monotonicSeconds() + $0 }) }
                if exit == nil { return 0 }
                try object.pushResult(call.lua)
                return 1
            },
            LuaFunction(
                "process:kill", [receiver, LuaField("signal", Declared.signal, "its name or number; TERM if not given")],
                "Sends it a signal. pidfd_send_signal(2)",
                details: "A held process and the PID 1 of a pid namespace ignore most signals: KILL ends them, as does process:close.",
                example: "local p <close> = ns.clone{\"sleep\", \"10\"}\np:kill(\"TERM\")\nassert(p:wait().signal == \"SIGTERM\")"
            ) { call throws(LuaError) in
                let object = try call.receiver(ProcessObject.self)
                try object.requireOpen()
                let signal: Int32
                if let name = call[1].string {
                    guard let number = Signals.number(name) else {
                        throw .argument(1, of: "process:kill", "no signal is called \"\(name.prefix(40))\"")
                    }
                    signal = number
                } else if let number = call[1].integer {
                    guard number >= 0, number <= 64 else { throw .argument(1, of: "process:kill", "no signal has the number \(number)") }
                    signal = Int32(number)
                } else {
                    signal = SIGTERM
                }
                try kernel { () throws(Failure) in try object.process.kill(signal) }
                return 0
            },
            LuaFunction(
                "process:inode", [receiver, LuaField("type", Declared.typeName, optional: false, "which namespace")],
                returns: [LuaField("inode", .integer, "its inode number")], "Tells which namespace of a type it is in, as ns.inode",
                example: "local p <close> = ns.clone{uts=true, user=\"root\"}\nassert(p:inode(\"uts\") ~= ns.inode(\"self\", \"uts\"))"
            ) { call throws(LuaError) in
                let process = try call.receiver(ProcessObject.self).process
                call.lua.push(Int(try kernel { () throws(Failure) in try Inspect.inode(.process(process), call[1].namespaceType!) }))
                return 1
            },
            LuaFunction(
                "process:namespaces", [receiver], returns: [LuaField("list", .list(.table), "type, inode, id and link of each")],
                "Lists its namespaces, as ns.namespaces",
                example: "local p <close> = ns.clone{ipc=true, user=\"root\"}\nassert(#p:namespaces() >= 7)"
            ) { call throws(LuaError) in
                try Looking.pushNamespaces(call.lua, .process(try call.receiver(ProcessObject.self).process))
            },
            LuaFunction(
                "process:open", [receiver, LuaField("type", Declared.typeName, optional: false, "which namespace")],
                returns: [LuaField("handle", .object("handle"), "an open handle")], "Opens one of its namespaces, as ns.open",
                example:
                    "local p <close> = ns.clone{net=true, user=\"root\"}\nlocal h <close> = p:open(\"net\")\nassert(h:type() == \"net\")"
            ) { call throws(LuaError) in
                let process = try call.receiver(ProcessObject.self).process
                call.lua.push(HandleObject(try kernel { () throws(Failure) in try Target.process(process).open(call[1].namespaceType!) }))
                return 1
            },
            LuaFunction(
                "process:run", [receiver, LuaField("options", .record(Declared.runThere), optional: false, "a body, and what it gets")],
                returns: [LuaField("result", .named("result", .table), "how it ended, and what it wrote")],
                "Runs a program or function in all of its namespaces, and waits",
                details:
                    "Its root and working directory are the process's where its mnt namespace differs from nssh's; in a user namespace it is that "
                    + "namespace's root where one is mapped.",
                example: "local p <close> = ns.clone{uts=\"box\", user=\"root\"}\nassert(p:run{\"hostname\"}.stdout == \"box\\n\")"
            ) { call throws(LuaError) in
                try Launching.run(call, call[1], at: .process(try call.receiver(ProcessObject.self).process))
            },
            LuaFunction(
                "process:call", [receiver, LuaField("fn", .function, optional: false, "runs in its namespaces")], variadic: true,
                returns: [LuaField("…", .any, "what fn returns")], "Calls a Lua function in all of its namespaces, as ns.call",
                example: "local p <close> = ns.clone{uts=\"box\", user=\"root\"}\nassert(p:call(sys.hostname) == \"box\")"
            ) { call throws(LuaError) in
                try Launching.call(call, at: .process(try call.receiver(ProcessObject.self).process), function: 2)
            },
            LuaFunction(
                "process:shell",
                [receiver, LuaField("options", .record(Declared.shellThere), refusesNil: true, "another body than $SHELL")],
                returns: [LuaField("result", .named("result", .table), "how it ended")],
                "Runs a shell in all of its namespaces, in the foreground of the terminal",
                example: "local p <close> = ns.clone{uts=\"box\", user=\"root\"}\nassert(p:shell{\"true\"}.ok)"
            ) { call throws(LuaError) in
                try Launching.shell(call, call[1], at: .process(try call.receiver(ProcessObject.self).process))
            },
            LuaFunction(
                "process:fg", [receiver], returns: [LuaField("result", .any, "its result, or the process when it is stopped again")],
                "Gives it the terminal and lets it go on, as a shell's fg",
                details:
                    "At the prompt ^Z stops a program of ns.shell, which then returns the process in place of a result. In a script such a program "
                    + "goes on at once.",
                example: "local p <close> = ns.clone{\"sleep\", \"10\"}\nif not pcall(p.fg, p) then p:kill() end"
            ) { call throws(LuaError) in try Launching.foreground(call) },
            LuaFunction(
                "process:close", [receiver], "Kills it, whatever it runs, and reaps it; more than one call is harmless",
                example: "local p = ns.clone{pid=true, user=\"root\"}\np:close()"
            ) { call throws(LuaError) in
                try call.receiver(ProcessObject.self).close()
                return 0
            },
        ])
}
