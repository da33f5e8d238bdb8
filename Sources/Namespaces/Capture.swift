import CLinux
import Glibc
import Linux

/// A stream of a child that nssh reads to the end.
final class Capture {
    /// The most that is kept of a stream, in bytes.
    static let limit = 64 << 20

    let name: String
    /// The pipe; nil at its end.
    private(set) var descriptor: Descriptor?
    private(set) var bytes: [UInt8] = []

    init(_ name: String, _ descriptor: Descriptor) {
        self.name = name
        self.descriptor = descriptor
        descriptor.setNonblocking()
    }

    /// Reads what is there now; whether there was anything.
    @discardableResult func read() throws(Failure) -> Bool {
        guard let descriptor else { return false }
        let chunk: [UInt8]
        do throws(Failure) { chunk = try descriptor.read(65536) } catch {
            if error.errno?.rawValue == EAGAIN { return false }
            // Nobody has the other end of a terminal open any more.
            guard error.errno?.rawValue == EIO else { throw error }
            chunk = []
        }
        if chunk.isEmpty {
            self.descriptor = nil
            return false
        }
        bytes += chunk
        if bytes.count > Capture.limit {
            throw Failure(
                code: "LIMIT", "the captured \(name) is over \(Capture.limit >> 20) MB", target: name,
                hint: "send it to a file: \(name) = \"/path\"")
        }
        return true
    }

    /// Reads what was written last. Something that the process left running may keep the pipe open: it is not waited for.
    func drain() throws(Failure) {
        defer { descriptor = nil }
        while try read() {}
    }
}
