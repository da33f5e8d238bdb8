import Glibc
import Linux
import LuaKit

/// The global `sys`.
public enum SysModule {
    /// The module's declaration.
    public static var module: LuaModule {
        LuaModule(
            "sys", "The system as the calling process sees it, in the names of the manual pages.",
            names + ids + mounts + files + time + SysTerminal.functions + [SocketObject.pair])
    }

    private static let path = LuaField("path", Declared.path, optional: false, "a file")

    /// A binding that answers one integer.
    private static func number(_ name: String, _ summary: String, example: String, _ value: @escaping () -> Int) -> LuaFunction {
        LuaFunction("sys.\(name)", returns: [LuaField(name, .integer, "the number")], summary, example: example) { call throws(LuaError) in
            call.lua.push(value())
            return 1
        }
    }

    /// Pushes what `body` gives, or nil and the reason: for what may simply be absent.
    private static func orReason(_ lua: Lua, _ body: () throws(Failure) -> Void) -> Int {
        do throws(Failure) {
            try body()
            return 1
        } catch {
            lua.pushNil()
            lua.push(error.message)
            return 2
        }
    }

    nonisolated(unsafe) private static let names: [LuaFunction] = [
        LuaFunction(
            "sys.hostname", [LuaField("name", .string, "sets it first")], returns: [LuaField("name", .string, "the host name")],
            "Tells the host name, or sets it. gethostname(2), sethostname(2)", example: "print(sys.hostname())"
        ) { call throws(LuaError) in
            try kernel { () throws(Failure) in
                if let name = call[0].bytes { try System.setHostname(name) }
                call.lua.push(try System.hostname())
            }
            return 1
        },
        LuaFunction(
            "sys.domainname", [LuaField("name", .string, "sets it first")], returns: [LuaField("name", .string, "the NIS domain name")],
            "Tells the NIS domain name, or sets it. getdomainname(2), setdomainname(2)", example: "print(sys.domainname())"
        ) { call throws(LuaError) in
            try kernel { () throws(Failure) in
                if let name = call[0].bytes { try System.setDomainname(name) }
                call.lua.push(try System.domainname())
            }
            return 1
        },
        LuaFunction(
            "sys.uname", returns: [LuaField("names", .map(.string), "sysname, nodename, release, version, machine and domainname")],
            "Tells the system's names. uname(2)", example: "assert(sys.uname().sysname == \"Linux\")"
        ) { call throws(LuaError) in
            let names = try kernel { () throws(Failure) in try System.uname() }
            call.lua.push([
                ("sysname", .bytes(names.sysname)), ("nodename", .bytes(names.nodename)), ("release", .bytes(names.release)),
                ("version", .bytes(names.version)), ("machine", .bytes(names.machine)), ("domainname", .bytes(names.domainname)),
            ])
            return 1
        },
    ]

    nonisolated(unsafe) private static let ids: [LuaFunction] = [
        number("getpid", "Tells the process id, as the process itself sees it. getpid(2)", example: "assert(sys.getpid() > 0)") {
            Int(getpid())
        },
        number(
            "getppid", "Tells the parent's process id; 0 when that is in an outer pid namespace. getppid(2)",
            example: "print(sys.getppid())"
        ) {
            Int(getppid())
        },
        number("getuid", "Tells the real user id. getuid(2)", example: "print(sys.getuid())") { Int(getuid()) },
        number("geteuid", "Tells the effective user id. geteuid(2)", example: "print(sys.geteuid())") { Int(geteuid()) },
        number("getgid", "Tells the real group id. getgid(2)", example: "print(sys.getgid())") { Int(getgid()) },
        number("getegid", "Tells the effective group id. getegid(2)", example: "print(sys.getegid())") { Int(getegid()) },
        LuaFunction(
            "sys.getgroups", returns: [LuaField("groups", .list(.integer), "group ids")], "Lists the supplementary groups. getgroups(2)",
            example: "print(#sys.getgroups())"
        ) { call throws(LuaError) in
            let groups = try kernel { () throws(Failure) in try System.groups() }
            call.lua.push(list: groups) { group in
                call.lua.push(Int(group))
            }
            return 1
        },
        LuaFunction(
            "sys.env", [LuaField("name", .string, optional: false, "a name")],
            returns: [LuaField("value", .string, "its value; nil and the reason when it is not set")],
            "Reads an environment variable. getenv(3)", example: "print(sys.env(\"PATH\"))"
        ) { call throws(LuaError) in
            let name = call[0].string ?? ""
            guard let value = environmentBytes(call[0].bytes ?? []) else {
                call.lua.pushNil()
                call.lua.push("\(name) is not set")
                return 2
            }
            call.lua.push(value)
            return 1
        },
    ]

