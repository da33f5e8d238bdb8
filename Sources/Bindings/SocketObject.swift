import Linux
import LuaKit
import Namespaces

/// One end of a socket pair as a Lua value.
final class SocketObject: LuaObject {
    let socket: Socket

    init(_ socket: Socket) { self.socket = socket }

    override class var declaration: LuaClass { declared }
    override func close() { socket.close() }
    override var description: String { socket.number.map { "socket (descriptor \($0))" } ?? "socket · closed" }

    private static let receiver = LuaField("self", .object("socket"), optional: false, "the socket")
    private static let seconds = LuaField("seconds", Declared.seconds, "gives up after so long, with the error TIMEOUT")

    private static func deadline(_ value: LuaValue, _ name: String) throws(LuaError) -> Double? {
        try value.seconds(name).map { monotonicSeconds() + $0 }
    }

    /// sys.socketpair.
    nonisolated(unsafe) static let pair = LuaFunction(
        "sys.socketpair",
        returns: [LuaField("a", .object("socket"), "one end"), LuaField("b", .object("socket"), "the other")],
        "Makes two connected sockets, which carry messages and namespaces. socketpair(2)",
        details:
            "Of the type SOCK_SEQPACKET: what is sent as one message comes as one. A function body has copies of both ends; "
            + "close the one that a side does not use, or it never sees that the other side has ended.",
        example: "local a, b = sys.socketpair()\na:send(\"ping\")\nassert(b:receive() == \"ping\")"
    ) { call throws(LuaError) in
        let (a, b) = try kernel { () throws(Failure) in try Socket.pair() }
        call.lua.push(SocketObject(a))
        call.lua.push(SocketObject(b))
        return 2
    }

    nonisolated(unsafe) static let functions: [LuaFunction] = [
        LuaFunction(
            "ns.send",
            [
                LuaField("socket", .object("socket"), optional: false, "where to"),
                LuaField("handle", .object("handle"), optional: false, "the namespace"), seconds,
            ], "Sends a namespace over a unix socket. sendmsg(2) with SCM_RIGHTS",
            details: "The receiver gets an open handle, whatever namespaces it is in itself. On its way it keeps the namespace alive.",
            example: "local a, b = sys.socketpair()\nlocal h <close> = ns.open(\"self\", \"uts\")\nns.send(a, h)\n"
                + "assert(ns.receive(b, \"uts\") == h)\na:close()\nb:close()"
        ) { call throws(LuaError) in
            guard let socket = call[0].object(SocketObject.self), let handle = call[1].object(HandleObject.self) else { return 0 }
            let deadline = try deadline(call[2], "ns.send")
            try kernel { () throws(Failure) in try handle.handle.send(over: socket.socket, until: deadline) }
            return 0
        },
        LuaFunction(
            "ns.receive",
            [
                LuaField("socket", .object("socket"), optional: false, "where from"),
                LuaField("type", Declared.typeName, "the type that it has to be of; any if not given"), seconds,
            ], returns: [LuaField("handle", .object("handle"), "an open handle")],
            "Waits for a namespace that comes over a unix socket. recvmsg(2) with SCM_RIGHTS",
            details:
                "A descriptor from a stranger may be anything: what is no namespace, or one of another type, is closed and an error. "
                + "setns(2) has its nstype for the same reason.",
            example:
                "local a, b = sys.socketpair()\nlocal p <close> = ns.clone{uts=\"box\", user=\"root\", function()\n"
                + "  ns.send(b, ns.open(\"self\", \"uts\"))\nend}\nb:close()\nlocal h <close> = ns.receive(a, \"uts\")\n"
                + "assert(h:type() == \"uts\" and h:inode() ~= ns.inode(\"self\", \"uts\"))\na:close()"
        ) { call throws(LuaError) in
            guard let socket = call[0].object(SocketObject.self) else { return 0 }
            let deadline = try deadline(call[2], "ns.receive")
            let handle = try kernel { () throws(Failure) in
                try NamespaceHandle.receive(over: socket.socket, call[1].namespaceType, until: deadline)
            }
            call.lua.push(HandleObject(handle))
            return 1
        },
    ]

    nonisolated(unsafe) private static let declared = LuaClass(
        "socket", "One end of a pair of connected unix sockets: sys.socketpair.",
        methods: [
            LuaFunction(
                "socket:send", [receiver, LuaField("message", .bytes, optional: false, "any bytes, not none"), seconds],
                "Sends one message; waits while the other end's queue is full. sendmsg(2)",
                example: "local a, b = sys.socketpair()\na:send(\"hello\")\nassert(b:receive() == \"hello\")"
            ) { call throws(LuaError) in
                let bytes = call[1].bytes ?? []
                if bytes.isEmpty { throw .argument(1, of: "socket:send", "an empty message cannot be told from the end") }
                let socket = try call.receiver(SocketObject.self).socket
                let deadline = try deadline(call[2], "socket:send")
                try kernel { () throws(Failure) in try socket.send(bytes, until: deadline) }
                return 0
            },
            LuaFunction(
                "socket:receive", [receiver, seconds],
                returns: [LuaField("message", .string, "its bytes; nil when the other end is closed")],
                "Waits for one message. recvmsg(2)",
                details: "A namespace that comes with it is let go of: ns.receive keeps it.",
                example: "local a, b = sys.socketpair()\na:close()\nassert(b:receive() == nil)"
            ) { call throws(LuaError) in
                let socket = try call.receiver(SocketObject.self).socket
                let deadline = try deadline(call[1], "socket:receive")
                guard let message = try kernel({ () throws(Failure) in try socket.receive(until: deadline) }) else { return 0 }
                call.lua.push(message.bytes)
                return 1
            },
            LuaFunction(
                "socket:close", [receiver], "Closes this end; more than one call is harmless. close(2)",
                example: "local a, b = sys.socketpair()\na:close()\nb:close()"
            ) { call throws(LuaError) in
                try call.receiver(SocketObject.self).close()
                return 0
            },
        ])
}
