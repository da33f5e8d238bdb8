import CLinux
import Glibc

/// The value of an environment variable, as text to be shown or compared; nil when it is not set. getenv(3).
public func environmentValue(_ name: String) -> String? { environmentBytes(name)?.lossy }

/// The value of an environment variable, as it is: a path for one; nil when it is not set. getenv(3).
public func environmentBytes(_ name: String) -> [UInt8]? { environmentBytes(Array(name.utf8)) }

/// The same of a name of any bytes; none has a zero.
public func environmentBytes(_ name: [UInt8]) -> [UInt8]? {
    (try? name.cString("getenv")).flatMap { getenv($0) }.map { [UInt8](cString: $0) }
}

/// Names, ids and files of the calling process: the calls that `sys` offers.
public enum System {
    /// The host name, as gethostname(2) has it.
    public static func hostname() throws(Failure) -> [UInt8] { try uname().nodename }

    /// The NIS domain name. getdomainname(2).
    public static func domainname() throws(Failure) -> [UInt8] { try uname().domainname }

    /// Sets the host name of the calling process's uts namespace. sethostname(2).
    public static func setHostname(_ name: [UInt8]) throws(Failure) { try Launch.inPlace([Step(.sethostname(name))]) }

    /// Sets the NIS domain name of the calling process's uts namespace. setdomainname(2).
    public static func setDomainname(_ name: [UInt8]) throws(Failure) { try Launch.inPlace([Step(.setdomainname(name))]) }

    /// uname(2), with the NIS domain name.
    public static func uname() throws(Failure) -> (
        sysname: [UInt8], nodename: [UInt8], release: [UInt8], version: [UInt8], machine: [UInt8], domainname: [UInt8]
    ) {
        var fields: [[UInt8]] = []
        for number in Int32(0)..<6 {
            guard let text = nssh_uname(number) else { throw Failure("uname") }
            fields.append([UInt8](cString: text))
        }
        return (fields[0], fields[1], fields[2], fields[3], fields[4], fields[5])
    }

    /// The supplementary groups. getgroups(2).
    public static func groups() throws(Failure) -> [UInt32] {
        let count = try check(getgroups(0, nil), "getgroups")
        var groups = [gid_t](repeating: 0, count: Int(count))
        try check(getgroups(count, &groups), "getgroups")
        return groups
    }

    /// Mounts. mount(2), with the flags' names as mount(8) writes them.
    public static func mount(source: [UInt8]?, target: [UInt8], type: [UInt8]?, flags: UInt, data: [UInt8]?) throws(Failure) {
        try Launch.inPlace([Step(.mount(source: source, target: target, type: type, flags: flags, data: data))])
    }

    /// Unmounts. umount2(2).
    public static func unmount(_ target: [UInt8], flags: Int32) throws(Failure) {
        let path = try target.cString("umount2")
        let result = Trace.call("umount2", "umount2(\(Step.quote(target)), \(flags))") { umount2(path, flags) }
        try check(result, "umount2", target: target.lossy)
    }

    /// The target of a symbolic link. readlink(2).
    public static func readlink(_ path: [UInt8]) throws(Failure) -> [UInt8] {
        let name = try path.cString("readlink")
        // What fills the room may be longer: links of /proc may be, longer than a page even.
        var room = 4096
        while true {
            var errno: Errno?
            let text = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                let result = buffer.withMemoryRebound(to: CChar.self) { Glibc.readlink(name, $0.baseAddress!, room) }
                if result < 0 { errno = .last }
                count = max(result, 0)
            }
            if let errno { throw Failure("readlink", errno, target: path.lossy) }
            if text.count < room { return text }
            room *= 2
        }
    }

    /// The names in a directory, sorted by their bytes, without `.` and `..`. readdir(3).
    public static func readdir(_ path: [UInt8]) throws(Failure) -> [[UInt8]] {
        try Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY).names().sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// What a file is. stat(2), or lstat(2).
    public static func stat(_ path: [UInt8], followingLinks: Bool = true) throws(Failure) -> Glibc.stat {
        var info = Glibc.stat()
        let name = try path.cString("fstatat")
        try check(fstatat(AT_FDCWD, name, &info, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW), "fstatat", target: path.lossy)
        return info
    }

    /// Whether it is /dev/null, whatever its name.
    public static func isNullDevice(_ info: Glibc.stat) -> Bool {
        info.st_mode & S_IFMT == S_IFCHR && info.st_rdev == nssh_null_device()
    }

    /// The working directory. getcwd(3).
    public static func workingDirectory() throws(Failure) -> [UInt8] {
        guard let text = getcwd(nil, 0) else { throw Failure("getcwd") }
        defer { free(text) }
        return [UInt8](cString: text)
    }

    /// Changes the working directory. chdir(2).
    public static func changeDirectory(_ path: [UInt8]) throws(Failure) {
        try check(chdir(try path.cString("chdir")), "chdir", target: path.lossy)
    }

    /// Changes the root directory, not the working directory. chroot(2).
    public static func changeRoot(_ path: [UInt8]) throws(Failure) {
        let name = try path.cString("chroot")
        Foreign.prepare()
        try check(chroot(name), "chroot", target: path.lossy)
        Foreign.begin()
    }

    /// Waits so many seconds.
    ///
    /// - Throws: `Failure.interrupted` on ^C.
    public static func sleep(_ seconds: Double) throws(Failure) {
        var none: [pollfd] = []
        _ = try waitForEvents(&none, until: monotonicSeconds() + seconds)
    }

    /// Seconds on a clock. clock_gettime(2).
    public static func clock(_ clock: clockid_t) throws(Failure) -> Double {
        var time = timespec()
        try check(clock_gettime(clock, &time), "clock_gettime")
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
