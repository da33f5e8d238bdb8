import CLinux
import Glibc

/// An open file descriptor that is closed when its last user lets go of it.
public final class Descriptor {
    /// The number; -1 once closed.
    public private(set) var raw: Int32

    /// Owns `raw` from now on.
    public init(_ raw: Int32) { self.raw = raw }

    deinit { close() }

    /// Closes it now. close(2); its errors say nothing of use for what nssh has open.
    public func close() {
        guard raw >= 0 else { return }
        _ = Glibc.close(raw)
        raw = -1
    }

    /// Gives the number away: the caller owns it.
    public func take() -> Int32 {
        defer { raw = -1 }
        return raw
    }

    /// A copy, close-on-exec, not among the standard streams. F_DUPFD_CLOEXEC.
    public func duplicate() throws(Failure) -> Descriptor { try Descriptor.duplicate(raw) }

    /// A copy of a descriptor that somebody else owns, with a number above `above`.
    public static func duplicate(_ raw: Int32, above: Int32 = 2) throws(Failure) -> Descriptor {
        Descriptor(try check(nssh_fcntl(raw, F_DUPFD_CLOEXEC, Int(above) + 1), "fcntl", stage: "F_DUPFD_CLOEXEC"))
    }

    /// Whether it is open.
    public var isOpen: Bool { raw >= 0 }

    /// Opens a file, close-on-exec. open(2).
    public static func open(_ path: [UInt8], flags: Int32, mode: mode_t = 0o666) throws(Failure) -> Descriptor {
        while true {
            let raw = nssh_open(try path.cString("open"), flags | O_CLOEXEC, mode)
            // A FIFO is waited for.
            if raw < 0, nssh_errno() == EINTR {
                if interruptIsPending() { throw .interrupted }
                continue
            }
            return Descriptor(try check(raw, "open", target: path.lossy))
        }
    }

