import Linux
import LuaKit

/// The global `net`.
public enum NetModule {
    /// The module's declaration.
    public static var module: LuaModule {
        LuaModule("net", "Links and addresses of the calling process's net namespace.", functions)
    }

    private static let link = LuaField("link", .string, optional: false, "a link's name")

    nonisolated(unsafe) private static let functions: [LuaFunction] = [
        LuaFunction(
            "net.links", returns: [LuaField("links", .list(.table), "name, index, up, flags, mtu and address of each")],
            "Lists the network links, by index. getifaddrs(3)", example: "assert(net.links()[1].name == \"lo\")"
        ) { call throws(LuaError) in
            let links = try kernel { () throws(Failure) in try Network.links() }
            let lua = call.lua
            lua.push(list: links) { link in
                lua.push([
                    ("name", .bytes(link.name)), ("index", .integer(link.index)), ("up", .boolean(link.isUp)), ("mtu", .integer(link.mtu)),
                    ("address", link.address.isEmpty ? nil : .string(link.address)),
                ])
                lua.push(link.flagNames)
                lua.rawSet(-2, "flags")
            }
            return 1
        },
        LuaFunction(
            "net.addresses", returns: [LuaField("addresses", .list(.table), "link, family, address and prefix of each")],
            "Lists the addresses of all links. getifaddrs(3)",
            example: "for _, a in ipairs(net.addresses()) do print(a.link, a.address .. \"/\" .. a.prefix) end"
        ) { call throws(LuaError) in
            let addresses = try kernel { () throws(Failure) in try Network.addresses() }
            let lua = call.lua
            lua.push(list: addresses) { address in
                lua.push([
                    ("link", .bytes(address.link)), ("family", .string(address.family)), ("address", .string(address.address)),
                    ("prefix", .integer(address.prefix)),
                ])
            }
            return 1
        },
        LuaFunction(
            "net.up", [link], "Brings a link up. SIOCSIFFLAGS of netdevice(7)",
            example: "ns.call({user=\"root\", net=true}, function() net.up(\"lo\"); assert(net.links()[1].up) end)"
        ) { call throws(LuaError) in
            try kernel { () throws(Failure) in try Network.set(call[0].bytes ?? [], up: true) }
            return 0
        },
        LuaFunction(
            "net.down", [link], "Brings a link down. SIOCSIFFLAGS of netdevice(7)",
            example: "ns.call({user=\"root\", net={lo=true}}, function() net.down(\"lo\"); assert(not net.links()[1].up) end)"
        ) { call throws(LuaError) in
            try kernel { () throws(Failure) in try Network.set(call[0].bytes ?? [], up: false) }
            return 0
        },
    ]
}
