import CLinux
import Glibc

/// Programs of the system that do a small thing for nssh, as newuidmap(1) does.
public enum Helper {
    /// Runs a program to its end. posix_spawn(3), so that it may be called while a launch is under way.
    ///
    /// - Throws: that it could not be started, or what it wrote to standard error when it failed.
    public static func run(_ arguments: [String], stage: String) throws(Failure) {
        let pipe = try Descriptor.pipe()
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, pipe.write.raw, 2)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var list: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        list.append(nil)
        defer { for string in list { free(string) } }
        var pid: pid_t = 0
        var errno: Int32 = 0
        _ = Trace.call("posix_spawn", arguments.joined(separator: " ")) {
            errno = posix_spawnp(&pid, arguments[0], &actions, &attributes, list, nssh_environ())
            return errno == 0 ? pid : -1
        }
        pipe.write.close()
        if errno != 0 { throw Failure("posix_spawn", Errno(rawValue: errno), stage: stage, target: arguments[0]) }
        let text = (try? pipe.read.readStream(limit: 4096).lossy) ?? ""
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, nssh_errno() == EINTR {}
        if status != 0 {
            let said = text.split(separator: "\n").first.map { String($0) } ?? "no reason given"
            throw Failure(code: "HELPER", "\(stage): \(arguments[0]) failed: \(said)", stage: stage, target: arguments[0])
        }
    }
}
