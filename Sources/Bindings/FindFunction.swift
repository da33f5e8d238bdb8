import LuaKit
import Namespaces

/// ns.find.
enum FindFunction {
    nonisolated(unsafe) static let function = LuaFunction(
        "ns.find", [LuaField("name", .string, optional: false, "of a command, a container, a net namespace of ip-netns(8) or a pin")],
        returns: [
            LuaField(
                "list", .list(.table),
                "kind, name, pid and uid or path, target, vouched and sources of each; of a container also runtime and id"),
            LuaField("unreadable", .list(.string), "what could not be looked at, and why"),
        ], "Finds what bears a name and has namespaces",
        details:
            "kind is process, container, netns or pin. target is what other functions take: ns.run{net = found.target, …}, ns.open(found.target, …). "
            + "A command is what ps shows, or the file's last part. Containers of docker, podman, lxc, systemd-nspawn, containerd and cri-o are "
            + "known by their cgroup, those of runc and crun by their state files, docker's and podman's names by files that only their owner may "
            + "read; 12 digits of an id do as well. Anybody may call a process what they like: sources are the records of what says that "
            + "it is called so (source, uid and user of who could have said it, and vouches), and vouched is true where that was root or the caller "
            + "and nobody else can have been: `nssh enter` takes no other name.",
        example: "local p <close> = ns.clone{uts=\"box\", user=\"root\", argv0=\"my-box\", \"sleep\", \"10\"}\n"
            + "local found\nrepeat found = ns.find(\"my-box\") until #found > 0\n"
            + "assert(found[1].kind == \"process\" and ns.same(found[1].target, p))"
    ) { call throws(LuaError) in
        let found = Find(call[0].bytes ?? [])
        let lua = call.lua
        lua.push(list: found.items) { item in
            lua.push([
                ("kind", .string(item.kind)), ("name", .bytes(item.name)), ("pid", item.pid.map { .integer(Int($0)) }),
                ("path", item.path.map { .bytes($0) }), ("runtime", item.runtime.map { .string($0) }), ("id", item.id.map { .string($0) }),
                ("target", item.pid.map { .integer(Int($0)) } ?? item.path.map { .bytes($0) }),
                ("vouched", .boolean(item.isVouched)),
                ("uid", item.uid.map { .integer(Int($0)) }),
            ])
            lua.push(list: item.sources) { source in
                lua.push([
                    ("source", .bytes(source.text)), ("uid", source.uid.map { .integer(Int($0)) }),
                    ("user", source.user.map { .string($0) }),
                    ("vouches", .boolean(source.vouches)),
                ])
            }
            lua.rawSet(-2, "sources")
        }
        lua.push(found.unreadable)
        return 2
    }
}
