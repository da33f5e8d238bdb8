import CLinux
import Glibc
import Linux

/// What there is to see of a target's namespaces.
public enum Inspect {
    /// The links below /proc/PID/ns with the namespaces that children will be in.
    public static let links = NamespaceType.allCases.map(\.rawValue) + ["pid_for_children", "time_for_children"]

    /// The inode number of a target's namespace of one type.
    public static func inode(_ target: Target, _ type: NamespaceType) throws(Failure) -> UInt64 {
        if !target.isProcess { return try target.borrow(type).inode }
        if let noted = target.notedInodes?.first(where: { $0.name == type.rawValue }) { return noted.inode }
        return try target.reading { name throws(Failure) in try readInode("\(name)/ns/\(type.rawValue)") }
    }

    /// The inode numbers of all of a target's namespaces, by link name; an unborn `pid_for_children` is absent.
    public static func inodes(_ target: Target) throws(Failure) -> [(name: String, inode: UInt64)] {
        if !target.isProcess {
            let handle = try target.borrow(nil)
            return [(handle.type.rawValue, handle.inode)]
        }
        if let noted = target.notedInodes { return noted }
        return try target.reading { name throws(Failure) in
            let directory = try Proc.open("\(name)/ns", flags: nssh_o_path | O_DIRECTORY)
            var result: [(name: String, inode: UInt64)] = []
            result.reserveCapacity(links.count)
            for link in links {
                do throws(Failure) { result.append((link, try readInode(link, below: directory.raw))) } catch var error {
                    error.target = "/proc/\(name)/ns/\(link)"
                    // A pid namespace without a process yet has no link; a type that this kernel lacks has no file.
                    if error.errno?.rawValue != ENOENT { throw error }
                }
            }
            return result
        }
    }

    /// The types in which two targets differ. A target that is one namespace is compared in its type only.
    public static func difference(_ a: Target, _ b: Target) throws(Failure) -> [(type: NamespaceType, UInt64, UInt64)] {
        let left = try inodes(a)
        let right = try inodes(b)
        var result: [(type: NamespaceType, UInt64, UInt64)] = []
        for type in NamespaceType.allCases {
            guard let x = left.first(where: { $0.name == type.rawValue })?.inode,
                let y = right.first(where: { $0.name == type.rawValue })?.inode
            else { continue }
            if x != y { result.append((type, x, y)) }
        }
        return result
    }

    /// Whether two targets share their namespaces: of one type, or all.
    public static func same(_ a: Target, _ b: Target, _ type: NamespaceType?) throws(Failure) -> Bool {
        if let type { return try inode(a, type) == inode(b, type) }
        let comparable = try Set(inodes(a).map(\.name)).intersection(try inodes(b).map(\.name))
        if comparable.isEmpty {
            throw Failure(code: "EINVAL", "\(a.description) and \(b.description) are namespaces of different types: nothing to compare")
        }
        return try difference(a, b).isEmpty
    }

    /// Reads the number of `uts:[4026531838]`.
    private static func readInode(_ path: String, below directory: Int32 = Proc.root) throws(Failure) -> UInt64 {
        switch look(path, below: directory) {
        case .inode(let inode): return inode
        case .refused(let errno):
            let isProc = directory == Proc.root
            throw Failure("readlinkat", errno, target: isProc ? "/proc/\(path)" : path, hint: isProc ? Proc.hint : nil)
        case .other: throw Failure(code: "EINVAL", "/proc/\(path) does not read like uts:[4026531838]", target: path)
        }
    }

    /// What a link below /proc/PID/ns says.
    enum Look {
        case inode(UInt64)
        case refused(Errno)
        /// It has another form.
        case other
    }

    /// Reads a link, without a string on the way: a look at a process takes ten of them. readlinkat(2).
    static func look(_ path: UnsafePointer<CChar>, below directory: Int32) -> Look {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            let text = UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self)
            let count = readlinkat(directory, path, text, buffer.count)
            if count < 0 { return .refused(.last) }
            guard count < buffer.count, count > 2, buffer[count - 1] == UInt8(ascii: "]"),
                let start = buffer[..<count].firstIndex(of: UInt8(ascii: "["))
            else { return .other }
            var number: UInt64 = 0
            for byte in buffer[(start + 1)..<(count - 1)] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return .other }
                number = number &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
            }
            return .inode(number)
        }
    }
}
