import CLinux
import Glibc

/// A network link and its addresses. getifaddrs(3), netdevice(7).
public struct Link: Sendable {
    /// `lo`.
    public var name: [UInt8]
    /// The interface index, which starts at 1 in every net namespace.
    public var index: Int
    /// IFF_* flags.
    public var flags: UInt32
    /// The maximum transmission unit in bytes, -1 when it cannot be read.
    public var mtu: Int
    /// The hardware address, `00:15:5d:…`; empty where there is none.
    public var address: String

    /// Whether IFF_UP is set.
    public var isUp: Bool { flags & 1 != 0 }

    /// The names of the flags, as ip-link(8) writes them.
    public var flagNames: [String] {
        let names: [(UInt32, String)] = [
            (1 << 3, "LOOPBACK"), (1 << 1, "BROADCAST"), (1 << 4, "POINTOPOINT"), (1 << 7, "NOARP"), (1 << 12, "MULTICAST"),
            (1 << 8, "PROMISC"), (1 << 10, "MASTER"), (1 << 11, "SLAVE"), (1 << 0, "UP"), (1 << 6, "RUNNING"),
        ]
        return names.filter { flags & $0.0 != 0 }.map(\.1)
    }
}

/// An address of a link.
public struct LinkAddress: Sendable {
    /// The name of the link.
    public var link: [UInt8]
    /// `inet` or `inet6`.
    public var family: String
    /// In numbers, without a scope.
    public var address: String
    /// The length of the network part in bits.
    public var prefix: Int
}

/// The links and addresses of nssh's own net namespace.
public enum Network {
    /// The links, by index.
    public static func links() throws(Failure) -> [Link] {
        let control = try control()
        var links: [Link] = []
        try forEach { entry in
            guard let address = entry.ifa_addr, Int32(address.pointee.sa_family) == AF_PACKET else { return }
            let name = [UInt8](cString: entry.ifa_name)
            var index: Int32 = 0
            let hardware = [UInt8](unsafeUninitializedCapacity: 24) { bytes, count in
                count = Int(nssh_link_hardware(address, &index, bytes.baseAddress))
            }
            let text = hardware.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
            links.append(
                Link(
                    name: name, index: Int(index), flags: entry.ifa_flags, mtu: Int(nssh_link_mtu(control.raw, entry.ifa_name)),
                    address: text))
        }
        return links.sorted { $0.index < $1.index }
    }

    /// The addresses of all links.
    public static func addresses() throws(Failure) -> [LinkAddress] {
        var addresses: [LinkAddress] = []
        try forEach { entry in
            guard let address = entry.ifa_addr else { return }
            let family = Int32(address.pointee.sa_family)
            guard family == AF_INET || family == AF_INET6 else { return }
            let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            var host = [CChar](repeating: 0, count: 128)
            guard getnameinfo(address, socklen_t(size), &host, 128, nil, 0, NI_NUMERICHOST) == 0 else { return }
            var prefix = 0
            if let mask = entry.ifa_netmask {
                let offset = family == AF_INET ? 4 : 8
                let bytes = UnsafeRawBufferPointer(start: UnsafeRawPointer(mask) + offset, count: family == AF_INET ? 4 : 16)
                prefix = bytes.reduce(0) { $0 + $1.nonzeroBitCount }
            }
            let text = host.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            addresses.append(
                LinkAddress(
                    link: [UInt8](cString: entry.ifa_name), family: family == AF_INET ? "inet" : "inet6",
                    address: String(text.prefix { $0 != "%" }), prefix: prefix))
        }
        return addresses
    }

    /// Brings a link up or down. SIOCSIFFLAGS.
    ///
    /// - Throws: EINVAL for what cannot be the name of a link, and would be cut to that of another one.
    public static func set(_ name: [UInt8], up: Bool) throws(Failure) {
        let stage = up ? "link up" : "link down"
        let text = try name.cString(stage)
        let control = try control()
        let flag: Int16 = 1 // IFF_UP
        if nssh_link_flags(control.raw, text, 1, up ? flag : 0, up ? 0 : flag) >= 0 { return }
        var failure = Failure("ioctl", stage: stage, target: name.lossy)
        if nssh_is_link_name(text) == 0 {
            failure.hint = "the name of a link has 1 to 15 bytes, without a slash, a colon or a blank, and is neither . nor .."
        }
        throw failure
    }

    private static func control() throws(Failure) -> Descriptor {
        Descriptor(try check(socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), "socket"))
    }

    private static func forEach(_ body: (ifaddrs) -> Void) throws(Failure) {
        var first: UnsafeMutablePointer<ifaddrs>?
        try check(getifaddrs(&first), "getifaddrs")
        defer { freeifaddrs(first) }
        var entry = first
        while let pointer = entry {
            body(pointer.pointee)
            entry = pointer.pointee.ifa_next
        }
    }
}
