import CLinux
import Glibc

/// /proc as nssh found it when it started: its pids stay those of nssh's own pid namespace, whatever nssh joins later. A copy of nssh in a
/// place of others has one that belongs there (`Foreign`).
public enum Proc {
    /// An O_PATH descriptor of /proc. -1 where there is no /proc.
    public static var root: Int32 {
        if let find {
            Proc.find = nil
            opened = find()
        }
        return opened
    }
    nonisolated(unsafe) private static var opened: Int32 = -1
    /// How it is found, when it is first asked for.
    nonisolated(unsafe) private static var find: (() -> Int32)?
    /// What to say where there is none.
    nonisolated(unsafe) private static var absence = "there was no /proc when nssh started"

    /// Opens /proc. To be called before anything else.
    public static func open() { opened = nssh_open("/proc", nssh_o_path | O_DIRECTORY | O_CLOEXEC, 0) }

    /// Takes another /proc in its place, when one is first asked for: a procfs costs more than most functions that run in a copy of nssh.
    ///
    /// - Parameters:
    ///   - find: gives an O_PATH descriptor, close-on-exec, or a negative number: there is none.
    ///   - absence: what to say in that case.
    static func replace(absence: String, by find: @escaping () -> Int32) {
        if opened >= 0 { Glibc.close(opened) }
        opened = -1
        Proc.find = find
        Proc.absence = absence
        forgetSelf()
    }

    /// Why something below /proc could not be reached, where it is for want of a /proc.
    public static var hint: String? { root < 0 ? absence : nil }

    /// Opens a file or directory of /proc.
    public static func open(_ path: String, flags: Int32) throws(Failure) -> Descriptor {
        let raw = Trace.call("openat", "openat(/proc/\(path))") { nssh_openat(root, path, flags | O_CLOEXEC, 0) }
        if raw < 0 {
            let errno = Errno.last
            throw Failure("openat", errno, target: "/proc/\(path)", hint: hint)
        }
        return Descriptor(raw)
    }

    /// The whole of a small file.
    public static func read(_ path: String) throws(Failure) -> [UInt8] {
        try open(path, flags: O_RDONLY).readStream()
    }

    /// Writes a file with one write(2), as /proc wants it.
    public static func write(_ path: String, _ bytes: [UInt8], stage: String) throws(Failure) {
        let raw = nssh_openat(root, path, O_WRONLY | O_CLOEXEC, 0)
        if raw < 0 { throw Failure("openat", Errno.last, stage: stage, target: "/proc/\(path)", hint: hint) }
        let file = Descriptor(raw)
        let name = String(path.split(separator: "/").last ?? "")
        let count = Trace.call("write", "write \(name) \(Step.quote(bytes))") {
            Int32(truncatingIfNeeded: bytes.withUnsafeBytes { Glibc.write(file.raw, $0.baseAddress, $0.count) })
        }
        try check(count < 0 ? -1 : 0, "write", stage: stage, target: "/proc/\(path)")
    }

    /// The target of a symbolic link, as text: `net:[4026531833]`, `socket:[1234]`. Of a file it is for the eye: `linkBytes` is exact.
    public static func link(_ path: String, below directory: Int32? = nil) throws(Failure) -> String {
        try linkBytes(path, below: directory).lossy
    }

    /// The target of a symbolic link. The kernel gives no path that is longer than a page, ENAMETOOLONG. readlinkat(2)
    public static func linkBytes(_ path: String, below directory: Int32? = nil) throws(Failure) -> [UInt8] {
        var errno: Errno?
        let text = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { buffer in
            let count = readlinkat(
                directory ?? root, path, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), buffer.count)
            if count < 0 { errno = .last }
            return [UInt8](buffer[..<max(count, 0)])
        }
        if let errno {
            throw Failure("readlinkat", errno, target: directory == nil ? "/proc/\(path)" : path, hint: directory == nil ? hint : nil)
        }
        return text
    }

    /// The pids that are there now, in ascending order.
    public static func pids() throws(Failure) -> [Int32] {
        try entries(of: ".").compactMap { Int32($0) }.sorted()
    }

    /// The name of a process, as text to be shown, and the fields behind it, the state first; nil when it is gone. proc_pid_stat(5).
    public static func stat(_ pid: Int32) -> (name: String, fields: [Substring])? {
        splitStat(pid).map { ($0.name.lossy, $0.rest.lossy.split(separator: " ")) }
    }

    /// The name of a process, 15 bytes at most; nil when it is gone.
    public static func command(_ pid: Int32) -> [UInt8]? { splitStat(pid)?.name }

    private static func splitStat(_ pid: Int32) -> (name: [UInt8], rest: [UInt8])? {
        guard let bytes = try? read("\(pid)/stat"), let open = bytes.firstIndex(of: UInt8(ascii: "(")),
            let close = bytes.lastIndex(of: UInt8(ascii: ")")), open < close
        else { return nil }
        return (Array(bytes[(open + 1)..<close]), Array(bytes[(close + 1)...]))
    }

    /// The names in a directory below /proc, without `.` and `..`.
    public static func entries(of path: String) throws(Failure) -> [String] {
        // The kernel's own names are text.
        try open(path, flags: O_RDONLY | O_DIRECTORY).names().map(\.lossy)
    }

    /// The words of a `Name:` line in a file such as `PID/status`; empty when there is no such line.
    public static func words(_ path: String, _ name: String) throws(Failure) -> [String] {
        words(in: try read(path), name)
    }

    /// The same of a file that has been read.
    public static func words(in file: [UInt8], _ name: String) -> [String] {
        for line in file.lossy.split(separator: "\n") where line.hasPrefix(name + ":") {
            return line.dropFirst(name.utf8.count + 1).split { $0 == "\t" || $0 == " " }.map { String($0) }
        }
        return []
    }
}

extension Descriptor {
    /// Reads to the end of something that cannot be read at an offset.
    public func readStream(limit: Int = 64 << 20) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let chunk = try read(16384)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// The names in this directory, without `.` and `..`, or of its subdirectories only. fdopendir(3), readdir(3).
    public func names(directoriesOnly: Bool = false) throws(Failure) -> [[UInt8]] {
        guard let directory = fdopendir(raw) else { throw Failure("fdopendir") }
        _ = take()
        defer { closedir(directory) }
        var names: [[UInt8]] = []
        while let entry = readdir(directory) {
            if directoriesOnly, entry.pointee.d_type != UInt8(DT_DIR) { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { [UInt8](cString: $0) }
            }
            if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
        }
        return names
    }
}
