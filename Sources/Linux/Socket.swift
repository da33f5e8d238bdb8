import CLinux
import Glibc

/// One end of a pair of connected unix sockets that keep messages apart. socketpair(2) with SOCK_SEQPACKET.
public final class Socket {
    private let descriptor: Descriptor

    private init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Two connected ends, close-on-exec.
    public static func pair() throws(Failure) -> (Socket, Socket) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { nssh_socketpair($0.baseAddress!.assumingMemoryBound(to: Int32.self)) }
        try check(result, "socketpair")
        return (Socket(Descriptor(ends.0)), Socket(Descriptor(ends.1)))
    }

    /// Its descriptor's number; nil once closed.
    public var number: Int32? { descriptor.isOpen ? descriptor.raw : nil }

    /// Closes this end: the other one sees the end when every copy of this one is closed.
    public func close() { descriptor.close() }

    private func requireOpen(_ stage: String) throws(Failure) {
        if descriptor.isOpen { return }
        throw Failure(code: "CLOSED", "the socket is closed", errno: EBADF, stage: stage, target: "socket")
    }

    /// Calls until it does not answer EAGAIN; waits for `event` between.
    private func waiting(
        _ call: String, for event: Int32, until deadline: Double?, _ body: () -> Int
    ) throws(Failure) -> Int {
        while true {
            let result = body()
            if result >= 0 { return result }
            let errno = Errno.last
            switch errno.rawValue {
            case EINTR: if interruptIsPending() { throw .interrupted }
            case EAGAIN:
                var events = [pollfd(fd: descriptor.raw, events: Int16(event), revents: 0)]
                if try waitForEvents(&events, until: deadline) { continue }
                throw Failure(code: "TIMEOUT", "\(call): the time was up", errno: ETIMEDOUT, stage: call, target: "socket")
            case EPIPE, ECONNRESET:
                throw Failure(call, errno, target: "socket", hint: "the other end is closed, or its process has ended")
            case EMSGSIZE:
                throw Failure(call, errno, target: "socket", hint: "a message has to fit into the socket: see sysctl net.core.wmem_max")
            default: throw Failure(call, errno, target: "socket")
            }
        }
    }

    /// Sends one message, and an open file with it if one is given. sendmsg(2), SCM_RIGHTS of unix(7).
    ///
    /// - Throws: EPIPE when the other end is gone, TIMEOUT when `deadline` (on `monotonicSeconds`) passes.
    public func send(_ bytes: [UInt8], with file: Descriptor? = nil, until deadline: Double? = nil) throws(Failure) {
        try requireOpen("sendmsg")
        _ = try waiting("sendmsg", for: POLLOUT, until: deadline) {
            bytes.withUnsafeBytes { nssh_socket_send(descriptor.raw, $0.baseAddress, $0.count, file?.raw ?? -1) }
        }
    }

    /// A message as it came.
    public struct Message {
        /// What was sent.
        public var bytes: [UInt8]
        /// The open files that came with it, close-on-exec.
        public var files: [Descriptor]
        /// Something of it was lost: more descriptors than can be kept, or none are left in the table.
        public var isCut: Bool
    }

    /// Receives one message; nil when the other end is closed and nothing is left. recvmsg(2).
    ///
    /// - Parameter files: how many open files to keep; more are closed.
    public func receive(files most: Int32 = 0, until deadline: Double? = nil) throws(Failure) -> Message? {
        try requireOpen("recvmsg")
        let size = try waiting("recvmsg", for: POLLIN, until: deadline) { nssh_socket_next(descriptor.raw) }
        var numbers = [Int32](repeating: -1, count: Int(most) + 1)
        var count: Int32 = 0
        var cut: Int32 = 0
        var bytes = [UInt8](repeating: 0, count: max(size, 1))
        // Somebody who shares this end may have taken the message meanwhile: then the next is waited for.
        let got = try waiting("recvmsg", for: POLLIN, until: deadline) {
            count = most
            return bytes.withUnsafeMutableBytes { nssh_socket_receive(descriptor.raw, $0.baseAddress, $0.count, &numbers, &count, &cut) }
        }
        let files = numbers.prefix(Int(count)).map { Descriptor($0) }
        if got == 0, files.isEmpty { return nil }
        bytes.removeLast(bytes.count - got)
        return Message(bytes: bytes, files: files, isCut: cut != 0)
    }
}
