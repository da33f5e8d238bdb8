import CLinux
import Glibc

/// A file in which nssh remembers something from one run to the next: $XDG_STATE_HOME/nssh/NAME, else ~/.local/state/nssh/NAME.
///
/// Root may run nssh with a user's HOME, where that user has put what he likes. So it has to be a regular file of one's own under no
/// other name, in a directory of one's own; no link is followed to either, no FIFO is waited for, and nobody else may read it.
/// It is opened once: when nssh has moved to another mnt namespace, the path leads to somebody else's file.
public final class StateFile {
    /// Where it is, for messages.
    public let path: String
    private let file: Descriptor

    /// Opens a file of this name, and makes it and the directories that are missing. Of the home directory, only what is below it is made.
    ///
    /// - Throws: `UNSAFE` when it is not what it should be; else what the kernel said, as a rule that there is no place for it.
    public convenience init(_ name: String) throws(Failure) {
        if Foreign.isHere {
            throw Failure(
                code: "UNSAFE", "in another's mnt namespace or root nssh remembers nothing", stage: "open", target: name,
                hint: "its files are not the user's")
        }
        let home = environmentBytes("HOME").flatMap { $0.first == slash ? $0 : nil }
        let local = home.map { $0 + Array("/.local/state".utf8) }
        guard let base = environmentBytes("XDG_STATE_HOME").flatMap({ $0.first == slash ? $0 : nil }) ?? local else {
            throw Failure(code: "ENOENT", "neither XDG_STATE_HOME nor HOME is an absolute path", target: name)
        }
        if let home, base.starts(with: home + [slash]) {
            try self.init(
                name, in: home, below: base.dropFirst(home.count).split(separator: slash).map { Array($0) } + [Array("nssh".utf8)])
        } else {
            try self.init(name, in: base, below: [Array("nssh".utf8)])
        }
        StateFile.opened.append(file)
    }

    /// Opens a file in the last one of `directories`, each below the one before, the first below `base`, which has to be there.
    init(_ name: String, in base: [UInt8], below directories: [[UInt8]]) throws(Failure) {
        var place = base
        var directory = try Descriptor.open(place, flags: nssh_o_path | O_DIRECTORY)
        for (position, part) in directories.enumerated() {
            place += [slash] + part
            // That it is there already is one of many reasons to fail; whether it can be used shows by opening it.
            let name = try part.cString("mkdirat")
            var info = stat()
            let isForeign = fstat(directory.raw, &info) < 0 || info.st_uid != geteuid() && info.st_uid != 0
            // In a user's home root makes nothing: that user could not use it.
            if !isForeign { mkdirat(directory.raw, name, 0o700) }
            let isLast = position == directories.count - 1
            let flags = isLast ? nssh_o_path | O_NOFOLLOW : nssh_o_path | O_DIRECTORY
            let raw = nssh_openat(directory.raw, name, flags | O_CLOEXEC, 0)
            directory = Descriptor(try check(raw, "openat", target: place.lossy))
        }
        try StateFile.inspect(directory, S_IFDIR, place.lossy)
        path = "\(place.lossy)/\(name)"
        let flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let raw = nssh_openat(directory.raw, name, flags, 0o600)
        // Of a link: ELOOP; of a socket: ENXIO; of a directory: EISDIR.
        if raw < 0, [ELOOP, ENXIO, EISDIR].contains(nssh_errno()) { throw StateFile.refusal(path, "is not a regular file") }
        file = Descriptor(try check(raw, "openat", target: path))
        let info = try StateFile.inspect(file, S_IFREG, path)
        // A link from elsewhere would make somebody's mischief of what is written.
        if info.st_nlink != 1 { throw StateFile.refusal(path, "has more than one name") }
        if info.st_mode & 0o077 != 0 { try check(fchmod(file.raw, 0o600), "fchmod", target: path) }
    }

    /// All that were opened: a handful, which stay open as long as nssh runs.
    nonisolated(unsafe) private static var opened: [Descriptor] = []

