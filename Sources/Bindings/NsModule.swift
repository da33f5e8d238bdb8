import Glibc
import Linux
import LuaKit
import Namespaces

/// The global `ns`.
public enum NsModule {
    private static let target = LuaField("target", Declared.target, "whose; nssh itself if not given")

    /// The module's declaration.
    public static var module: LuaModule {
        LuaModule(
            "ns", "Namespaces: the kernel's calls, children in namespaces, and a look at them.", calls + looking + SocketObject.functions)
    }

    nonisolated(unsafe) private static let calls: [LuaFunction] = [
        LuaFunction(
            "ns.clone", [LuaField("options", .record(Declared.clone), refusesNil: true, "new namespaces, and a body")],
            returns: [LuaField("process", .object("process"), "the child; it does not wait for it")],
            "Makes a process in new namespaces. clone3(2)",
            details:
                "Without a body the process is held: it keeps its namespaces alive until it is closed. Strings are a program and its arguments; one function "
                + "is a body that runs in a copy of nssh. What is not detached dies with nssh.",
            example: "local p <close> = ns.clone{uts=true, user=\"root\"}\nassert(not ns.same(p, \"self\", \"uts\"))"
        ) { call throws(LuaError) in try Launching.clone(call) },
        LuaFunction(
            "ns.run", [LuaField("options", .record(Declared.run), optional: false, "a body, new namespaces, and what it gets")],
            returns: [LuaField("result", .named("result", .table), "how it ended, and what it wrote")],
            "Runs a program or function, in new namespaces if wanted, and waits for its end",
            details:
                "What it writes is captured unless stdout and stderr say otherwise. A non-zero exit is a result, not an error: see result:check.",
            example: "local r = ns.run{uts=true, user=\"root\", sh=\"hostname box; hostname\"}\nassert(r.stdout == \"box\\n\")"
        ) { call throws(LuaError) in try Launching.run(call, call[0]) },
        LuaFunction(
            "ns.call",
            [
                LuaField(
                    "where", .either([Declared.target, .record(Declared.call)]), optional: false,
                    "a target, or options for new namespaces"),
                LuaField("fn", .function, optional: false, "runs there, in a copy of nssh"),
            ], variadic: true, returns: [LuaField("…", .any, "what fn returns")],
            "Calls a Lua function in other namespaces and returns its values",
            details:
                "nil, booleans, numbers, strings and tables of those cross, shared and cyclic references kept. A metatable does not, but for nssh's "
                + "own of errors and results: an object comes back as a plain table. Its error is raised here as it was raised there, be it a "
                + "string, a number or a table. All that comes back takes 256 MB at most (max_reply), and at most 64 number keys may fall on one "
                + "chain of Lua's hash table, which happens when keys are chosen for that. What it changes in variables stays there.",
            example: "local p <close> = ns.clone{uts=\"box\", user=\"root\"}\nassert(ns.call(p, sys.hostname) == \"box\")"
        ) { call throws(LuaError) in
            if call[0].table != nil { return try Launching.call(call, call[0], function: 2) }
            return try Launching.call(call, at: try call[0].target(), function: 2)
        },
        LuaFunction(
            "ns.shell",
            [
                LuaField(
                    "where", .either([Declared.target, .record(Declared.shell)]), refusesNil: true,
                    "a target, or options for new namespaces"),
                LuaField("options", .record(Declared.shellThere), refusesNil: true, "in a target: another body than $SHELL"),
            ], returns: [LuaField("result", .named("result", .table), "how it ended")],
            "Runs a shell in the foreground of the terminal, and takes the terminal back whole",
            example: "assert(ns.shell{uts=true, user=\"root\", \"true\"}.ok)"
        ) { call throws(LuaError) in
            if call[0].table != nil || call[0].isNone {
                if !call[1].isNone { throw .argument(2, of: "ns.shell", "the options are argument 1 already") }
                return try Launching.shell(call, call[0])
            }
            return try Launching.shell(call, call[1], at: try call[0].target())
        },
        LuaFunction(
            "ns.unshare", [LuaField("options", .record(Declared.unshare), optional: false, "types and their settings")],
            "Moves nssh itself into new namespaces. unshare(2)",
            details: "A new pid or time namespace is entered by the next children only: the first is PID 1.",
            example: "ns.call({}, function() ns.unshare{user=\"root\", uts=\"box\"}; assert(sys.hostname() == \"box\") end)"
        ) { call throws(LuaError) in
            let options = try OptionsReader(call.lua, call[0], for: .unshare).options
            if options.types.isEmpty { throw .argument(1, of: "ns.unshare", "no type given, such as uts = true") }
            try kernel { () throws(Failure) in try SelfMove.unshare(options) }
            return 0
        },
        LuaFunction(
            "ns.setns",
            [
                LuaField("target", Declared.target, optional: false, "a process or a namespace"),
                LuaField("types", Declared.types, refusesNil: true, "of a process: which; all that differ if not given"),
            ], "Moves nssh itself into existing namespaces. setns(2)",
            details:
                "A pid namespace is entered by the next children only, a time namespace at once. Joining a mnt namespace resets the root and working directory to its root. "
                + "nssh keeps all its power there, and what it runs has it; of the environment it keeps what goes along to others (docs/security.md), and its session keyring "
                + "is new. In a user namespace of others it becomes its root, or whom the target is.",
            example:
                "ns.call({}, function()\n  ns.unshare{user=\"root\"}\n  local p <close> = ns.clone{uts=\"box\"}\n  ns.setns(p, \"uts\")\n  "
                + "assert(sys.hostname() == \"box\")\nend)"
        ) { call throws(LuaError) in
            let target = try call[0].target()
            try kernel { () throws(Failure) in try SelfMove.setns(target, call[1].isNone ? nil : call[1].namespaceTypes) }
            return 0
        },
        LuaFunction(
            "ns.home", returns: [LuaField("types", .list(Declared.typeName), "those that it has come back to")],
            "Goes back to the namespaces that nssh started in. setns(2)",
            details: "Out of a user namespace nobody comes back; the error says so.",
            example: "assert(#ns.home() == 0) -- it has not moved"
        ) { call throws(LuaError) in
            call.lua.push(try kernel { () throws(Failure) in try Home.comeBack() }.map(\.rawValue))
            return 1
        },
        LuaFunction(
            "ns.wait", [LuaField("processes", .record(Declared.wait), optional: false, "the processes, and a timeout if wanted")],
            returns: [
                LuaField("process", .object("process"), "the first to end; nil when the time is up"),
                LuaField("result", .named("result", .table), "its result"),
            ], "Waits for the first of several processes to end",
            example:
                "local a <close> = ns.clone{\"true\"}\nlocal b <close> = ns.clone{\"sleep\", \"10\"}\nassert(ns.wait{a, b, timeout = 5} == a)"
        ) { call throws(LuaError) in
            guard let table = call[0].table, !table.list.isEmpty else { throw .argument(1, of: "ns.wait", "no process given") }
            let objects = table.list.compactMap { $0.object(ProcessObject.self) }
            let deadline = try table["timeout"].seconds("timeout").map { monotonicSeconds() + $0 }
            let first = try kernel { () throws(Failure) in try Children.first(of: objects.map(\.process), until: deadline) }
            guard let first, let object = objects.first(where: { $0.process === first }) else { return 0 }
            call.lua.push(object)
            try object.pushResult(call.lua)
            return 2
        },
    ]

