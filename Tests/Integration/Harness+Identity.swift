import CLinux
import Glibc
import Testing

/// Whom nssh runs as: root tests it as an ordinary user too.
enum Identity: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case root, user

    /// Those that this process can take on.
    static var available: [Identity] { geteuid() == 0 ? [.root, .user] : [.user] }

    /// Whether taking it on means a change.
    var isChange: Bool { self == .user && geteuid() == 0 }

    var testDescription: String { rawValue }
}

/// Where things are.
enum Place {
    /// The binary under test: `NSSH_BINARY`, else the one that was built beside the tests.
    static let binary: String = {
        if let path = getenv("NSSH_BINARY") { return String(cString: path) }
        let own = link("/proc/self/exe") ?? ""
        return own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/nssh"
    }()

    /// A directory of this run's own, gone at its end. Anybody may write to it.
    static let directory: String = {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/nssh-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("mkdtemp in \(base): \(String(cString: strerror(nssh_errno())))") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o1777)
        atexit { Place.remove(Place.directory) }
        return path
    }()

    /// A copy of the binary that everybody may execute, wherever the checkout is.
    static let program: String = {
        let path = "\(directory)/nssh"
        let bytes = read(binary)
        precondition(!bytes.isEmpty, "no binary at \(binary): build it first, or set NSSH_BINARY")
        write(path, bytes)
        chmod(path, 0o755)
        return path
    }()

    /// The target of a symbolic link.
    static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), 4096) }
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// A file's contents; empty when it cannot be read.
    static func read(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count <= 0 { return bytes }
            bytes += chunk.prefix(count)
        }
    }

    /// A file's contents as text.
    static func text(_ path: String) -> String { String(decoding: read(path), as: UTF8.self) }

    /// Writes a file.
    static func write(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o644) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        precondition(file >= 0, "cannot write \(path)")
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + done, bytes.count - done) }
            precondition(count > 0, "cannot write \(path)")
            done += count
        }
    }

    /// The names in a directory, without `.` and `..`; empty when it cannot be read.
    static func names(_ path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a file or a directory with all in it.
    static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in names(path) { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
