import CLinux
import Glibc
import Linux
import LuaKit

/// The part of `sys` for scripts that talk with a user: the terminal, and ^C.
public enum SysTerminal {
    /// Sets the handlers by which ^C and SIGTERM interrupt the running code. Set once, by whoever handles the signals.
    nonisolated(unsafe) public static var handleSignals: () -> Void = {}

    nonisolated(unsafe) static let functions: [LuaFunction] = [
        LuaFunction(
            "sys.isatty", [LuaField("descriptor", .integer, "which; 0 if not given")],
            returns: [LuaField("is_terminal", .boolean, "whether it is one")], "Tells whether a descriptor is a terminal. isatty(3)",
            example: "print(sys.isatty(1))"
        ) { call throws(LuaError) in
            call.lua.push(isatty(Int32(exactly: call[0].integer ?? 0) ?? -1) == 1)
            return 1
        },
        LuaFunction(
            "sys.columns", [LuaField("descriptor", .integer, "which; 1 if not given")],
            returns: [LuaField("columns", .integer, "its width; nil and the reason when it is no terminal or does not tell")],
            "Tells how wide a terminal is, in cells. TIOCGWINSZ of ioctl_tty(2)", example: "print(sys.columns())"
        ) { call throws(LuaError) in
            if let columns = Terminal.columns(Int32(exactly: call[0].integer ?? 1) ?? -1) {
                call.lua.push(columns)
                return 1
            }
            call.lua.pushNil()
            call.lua.push("no terminal that tells its size")
            return 2
        },
        LuaFunction(
            "sys.getkey", [LuaField("prompt", .string, "shown before")],
            returns: [LuaField("key", .string, "what it sent, such as \"q\", \"\\n\" or \"\\27[A\"; nil at the end of the input")],
            "Waits for one key on the terminal, which does not show it. tcsetattr(3)",
            details: "^C ends the wait. What io.read has read ahead is not seen. Without a terminal on standard input it is an error.",
            example: "-- Without a terminal there is no key.\nassert(not pcall(ns.call, {stdin=\"null\"}, sys.getkey))"
        ) { call throws(LuaError) in
            let prompt = call[0].bytes ?? []
            let key = try kernel { () throws(Failure) in
                try Terminal.readKey(0) {
                    nssh_write_out(prompt, prompt.count)
                    StandardStreams.flush()
                }
            }
            if key.isEmpty { call.lua.pushNil() } else { call.lua.push(key) }
            return 1
        },
        LuaFunction(
            "sys.interruptible", [],
            "Lets ^C and SIGTERM interrupt a function body as they interrupt nssh itself: as an error, so that it can clean up",
            details: "Without that they end the copy of nssh in which it runs, at once. In nssh itself it changes nothing.",
            example:
                "local p <close> = ns.clone{function()\n  sys.interruptible()\n  print(pcall(sys.sleep, 10))\nend}\nsys.sleep(0.1)\np:kill(\"INT\")\n"
                + "assert(not p:wait().signal)"
        ) { _ throws(LuaError) in
            handleSignals()
            return 0
        },
        LuaFunction(
            "sys.uninterrupted", [LuaField("fn", .function, optional: false, "what is to be done in any case")], variadic: true,
            returns: [LuaField("…", .any, "what fn returns")], "Calls a function that cleans up, also after ^C or SIGTERM has come",
            details:
                "After those nothing that waits works any more, so that a script ends. In fn it does, and the interruption goes on when fn "
                + "has ended. Another ^C ends fn.",
            example: "assert(sys.uninterrupted(function() return ns.run{\"true\"}.ok end))"
        ) { call throws(LuaError) in
            let lua = call.lua
            let wasInterrupted = lua.state.isInterrupted
            if wasInterrupted { lua.state.clearInterrupt() }
            defer { if wasInterrupted { lua.state.interrupt() } }
            let base = lua.top
            lua.reserve(4)
            lua.pushValue(1)
            let rest = call.rest
            for position in rest { lua.pushValue(position) }
            try lua.call(arguments: Int32(rest.count), results: -1)
            return Int(lua.top - base)
        },
    ]
}
