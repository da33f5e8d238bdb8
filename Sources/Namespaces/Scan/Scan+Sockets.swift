import CLinux
import Glibc
import Linux

/// Sockets keep the net namespace in which they were made, wherever their process goes; an open /dev/net/tun does too.
extension Scan {
    /// The net namespaces that a process's sockets belong to: there may be thousands of sockets, but few namespaces.
    private typealias Found = [(place: Int32, first: Int32, count: Int)]

    /// - Returns: the number of sockets.
    func lookThroughSockets() throws(Failure) -> Int {
        guard options.types.contains(.net) else { return 0 }
        if sockets == nil { _ = try walkDescriptors(.sockets) { _, _, _ in } }
        let files = sockets ?? []
        sockets = nil
        var known = KnownSockets(self)
        var next = 0
        while next < files.count {
            let table = files[next].table
            let end = files[next...].firstIndex { $0.table != table } ?? files.count
            try pause(.sockets, next, files.count)
            look(at: files[next..<end], of: table, &known)
            next = end
        }
        return files.count
    }

    /// What tells the namespace of a socket without asking for it again.
    private struct KnownSockets {
        /// By the cookie of the net namespace, which is its id where it has one.
        var cookies: [UInt64: Int32] = [:]
        /// By the socket's inode number: one that several processes share.
        var sockets: [UInt64: Int32] = [:]

        init(_ scan: Scan) {
            for place in 0..<Int32(scan.count) where scan[place].key.type == .net {
                if let handle = scan.open(place) { scan.relate(handle) }
                if let id = scan[place].id { cookies[id] = place }
            }
        }
    }

    private func look(at files: ArraySlice<SocketFile>, of table: DescriptorTable, _ known: inout KnownSockets) {
        let pid = snapshot.processes[table.process].pid
        let pidfd = openPidfd(of: table)
        if pidfd < 0 { return note(unreadable: "/proc/\(directory(of: table))/fd", pid: pid, .last, in: .sockets) }
        defer { close(pidfd) }
        var found: Found = []
        var refusal: Errno?
        for file in files {
            var place = known.sockets[file.inode]
            if file.isTun || place == nil {
                switch namespace(of: file, pidfd, &known) {
                case .place(let seen):
                    place = seen
                    if !file.isTun { known.sockets[file.inode] = seen }
                case .refused(let errno):
                    refusal = refusal ?? errno
                    continue
                case .gone: continue
                }
            }
            guard let place else { continue }
            if file.isTun {
                self[place].holders.append(holder(.tun, file.number, of: table))
            } else if let at = found.firstIndex(where: { $0.place == place }) {
                found[at].count += 1
            } else {
                found.append((place, file.number, 1))
            }
        }
        if let refusal { note(unreadable: "/proc/\(directory(of: table))/fd", pid: pid, refusal, in: .sockets) }
        // A process that is in the namespace holds it itself.
        let own = snapshot.places[table.process * LinkReader.count + NamespaceType.net.ordinal]
        for (place, first, count) in found where place != own {
            var holder = holder(.socket, first, of: table)
            if count > 1 { holder.count = count }
            self[place].holders.append(holder)
        }
    }

    private enum Answer {
        case place(Int32)
        case refused(Errno)
        case gone
    }

    /// The net namespace of a file of another process, through a copy of its descriptor. There is no other way; the kernel gives a copied
    /// socket the net_cls and net_prio class of who copies it.
    private func namespace(of file: SocketFile, _ pidfd: Int32, _ known: inout KnownSockets) -> Answer {
        let copy = nssh_pidfd_getfd(pidfd, file.number)
        if copy < 0 {
            let errno = Errno.last
            return errno.rawValue == EBADF || errno.rawValue == ESRCH ? .gone : .refused(errno)
        }
        defer { close(copy) }
        // The number may have been closed, and used again.
        var info = stat()
        guard fstat(copy, &info) == 0, UInt64(info.st_ino) == file.inode else { return .gone }
        var cookie: UInt64 = 0
        let hasCookie = !file.isTun && nssh_socket_cookie(copy, &cookie) == 0
        if hasCookie, let place = known.cookies[cookie] { return .place(place) }
        let raw = nssh_socket_namespace(copy)
        if raw < 0 { return .refused(.last) }
        guard let handle = try? NamespaceHandle(Descriptor(raw), target: "socket") else { return .gone }
        relate(handle)
        let place = position(of: handle.key)
        if hasCookie { known.cookies[cookie] = place }
        return .place(place)
    }
}