    nonisolated(unsafe) private static let looking: [LuaFunction] = [
        PlanTable.function,
        TraceTable.function,
        LuaFunction(
            "ns.types", returns: [LuaField("types", .list(.table), "name, flag, bit, isolates, since, manual and supported of each")],
            "Lists the eight types, in the order of namespaces(7) and by name",
            example: "assert(ns.types().uts.flag == \"CLONE_NEWUTS\" and #ns.types() == 8)"
        ) { call throws(LuaError) in Looking.pushTypes(call.lua) },
        LuaFunction(
            "ns.inode", [target, LuaField("type", Declared.typeName, "which; a table of all if not given")],
            returns: [LuaField("inode", .either([.integer, .table]), "the inode number, or those of all by name")],
            "Tells which namespace a target is in: the number of /proc/PID/ns/TYPE. readlink(2)",
            example: "assert(ns.inode(sys.getpid(), \"ipc\") == ns.inode(\"self\").ipc)"
        ) { call throws(LuaError) in
            let target = try call[0].target()
            guard let type = call[1].namespaceType else { return try Looking.pushInodes(call.lua, target) }
            call.lua.push(Int(try kernel { () throws(Failure) in try Inspect.inode(target, type) }))
            return 1
        },
        LuaFunction(
            "ns.namespaces", [target], returns: [LuaField("list", .list(.table), "type, inode, id and link of each")],
            "Lists a target's namespaces", example: "for _, n in ipairs(ns.namespaces()) do print(n.link) end"
        ) { call throws(LuaError) in try Looking.pushNamespaces(call.lua, try call[0].target()) },
        LuaFunction(
            "ns.same",
            [
                LuaField("a", Declared.target, optional: false, "one"), LuaField("b", Declared.target, optional: false, "the other"),
                LuaField("type", Declared.typeName, "compares one type; all if not given"),
            ], returns: [LuaField("same", .boolean, "whether they are in the same")],
            "Tells whether two targets are in the same namespaces: same inode, same namespace",
            example: "assert(ns.same(\"self\", sys.getpid()))"
        ) { call throws(LuaError) in
            let (a, b) = (try call[0].target(), try call[1].target())
            call.lua.push(try kernel { () throws(Failure) in try Inspect.same(a, b, call[2].namespaceType) })
            return 1
        },
        DiffFunction.function,
        LuaFunction(
            "ns.open",
            [
                LuaField("target", Declared.target, optional: false, "a process, or one namespace"),
                LuaField("type", Declared.typeName, "of a process: which; of one namespace: checked if given"),
            ], returns: [LuaField("handle", .object("handle"), "an open handle, which keeps the namespace alive")],
            "Opens a namespace. open(2)",
            example: "local h <close> = ns.open(\"self\", \"uts\")\nprint(h)"
        ) { call throws(LuaError) in
            let target = try call[0].target()
            call.lua.push(HandleObject(try kernel { () throws(Failure) in try target.open(call[1].namespaceType) }))
            return 1
        },
        LuaFunction(
            "ns.pins",
            returns: [
                LuaField("pins", .list(.table), "path, type and inode of each"),
                LuaField("unreadable", .list(.string), "what was not looked at: mounts, where they are too many or too deep"),
            ],
            "Lists the namespaces bound to files in nssh's own mount namespace: its own pins, those of ip netns, and others",
            example: "for _, pin in ipairs(ns.pins()) do print(pin.path, pin.type, pin.inode) end"
        ) { call throws(LuaError) in
            let (pins, leftOut) = try kernel { () throws(Failure) in try Pin.all() }
            let lua = call.lua
            lua.push(list: pins) { pin in
                lua.push([("path", .bytes(pin.path)), ("type", .string(pin.type.rawValue)), ("inode", .integer(Int(pin.inode)))])
            }
            lua.push(leftOut.map { ["mounts: \($0)"] } ?? [])
            return 2
        },
        LuaFunction(
            "ns.unpin", [LuaField("path", Declared.path, optional: false, "the file")],
            "Lets go of a pinned namespace and removes its file. umount2(2)",
            example: "assert(not pcall(ns.unpin, \"/\"))"
        ) { call throws(LuaError) in
            let path = call[0].bytes ?? []
            try kernel { () throws(Failure) in try Pin.remove(path) }
            return 0
        },
        FindFunction.function,
        ScanFunction.function,
        ListFunction.function,
        HoldersFunction.function,
        WhyFunction.function,
        TreeFunction.function,
        WatchObject.function,
        GraphFunction.function,
        LoadFunction.function,
        LimitsFunction.function,
        WeakObject.function,
        FeaturesTable.function,
        LuaFunction(
            "ns.ledger", returns: [LuaField("ledger", .object("ledger"), "a snapshot")],
            "Takes a snapshot of processes, mounts, pins, links, queues, cgroups and nssh's descriptors",
            example: "local before = ns.ledger()\nprint(ns.ledger():since(before))"
        ) { call throws(LuaError) in
            call.lua.push(LedgerObject())
            return 1
        },
    ]
}
