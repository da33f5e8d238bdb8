import CLinux
import Glibc
import Linux

/// Descriptors in messages that wait in a unix socket: a look at the first message with MSG_PEEK gives copies and takes nothing away.
/// SCM_RIGHTS of unix(7)
extension Scan {
    /// What waits in a socket.
    struct Waiting {
        var certain: [(key: NamespaceKey, isSocket: Bool)] = []
        /// What could not be looked at, in words.
        var rest: [String] = []
        /// Sockets may wait in sockets, and in themselves too.
        static let deepest = 8
    }

    /// Notes what waits in a socket, for each process that has it. What lies behind the first message with descriptors is suspected, and
    /// what comes with a connection before accept(2).
    ///
    /// - Parameter known: what waits in the sockets that have been looked into, by what their links say.
    func lookInFlight(_ file: OpenFile, _ known: inout [String: Waiting]) {
        if known[file.text] == nil {
            var waiting = Waiting()
            if let count = Scan.waitingCount(fdinfo(of: file)) {
                guard let socket = copy(of: file) else { return }
                look(into: socket, count, &waiting, depth: 1)
            }
            known[file.text] = waiting
        }
        guard let waiting = known[file.text] else { return }
        for (key, isSocket) in waiting.certain { note(holder(.in_flight, file, isSocket ? "a socket or tun device" : nil), of: key) }
        for text in waiting.rest { suspect(file, .in_flight, NamespaceType.allCases, text) }
    }

    /// How many descriptors wait in a socket; nil for none.
    private static func waitingCount(_ fdinfo: [UInt8]) -> Int? {
        Proc.words(in: fdinfo, "scm_fds").first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    private func look(into socket: Descriptor, _ count: Int, _ waiting: inout Waiting, depth: Int) {
        var raws = [Int32](repeating: -1, count: 253)
        var room = Int32(raws.count)
        let isRead = nssh_socket_peek(socket.raw, &raws, &room) >= 0
        let errno = Errno.last.rawValue
        // It has been received meanwhile.
        if !isRead, errno == EAGAIN { return }
        let copies = raws.prefix(isRead ? Int(room) : 0).map { Descriptor($0) }
        for copy in copies { look(atWaiting: copy, &waiting, depth) }
        let rest = count - copies.count
        if rest <= 0 { return }
        let isListening = !isRead && (errno == EINVAL || errno == ENOTCONN)
        let place = isListening ? "in connections before accept(2)" : "behind the first message that has any"
        waiting.rest.append("\(rest) descriptor\(rest == 1 ? "" : "s") \(place)")
    }

    private func look(atWaiting file: Descriptor, _ waiting: inout Waiting, _ depth: Int) {
        let isNamespace = nssh_is_nsfs(file.raw) == 1
        var namespace = file
        if !isNamespace {
            if let count = Scan.waitingCount((try? Proc.read("self/fdinfo/\(file.raw)")) ?? []) {
                if depth < Waiting.deepest {
                    look(into: file, count, &waiting, depth: depth + 1)
                } else {
                    waiting.rest.append("sockets in sockets in sockets")
                }
            }
            let raw = nssh_socket_namespace(file.raw)
            if raw < 0 { return }
            namespace = Descriptor(raw)
        }
        // One of O_PATH takes no ioctl(2).
        let path = "self/fd/\(namespace.raw)"
        guard let handle = try? NamespaceHandle(Proc.open(path, flags: O_RDONLY), target: "in flight"), options.types.contains(handle.type)
        else { return }
        relate(handle)
        waiting.certain.append((handle.key, !isNamespace))
    }
}