    /// The mount(2) flags by the names that mount(8) gives them.
    private static let mountFlags: [(name: String, bit: UInt)] = [
        ("ro", 1), ("nosuid", 2), ("nodev", 4), ("noexec", 8), ("remount", 32), ("noatime", 1024), ("bind", 4096), ("move", 8192),
        ("rec", 16384), ("unbindable", 1 << 17), ("private", 1 << 18), ("slave", 1 << 19), ("shared", 1 << 20),
    ]

    private static let mountRecord = LuaRecord(
        "sys.mount",
        [
            LuaField("source", .string, "a device, a directory or a name"),
            LuaField("target", Declared.path, optional: false, "the mount point"),
            LuaField("type", .string, "the file system"),
            LuaField("flags", .list(.choice(mountFlags.map(\.name))), "such as {\"bind\", \"ro\"}"),
            LuaField("data", .string, "options of the file system"),
        ])

    nonisolated(unsafe) private static let mounts: [LuaFunction] = [
        LuaFunction(
            "sys.mount", [LuaField("options", .record(mountRecord), optional: false, "what, where and how")],
            "Mounts a file system. mount(2)",
            details: "It changes the mount namespace of the calling process: inside ns.call or a function body that is the child's.",
            example:
                "ns.call({user=\"root\", mnt=true}, function()\n  sys.mount{source=\"none\", target=\"/tmp\", type=\"tmpfs\"}\n  assert(#sys.readdir(\"/tmp\") == 0)\nend)"
        ) { call throws(LuaError) in
            guard let options = call[0].table else { return 0 }
            var flags: UInt = 0
            for flag in options["flags"].table?.list ?? [] { flags |= mountFlags.first { $0.name == flag.string }?.bit ?? 0 }
            try kernel { () throws(Failure) in
                try System.mount(
                    source: options["source"].bytes, target: options["target"].bytes ?? [], type: options["type"].bytes, flags: flags,
                    data: options["data"].bytes)
            }
            return 0
        },
        LuaFunction(
            "sys.umount",
            [
                LuaField("target", Declared.path, optional: false, "the mount point"),
                LuaField("detach", .boolean, "lets go of it even if it is in use, MNT_DETACH"),
            ],
            "Unmounts a file system. umount2(2)",
            example:
                "ns.call({user=\"root\", mnt=true}, function()\n  sys.mount{source=\"none\", target=\"/tmp\", type=\"tmpfs\"}\n  sys.umount(\"/tmp\")\nend)"
        ) { call throws(LuaError) in
            let target = call[0].bytes ?? []
            try kernel { () throws(Failure) in try System.unmount(target, flags: call[1].boolean == true ? 2 : 0) }
            return 0
        },
        LuaFunction(
            "sys.mounts",
            returns: [LuaField("mounts", .list(.table), "id, parent, root, target, options, propagation, type and source of each")],
            "Lists the mounts of the calling process's mount namespace. /proc/self/mountinfo", example: "assert(#sys.mounts() > 0)"
        ) { call throws(LuaError) in
            let mounts = try kernel { () throws(Failure) in try Mount.own() }
            call.lua.push(list: mounts) { mount in
                call.lua.push([
                    ("id", .integer(mount.id)), ("parent", .integer(mount.parent)), ("root", .bytes(mount.root)),
                    ("target", .bytes(mount.target)), ("options", .string(mount.options)), ("propagation", .string(mount.propagation)),
                    ("type", .string(mount.type)), ("source", .bytes(mount.source)),
                ])
            }
            return 1
        },
    ]