    /// A pipe, both ends close-on-exec, with numbers above `above`. pipe2(2).
    public static func pipe(above: Int32 = 2) throws(Failure) -> (read: Descriptor, write: Descriptor) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { nssh_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self)) }
        try check(result, "pipe2")
        let pipe = (read: Descriptor(ends.0), write: Descriptor(ends.1))
        if min(ends.0, ends.1) > above { return pipe }
        return (try duplicate(ends.0, above: above), try duplicate(ends.1, above: above))
    }

    /// A file without a name, in memory. memfd_create(2).
    public static func memory(_ name: String, contents: [UInt8] = []) throws(Failure) -> Descriptor {
        let file = Descriptor(try check(nssh_memfd(name), "memfd_create"))
        try file.writeAll(contents)
        if !contents.isEmpty { try check(Int32(clamping: lseek(file.raw, 0, SEEK_SET)), "lseek") }
        return file
    }

    /// Writes all of `bytes`. write(2).
    public func writeAll(_ bytes: [UInt8]) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { write(raw, $0.baseAddress! + done, bytes.count - done) }
            if count < 0 {
                let errno = Errno.last
                if errno.rawValue == EINTR { continue }
                throw Failure("write", errno)
            }
            done += count
        }
    }

    /// Writes a byte to a pipe that its reader may have left, without the SIGPIPE of that.
    public func writeIgnoringEnd(_ byte: UInt8) throws(Failure) {
        var byte = byte
        let old = signal(SIGPIPE, SIG_IGN)
        let errno = Glibc.write(raw, &byte, 1) < 0 ? Errno.last : nil
        signal(SIGPIPE, old)
        if let errno, errno.rawValue != EPIPE { throw Failure("write", errno) }
    }

    /// Reads what is there, at most `limit` bytes; empty at the end. read(2).
    public func read(_ limit: Int) throws(Failure) -> [UInt8] {
        var errno: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var result: Int
            repeat { result = Glibc.read(raw, buffer.baseAddress, limit) } while result < 0 && nssh_errno() == EINTR
            if result < 0 { errno = .last }
            count = max(result, 0)
        }
        if let errno { throw Failure("read", errno) }
        return bytes
    }

    /// Where what is read lands first: memory that is asked for and given back at each read costs more than the read.
    nonisolated(unsafe) private static let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)

    /// Appends what is there to `bytes`, at most 64 KB, from a descriptor that does not wait. read(2).
    ///
    /// - Returns: how many bytes, 0 at the end; nil when nothing is there now.
    public func readAvailable(appendingTo bytes: inout [UInt8]) throws(Failure) -> Int? {
        var count: Int
        repeat { count = Glibc.read(raw, Descriptor.buffer.baseAddress, Descriptor.buffer.count) } while count < 0 && nssh_errno() == EINTR
        if count < 0 {
            let errno = Errno.last
            if errno.rawValue == EAGAIN { return nil }
            throw Failure("read", errno)
        }
        bytes += UnsafeRawBufferPointer(rebasing: Descriptor.buffer[..<count])
        return count
    }

    /// The size of a file. fstat(2).
    public func size() throws(Failure) -> Int {
        var status = stat()
        try check(fstat(raw, &status), "fstat")
        return Int(status.st_size)
    }

    /// Reads `size` bytes from the start of a file, or what there is of them. Each is read once, whoever else may write. pread(2).
    ///
    /// - Parameter deadline: on `monotonicSeconds`.
    /// - Throws: TIMEOUT when the time is up before the end, and `Failure.interrupted` on ^C.
    public func read(size: Int, until deadline: Double?) throws(Failure) -> [UInt8] {
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, done in
            while done < size {
                let count = pread(raw, buffer.baseAddress! + done, min(size - done, 1 << 20), done)
                if count == 0 { return }
                if count < 0, nssh_errno() != EINTR { failure = Failure("pread", .last) }
                if interruptIsPending() { failure = .interrupted }
                if let deadline, monotonicSeconds() >= deadline {
                    failure = Failure(code: "TIMEOUT", "the time was up before all was read", errno: ETIMEDOUT, stage: "pread", target: "")
                }
                if failure != nil { return }
                done += max(count, 0)
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads from the start of a file to its end, or `limit` bytes and a little more. pread(2).
    public func readAll(limit: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var size = 4096
        while bytes.count < limit {
            var errno: Errno?
            let chunk = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                let result = pread(raw, buffer.baseAddress, size, bytes.count)
                if result < 0 { errno = .last }
                count = max(result, 0)
            }
            if let errno {
                if errno.rawValue == EINTR { continue }
                throw Failure("pread", errno)
            }
            if chunk.isEmpty { break }
            bytes += chunk
            size = min(size * 2, 1 << 20)
        }
        return bytes
    }

    /// Reads without waiting from now on: a pipe or terminal of nssh's own, which has no other flags that could be lost. O_NONBLOCK.
    public func setNonblocking() throws(Failure) { try check(nssh_fcntl(raw, F_SETFL, Int(O_NONBLOCK)), "fcntl", stage: "F_SETFL") }
}

extension DefaultStringInterpolation {
    /// Bytes in a text would be a list of numbers there: what is to be shown is `lossy`, or better escaped.
    @available(*, unavailable, message: "bytes are no text: show them with .lossy or TextEscape")
    public mutating func appendInterpolation(_ bytes: [UInt8]) {}
}

extension [UInt8] {
    /// The bytes with a zero behind, as C has its strings.
    ///
    /// - Parameter call: what wants them, for the message.
    /// - Throws: EINVAL where a zero among them would cut them short, so that something else would be named.
    public func cString(_ call: String) throws(Failure) -> [CChar] {
        if contains(0) { throw .zeroByte(call, target: lossy) }
        return map(CChar.init(bitPattern:)) + [0]
    }

    /// As text on one line, fit for a terminal: what is no UTF-8, or could not be seen, in escapes.
    public var shown: String { TextEscape.escape(self, as: .line) }

    /// A string of C, whatever its bytes are.
    public init(cString pointer: UnsafePointer<CChar>) { self.init(UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))) }

    /// As text to be shown, with bytes that are not UTF-8 replaced: it is no name any more by which something could be found.
    public var lossy: String { String(decoding: self, as: UTF8.self) }
}

private let F_DUPFD_CLOEXEC: Int32 = 1030
