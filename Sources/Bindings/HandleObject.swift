import Linux
import LuaKit
import Namespaces

/// An open namespace as a Lua value.
final class HandleObject: LuaObject {
    let handle: NamespaceHandle

    init(_ handle: NamespaceHandle) { self.handle = handle }

    override class var declaration: LuaClass { declared }

    override func close() { handle.close() }

    override var description: String { "\(handle.link)\(handle.isOpen ? "" : " · closed")" }

    override func isEqual(to other: LuaObject) -> Bool {
        guard let other = other as? HandleObject else { return false }
        return handle.type == other.handle.type && handle.inode == other.handle.inode
    }

    /// Pushes an id, or nil and the reason.
    static func push(id: UInt64?, _ lua: Lua) -> Int {
        if let id {
            lua.push(Int(truncatingIfNeeded: id))
            return 1
        }
        lua.pushNil()
        lua.push("this kernel gives namespaces no id: it takes \(Feature.ns_id.needs)")
        return 2
    }

    private static let receiver = LuaField("self", .object("handle"), optional: false, "the handle")

    /// A method without arguments that pushes one value.
    private static func query(
        _ name: String, _ result: LuaField, _ summary: String, example: String,
        _ body: @escaping (NamespaceHandle, LuaCall) throws(Failure) -> Int
    ) -> LuaFunction {
        LuaFunction("handle:\(name)", [receiver], returns: [result], summary, example: example) { call throws(LuaError) in
            let handle = try call.receiver(HandleObject.self).handle
            return try kernel { () throws(Failure) in
                try handle.requireOpen()
                return try body(handle, call)
            }
        }
    }

