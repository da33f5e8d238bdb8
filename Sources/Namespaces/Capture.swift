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
    /// The child's end of the pipe. nssh keeps it too, so that its end is no event: the child's is, and a child that ends with
    /// empty pipes wakes nssh once and not three times.
    private var otherEnd: Descriptor?
    private(set) var bytes: [UInt8] = []

    init(_ name: String, _ descriptor: Descriptor, otherEnd: Descriptor? = nil) throws(Failure) {
        self.name = name
        self.descriptor = descriptor
        self.otherEnd = otherEnd
        try descriptor.setNonblocking()
    }

    /// Reads what is there now; whether there was anything.
    @discardableResult func read() throws(Failure) -> Bool {
        guard let descriptor else { return false }
        let count: Int?
        do throws(Failure) { count = try descriptor.readAvailable(appendingTo: &bytes) } catch {
            // Nobody has the other end of a terminal open any more.
            guard error.errno?.rawValue == EIO else { throw error }
            count = 0
        }
        guard let count else { return false }
        if count == 0 {
            self.descriptor = nil
            return false
        }
        if bytes.count > Capture.limit {
            throw Failure(
                code: "LIMIT", "the captured \(name) is over \(Capture.limit >> 20) MB", target: name,
                hint: "send it to a file: \(name) = \"/path\"")
        }
        return true
    }

    /// Reads what was written last. Something that the process left running may keep the pipe open: it is not waited for.
    func drain() throws(Failure) {
        defer {
            descriptor = nil
            otherEnd = nil
        }
        while try read() {}
    }
}
