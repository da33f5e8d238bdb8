import CLinux
import Glibc

/// Asks nssh's own net namespace by what number it knows others: ip-netns(8) and veth(4) name a peer's namespace by it.
public final class NetnsIds {
    private let socket: Descriptor?

    /// A socket of NETLINK_ROUTE, which counts as the net namespace that nssh is in now. netlink(7)
    public init() {
        let raw = Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), 0)
        socket = raw < 0 ? nil : Descriptor(raw)
    }

    /// The number of an open net namespace: -1 where it has none; nil where the kernel does not tell. RTM_GETNSID
    public func id(of namespace: Descriptor) -> Int32? {
        guard let socket else { return nil }
        var id: Int32 = 0
        return nssh_netns_id(socket.raw, namespace.raw, &id) == 0 ? id : nil
    }
}