    nonisolated(unsafe) private static let declared = LuaClass(
        "handle", "An open namespace; it keeps the namespace alive until it is closed. == compares namespaces.",
        methods: [
            query(
                "inode", LuaField("inode", .integer, "its inode number"), "Tells its inode number",
                example: "local h <close> = ns.open(\"self\", \"uts\")\nassert(h:inode() == ns.inode(\"self\", \"uts\"))"
            ) { handle, call throws(Failure) in
                call.lua.push(Int(handle.inode))
                return 1
            },
            query(
                "type", LuaField("type", Declared.typeName, "its type"), "Tells its type. NS_GET_NSTYPE of ioctl_ns(2)",
                example: "local h <close> = ns.open(\"self\", \"net\")\nassert(h:type() == \"net\")"
            ) { handle, call throws(Failure) in
                call.lua.push(handle.type.rawValue)
                return 1
            },
            query(
                "id", LuaField("id", .integer, "its id; nil and the reason where the kernel has none"),
                "Tells its 64-bit id, which is never used again. NS_GET_ID, since Linux \(Feature.ns_id.since)",
                example: "local h <close> = ns.open(\"self\", \"ipc\")\nprint(h:id())"
            ) { handle, call throws(Failure) in
                push(id: try handle.id(), call.lua)
            },
            query(
                "parent", LuaField("parent", .object("handle"), "its parent; nil and the reason at the root or out of scope"),
                "Opens the parent of a pid or user namespace. NS_GET_PARENT of ioctl_ns(2)",
                example: "local h <close> = ns.open(\"self\", \"pid\")\nprint(h:parent())"
            ) { handle, call throws(Failure) in
                if let parent = try handle.parent() {
                    call.lua.push(HandleObject(parent))
                    return 1
                }
                call.lua.pushNil()
                call.lua.push("\(handle.link) is the first of its kind, or its parent is out of nssh's scope")
                return 2
            },
            query(
                "userns", LuaField("owner", .object("handle"), "the user namespace that owns it"),
                "Opens the user namespace that owns it. NS_GET_USERNS of ioctl_ns(2)",
                example:
                    "local p <close> = ns.clone{uts=true, user=\"root\"}\nlocal h <close> = p:open(\"uts\")\nassert(h:userns():inode() == p:inode(\"user\"))"
            ) { handle, call throws(Failure) in
                call.lua.push(HandleObject(try handle.userns()))
                return 1
            },
            query(
                "owner_uid", LuaField("uid", .integer, "the uid"), "Tells whose a user namespace is. NS_GET_OWNER_UID of ioctl_ns(2)",
                example:
                    "local p <close> = ns.clone{user=\"root\"}\nlocal h <close> = p:open(\"user\")\nassert(h:owner_uid() == sys.geteuid())"
            ) { handle, call throws(Failure) in
                call.lua.push(Int(try handle.ownerUid()))
                return 1
            },
            query(
                "processes", LuaField("pids", .list(.integer), "their pids"), "Lists the processes in it that can be seen",
                example: "local h <close> = ns.open(\"self\", \"uts\")\nassert(#h:processes() >= 1)"
            ) { handle, call throws(Failure) in
                let pids = try handle.processes()
                call.lua.push(list: pids) { pid in
                    call.lua.push(Int(pid))
                }
                return 1
            },
            LuaFunction(
                "handle:pin", [receiver, LuaField("path", Declared.path, optional: false, "a file; it is made if it is not there")],
                "Binds the namespace to a file, so that it outlives its processes and nssh. mount(2)",
                details:
                    "ns.unpin lets go of it. The file shows in nssh's own mount namespace, and in those that its mount is shared with.",
                example: "ns.call({user=\"root\", mnt=true}, function()\n  sys.mount{source=\"none\", target=\"/tmp\", type=\"tmpfs\"}\n  "
                    + "local p <close> = ns.clone{uts=\"box\"}\n  p:open(\"uts\"):pin(\"/tmp/box\")\n  p:close()\n  "
                    + "assert(ns.call(\"/tmp/box\", sys.hostname) == \"box\")\n  ns.unpin(\"/tmp/box\")\nend)"
            ) { call throws(LuaError) in
                let handle = try call.receiver(HandleObject.self).handle
                let path = call[1].bytes ?? []
                try kernel { () throws(Failure) in try Pin.make(handle, at: path) }
                return 0
            },
            LuaFunction(
                "handle:run", [receiver, LuaField("options", .record(Declared.runThere), optional: false, "a body, and what it gets")],
                returns: [LuaField("result", .named("result", .table), "how it ended, and what it wrote")],
                "Runs a program or function in this one namespace, and waits",
                details: "It has all of nssh's power and limits: a namespace is joined, and not a process entered.",
                example: "local h <close> = ns.open(\"self\", \"uts\")\nassert(h:run{\"true\"}.ok)"
            ) { call throws(LuaError) in
                try Launching.run(call, call[1], at: .handle(try call.receiver(HandleObject.self).handle))
            },
            LuaFunction(
                "handle:call", [receiver, LuaField("fn", .function, optional: false, "runs in the namespace")], variadic: true,
                returns: [LuaField("…", .any, "what fn returns")], "Calls a Lua function in this one namespace, as ns.call",
                example: "local h <close> = ns.open(\"self\", \"uts\")\nassert(h:call(sys.hostname) == sys.hostname())"
            ) { call throws(LuaError) in
                try Launching.call(call, at: .handle(try call.receiver(HandleObject.self).handle), function: 2)
            },
            LuaFunction(
                "handle:shell",
                [receiver, LuaField("options", .record(Declared.shellThere), refusesNil: true, "another body than $SHELL")],
                returns: [LuaField("result", .named("result", .table), "how it ended")],
                "Runs a shell in this one namespace, in the foreground of the terminal",
                example: "local h <close> = ns.open(\"self\", \"uts\")\nassert(h:shell{\"true\"}.ok)"
            ) { call throws(LuaError) in
                try Launching.shell(call, call[1], at: .handle(try call.receiver(HandleObject.self).handle))
            },
            LuaFunction(
                "handle:close", [receiver], "Lets go of the namespace; more than one call is harmless. close(2)",
                example: "local h = ns.open(\"self\", \"uts\")\nh:close()"
            ) { call throws(LuaError) in
                try call.receiver(HandleObject.self).close()
                return 0
            },
        ])
}
