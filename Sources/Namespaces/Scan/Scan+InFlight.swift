import CLinux
import Glibc
import Linux

/// Descriptors in messages that wait in a unix socket: a look at the first message with MSG_PEEK gives copies and takes nothing away.
/// SCM_RIGHTS of unix(7)
extension Scan {
    /// Looks into the queue of a socket, if descriptors wait there; what lies behind the first message that has some is suspected.
    func lookInFlight(_ file: OpenFile) {
        guard let count = Proc.words(in: fdinfo(of: file), "scm_fds").first.flatMap({ Int($0) }), count > 0,
            let socket = copy(of: file)
        else { return }
        var raws = [Int32](repeating: -1, count: 253)
        var room = Int32(raws.count)
        guard nssh_socket_peek(socket.raw, &raws, &room) >= 0 else { return }
        for raw in raws.prefix(Int(room)) { look(atWaiting: Descriptor(raw), in: file) }
        if count > Int(room) {
            suspect(file, .in_flight, NamespaceType.allCases, "\(count - Int(room)) descriptors behind the first message that has any")
        }
    }

    private func look(atWaiting waiting: Descriptor, in file: OpenFile) {
        let isNamespace = nssh_is_nsfs(waiting.raw) == 1
        let copy: Descriptor
        if isNamespace {
            copy = waiting
        } else {
            let raw = nssh_socket_namespace(waiting.raw)
            if raw < 0 { return }
            copy = Descriptor(raw)
        }
        // One of O_PATH takes no ioctl(2).
        let path = "self/fd/\(copy.raw)"
        guard let handle = try? NamespaceHandle(Proc.open(path, flags: O_RDONLY), target: file.text), options.types.contains(handle.type)
        else { return }
        relate(handle)
        note(holder(.in_flight, file, isNamespace ? nil : "a socket or tun device"), of: handle.key)
    }
}