    /// In a copy of nssh: none is used any more.
    static func closeAll() {
        for file in opened { file.close() }
        opened = []
    }

    @discardableResult private static func inspect(_ descriptor: Descriptor, _ kind: mode_t, _ path: String) throws(Failure) -> stat {
        var info = stat()
        try check(fstat(descriptor.raw, &info), "fstat", target: path)
        if info.st_mode & S_IFMT != kind { throw refusal(path, "is not a \(kind == S_IFDIR ? "directory" : "regular file")") }
        if info.st_uid != geteuid() { throw refusal(path, "belongs to uid \(info.st_uid)") }
        return info
    }

    private static func refusal(_ path: String, _ what: String) -> Failure {
        Failure(
            code: "UNSAFE", "\(path) \(what)", stage: "open", target: path,
            hint: "nssh remembers things only in a file of uid \(geteuid())'s own, and follows no link to it")
    }

    /// Adds to its end, all or nothing. Other runs of nssh may do the same at the same time. write(2).
    public func append(_ bytes: [UInt8]) throws(Failure) {
        // Appending needs no lock, but of one who cuts it: with somebody who never unlocks, it is done without.
        let size = lock() ? try self.size() : nil
        defer { unlock() }
        do throws(Failure) { try file.writeAll(bytes) } catch {
            // Half a line would spoil the next one.
            if let size { ftruncate(file.raw, size) }
            throw error
        }
    }

    /// What it has, as far as the last `limit` bytes; `change` gets that, and whether there is more, and tells what it shall have instead; nil
    /// leaves it as it is. Nothing is lost that others add in the meantime.
    public func update(last limit: Int, _ change: (_ bytes: [UInt8], _ isCut: Bool) -> [UInt8]?) throws(Failure) {
        let isLocked = lock()
        defer { unlock() }
        let size = try self.size()
        let start = max(0, size - limit)
        guard let bytes = change(try read(from: start, to: size), start > 0) else { return }
        if !isLocked { throw Failure("flock", Errno(rawValue: EWOULDBLOCK), target: path, hint: "another process keeps it locked") }
        // To a file that is open for appending, pwrite(2) appends.
        try check(nssh_fcntl(file.raw, F_SETFL, Int(O_NONBLOCK)), "fcntl", stage: "F_SETFL")
        defer { _ = nssh_fcntl(file.raw, F_SETFL, Int(O_NONBLOCK | O_APPEND)) }
        // What is killed in between leaves too much and not too little.
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { pwrite(file.raw, $0.baseAddress! + done, bytes.count - done, done) }
            if count < 0, nssh_errno() != EINTR { throw Failure("pwrite", target: path) }
            done += max(count, 0)
        }
        try check(ftruncate(file.raw, bytes.count), "ftruncate", target: path)
    }

    private func size() throws(Failure) -> Int {
        var info = stat()
        try check(fstat(file.raw, &info), "fstat", target: path)
        return Int(info.st_size)
    }

    private func read(from start: Int, to end: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        while start + bytes.count < end {
            var errno: Errno?
            let rest = end - start - bytes.count
            let chunk = [UInt8](unsafeUninitializedCapacity: rest) { buffer, count in
                let result = pread(file.raw, buffer.baseAddress, rest, start + bytes.count)
                if result < 0 { errno = .last }
                count = max(result, 0)
            }
            if let errno, errno.rawValue != EINTR { throw Failure("pread", errno, target: path) }
            if errno == nil, chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// Waits a second for the others at most: whoever keeps it locked must not keep nssh from its work. flock(2).
    private func lock() -> Bool {
        let deadline = monotonicSeconds() + 1
        while flock(file.raw, LOCK_EX | LOCK_NB) < 0 {
            let errno = Errno.last.rawValue
            if errno != EWOULDBLOCK && errno != EINTR || monotonicSeconds() > deadline { return false }
            usleep(2000)
        }
        return true
    }

    private func unlock() { flock(file.raw, LOCK_UN) }
}

private let slash = UInt8(ascii: "/")
