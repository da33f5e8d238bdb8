import CLinux
import Glibc
import Linux

/// Reads the links below /proc/PID/ns, of ten links a process and thousands of processes: without a string or a list on the way.
final class LinkReader {
    /// The types of `Inspect.links`.
    static let types = NamespaceType.allCases + [.pid, .time]
    /// How many links a process has.
    static let count = types.count
    /// The place of the link pid_for_children.
    static let pidForChildren = NamespaceType.allCases.count
    /// Whether a process keeps the namespace of a link until it is reaped.
    static func isOfZombies(_ link: Int) -> Bool { link == NamespaceType.user.ordinal || link == NamespaceType.pid.ordinal }

    /// What the last process's links name, in the order of `Inspect.links`; 0 for none.
    let inodes = UnsafeMutablePointer<UInt64>.allocate(capacity: LinkReader.count)
    /// Why the last process's links could not be read.
    private(set) var refusal: Errno?
    private let names: [UnsafeMutablePointer<CChar>]
    private let isWanted: [Bool]
    /// For `/proc/PID/task/TID/ns` and the like.
    private let path = UnsafeMutablePointer<CChar>.allocate(capacity: 64)

    /// A reader of the links of `types`.
    init(_ types: NamespaceTypes) {
        names = Inspect.links.map { strdup($0) }
        isWanted = LinkReader.types.map { types.contains($0) }
        inodes.initialize(repeating: 0, count: LinkReader.count)
    }

    deinit {
        names.forEach { free($0) }
        inodes.deallocate()
        path.deallocate()
    }

    /// Reads the links of a process, or of one of its threads, into `inodes`, and `refusal` if the kernel forbids it. readlinkat(2)
    ///
    /// - Returns: false when there is no such process.
    func read(_ number: Int32, task: Int32? = nil) -> Bool {
        refusal = nil
        inodes.update(repeating: 0, count: LinkReader.count)
        let directory = nssh_openat(Proc.root, write(number, task), nssh_o_path | O_DIRECTORY | O_CLOEXEC, 0)
        if directory < 0 {
            let errno = Errno.last
            if errno.rawValue == ENOENT || errno.rawValue == ESRCH { return false }
            refusal = errno
            return true
        }
        defer { close(directory) }
        for link in 0..<LinkReader.count where isWanted[link] {
            switch Inspect.look(names[link], below: directory) {
            case .inode(let inode): inodes[link] = inode
            case .refused(let errno) where errno.rawValue == ENOENT: continue
            case .refused(let errno) where errno.rawValue == ESRCH: return false
            case .refused(let errno):
                // The same right opens all of them.
                refusal = errno
                return true
            case .other: continue
            }
        }
        return true
    }

    /// `PID/ns` or `PID/task/TID/ns`.
    private func write(_ number: Int32, _ task: Int32?) -> UnsafePointer<CChar> {
        var end = path
        func append(_ number: Int32) {
            var divisor: Int32 = 1
            while number / divisor >= 10 { divisor *= 10 }
            while divisor > 0 {
                end.pointee = CChar(48 + number / divisor % 10)
                end += 1
                divisor /= 10
            }
        }
        func append(_ text: StaticString) {
            memcpy(end, text.utf8Start, text.utf8CodeUnitCount)
            end += text.utf8CodeUnitCount
        }
        append(number)
        if let task {
            append("/task/")
            append(task)
        }
        append("/ns\0")
        return UnsafePointer(path)
    }
}
