import Glibc
import Linux

extension NamespaceHandle {
    /// Sends the namespace over a unix socket: the receiver gets an open handle of its own, whatever namespaces it is in. The text
    /// of the message is the namespace's name. SCM_RIGHTS of unix(7).
    public func send(over socket: Socket, until deadline: Double? = nil) throws(Failure) {
        try requireOpen()
        try socket.send(Array(link.utf8), with: descriptor, until: deadline)
    }

    /// Receives a namespace, which has to be of a type if one is given: the sender may be anybody.
    ///
    /// - Throws: EINVAL for a message without a namespace, or with one of another type; ENDED when the other end is closed.
    public static func receive(
        over socket: Socket, _ type: NamespaceType?, until deadline: Double? = nil
    ) throws(Failure) -> NamespaceHandle {
        guard let message = try socket.receive(files: 2, until: deadline) else {
            throw Failure(code: "ENDED", "the other end of the socket is closed", errno: EPIPE, stage: "recvmsg", target: "socket")
        }
        guard message.files.count == 1, !message.isCut else {
            let what =
                message.files.isEmpty
                ? (message.isCut
                    ? "its descriptor was lost: the table of open files may be full" : "it has only \(message.bytes.count) bytes")
                : "it has more than one descriptor"
            throw Failure(code: "EINVAL", "the message brings no namespace: \(what)", stage: "recvmsg", target: "socket")
        }
        let handle = try NamespaceHandle(message.files[0], target: "what was received")
        if let type, handle.type != type {
            throw Failure(
                code: "EINVAL", "a \(handle.type.rawValue) namespace was received, not a \(type.rawValue) namespace",
                stage: "NS_GET_NSTYPE", target: handle.link)
        }
        return handle
    }
}
