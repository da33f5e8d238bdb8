import Glibc
import Linux

/// Who makes a plan: what may be done depends on it.
struct Caller {
    /// The effective user id.
    var uid = geteuid()
    /// The effective group id.
    var gid = getegid()
    /// CAP_SETUID.
    var maySetuid = Capabilities.effective(contains: [.setuid])
    /// CAP_SETGID.
    var maySetgid = Capabilities.effective(contains: [.setgid])
    /// CAP_SYS_ADMIN.
    var isAdmin = Capabilities.effective(contains: [.sysAdmin])
    /// Whether its user namespace denies setgroups(2); nil: that is read where it matters.
    var deniesGroups: Bool?

    /// Whether it may write any map of a user namespace, as root.
    var mapsForOthers: Bool { uid == 0 && maySetuid && maySetgid }

    /// Whether root's groups can be dropped: a user namespace that denies setgroups(2) keeps them, as one's own for an ordinary user.
    var mayDropGroups: Bool {
        guard uid == 0, maySetgid else { return false }
        return !(deniesGroups ?? (try? Proc.read("self/setgroups"))?.starts(with: "deny".utf8) ?? false)
    }
}