    nonisolated(unsafe) private static let files: [LuaFunction] = [
        LuaFunction(
            "sys.readdir", [path], returns: [LuaField("names", .list(.string), "sorted, without . and ..")],
            "Lists a directory. readdir(3)",
            example: "assert(#sys.readdir(\"/\") > 0)"
        ) { call throws(LuaError) in
            let path = call[0].bytes ?? []
            call.lua.push(try kernel { () throws(Failure) in try System.readdir(path) })
            return 1
        },
        LuaFunction(
            "sys.readlink", [path], returns: [LuaField("target", .string, "where it points; nil and the reason otherwise")],
            "Reads a symbolic link. readlink(2)", example: "print(sys.readlink(\"/proc/self/ns/uts\"))"
        ) { call throws(LuaError) in
            let path = call[0].bytes ?? []
            return orReason(call.lua) { () throws(Failure) in call.lua.push(try System.readlink(path)) }
        },
        LuaFunction(
            "sys.stat", [path, LuaField("nofollow", .boolean, "looks at a link itself, lstat(2)")],
            returns: [LuaField("info", .table, "type, mode, uid, gid, size, ino, dev and mtime; nil and the reason otherwise")],
            "Tells what a file is. stat(2)", example: "assert(sys.stat(\"/\").type == \"directory\")"
        ) { call throws(LuaError) in
            let path = call[0].bytes ?? []
            return orReason(call.lua) { () throws(Failure) in
                let info = try System.stat(path, followingLinks: call[1].boolean != true)
                let kinds: [UInt32: String] = [
                    S_IFDIR: "directory", S_IFREG: "file", S_IFLNK: "link", S_IFIFO: "fifo", S_IFSOCK: "socket",
                    S_IFCHR: "character device",
                    S_IFBLK: "block device",
                ]
                call.lua.push([
                    ("type", .string(kinds[info.st_mode & S_IFMT] ?? "unknown")), ("mode", .integer(Int(info.st_mode & 0o7777))),
                    ("uid", .integer(Int(info.st_uid))), ("gid", .integer(Int(info.st_gid))), ("size", .integer(Int(info.st_size))),
                    ("ino", .integer(Int(bitPattern: UInt(info.st_ino)))), ("dev", .integer(Int(bitPattern: UInt(info.st_dev)))),
                    ("mtime", .number(Double(info.st_mtim.tv_sec) + Double(info.st_mtim.tv_nsec) / 1e9)),
                ])
            }
        },
        LuaFunction(
            "sys.getcwd", returns: [LuaField("path", .string, "the working directory")], "Tells the working directory. getcwd(3)",
            example: "print(sys.getcwd())"
        ) { call throws(LuaError) in
            call.lua.push(try kernel { () throws(Failure) in try System.workingDirectory() })
            return 1
        },
        LuaFunction(
            "sys.chdir", [LuaField("path", Declared.path, optional: false, "a directory")], "Changes the working directory. chdir(2)",
            example: "sys.chdir(\".\")"
        ) { call throws(LuaError) in
            let path = call[0].bytes ?? []
            try kernel { () throws(Failure) in try System.changeDirectory(path) }
            return 0
        },
        LuaFunction(
            "sys.chroot", [LuaField("path", Declared.path, optional: false, "a directory")],
            "Changes the root directory; the working directory stays where it is. chroot(2)",
            example: "ns.run{ user = \"root\", function() sys.chroot(\"/usr\") sys.chdir(\"/\") end }:check()"
        ) { call throws(LuaError) in
            let path = call[0].bytes ?? []
            try kernel { () throws(Failure) in try System.changeRoot(path) }
            return 0
        },
    ]

    nonisolated(unsafe) private static let time: [LuaFunction] = [
        LuaFunction(
            "sys.sleep", [LuaField("seconds", .number, optional: false, "how long")], "Waits; ^C ends it", example: "sys.sleep(0.001)"
        ) { call throws(LuaError) in
            guard let seconds = call[0].number, seconds >= 0, seconds.isFinite else {
                throw .argument(1, of: "sys.sleep", "a number of seconds that is not negative expected")
            }
            try kernel { () throws(Failure) in try System.sleep(seconds) }
            return 0
        },
        LuaFunction(
            "sys.clock", [LuaField("clock", .choice(["monotonic", "boottime", "realtime", "process"]), "which; monotonic if not given")],
            returns: [LuaField("seconds", .number, "its time")], "Reads a clock. clock_gettime(2)",
            example: "local t = sys.clock()\nassert(sys.clock() >= t)"
        ) { call throws(LuaError) in
            let clocks: [String: clockid_t] = [
                "monotonic": CLOCK_MONOTONIC, "boottime": CLOCK_BOOTTIME, "realtime": CLOCK_REALTIME, "process": CLOCK_PROCESS_CPUTIME_ID,
            ]
            call.lua.push(try kernel { () throws(Failure) in try System.clock(clocks[call[0].string ?? "monotonic"]!) })
            return 1
        },
    ]
}
