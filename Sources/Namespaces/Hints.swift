import CLinux
import Glibc
import Linux

/// What to do next about a refusal, where that is known for sure.
enum Hints {
    static func add(to failure: Failure, _ options: Options) -> Failure {
        guard let errno = failure.errno?.rawValue else { return failure }
        var failure = failure
        if failure.hint == nil { failure.hint = hint(failure, errno, options) }
        // What enters a process is bound as that is.
        if let join = options.joins.first(where: { $0.power != nil }), let suspects = join.power?.suspects(of: errno) {
            let word = "what enters \(join.description) has no more than that: \(suspects); privileged (--privileged) keeps one's own"
            failure.hint = failure.hint.map { "\($0); \(word)" } ?? word
        }
        return failure
    }

    private static func hint(_ failure: Failure, _ errno: Int32, _ options: Options) -> String? {
        switch (failure.stage ?? "", errno) {
        case ("clone3", EPERM), ("unshare", EPERM):
            if options.types.contains(.user) {
                return "user namespaces may be forbidden here: see sysctl user.max_user_namespaces, "
                    + "kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns, and whether nssh runs in a chroot"
            }
            return Capabilities.effective(contains: [.sysAdmin])
                ? nil : "this needs CAP_SYS_ADMIN; with user = \"root\" it is done in a user namespace of your own"
        case ("clone3", ENOSPC), ("unshare", ENOSPC):
            return "a limit of /proc/sys/user is reached: see ns.limits()"
        case ("clone3", ENOMEM) where !options.types.contains(.pid):
            return "PID 1 of the pid namespace that nssh's children are born in may have ended"
        case ("execve", ENOENT):
            return options.body.program?.contains(UInt8(ascii: "/")) == true
                ? "no such file, or its interpreter is missing" : "no such program in PATH"
        case ("execve", EACCES): return "it may not be executed: see its mode, that of its directories, and whether it is one itself"
        case ("execve", ENOEXEC): return "it is no program the kernel knows; a script needs a first line #!…"
        case ("execve", E2BIG): return "arguments and environment are too long together: see getconf ARG_MAX"
        case ("mount /proc", EPERM):
            return options.types.contains(.pid)
                ? "something is mounted over a part of the old /proc, as in containers: a fresh one may not show more"
                : "a fresh /proc shows the pid namespace of the process that mounts it, and it must own that: add pid = true"
        case ("write uid_map", EPERM), ("write gid_map", EPERM):
            return "without privilege only your own id may be mapped; and some systems forbid it, see sysctl "
                + "kernel.apparmor_restrict_unprivileged_userns"
        case ("setresuid", EINVAL), ("setresgid", EINVAL), ("setgroups", EINVAL): return "the user namespace maps no such id"
        case (let stage, EACCES) where stage.hasPrefix("write ") && Children.hasJoined:
            return "this copy of nssh is in namespaces of others, and undumpable for its protection; run nssh as a program there"
        case (let stage, EROFS) where stage.hasPrefix("write "): return "the /proc that nssh found is mounted read-only"
        case ("setns", EPERM): return "joining needs CAP_SYS_ADMIN in the user namespace that owns it, and in your own"
        case ("sethostname", EINVAL), ("setdomainname", EINVAL): return "at most 64 bytes"
        case ("sethostname", EPERM), ("setdomainname", EPERM): return "the uts namespace is not the child's own: add uts = true"
        default: return nil
        }
    }
}

extension Options.Body {
    /// The program's name, when there is one.
    var program: [UInt8]? { if case .program(let arguments) = self { arguments.first } else { nil } }
}
