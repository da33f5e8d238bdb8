import CLinux
import Glibc
import Linux

/// Something that a kernel has or has not, found out by doing it and not from the version number: distributions carry newer calls
/// back, and containers refuse some of those that are there.
public enum Feature: String, CaseIterable, Sendable {
    case clone3, clone3_set_tid, clone3_clear_sighand, clone3_into_cgroup, clone3_time
    case time_shared_memory
    case pidfd_open, pidfd_getfd, pidfd_setns, pidfd_namespaces
    case close_range, close_range_cloexec
    case openat2, fsopen, mount_setattr, statmount
    case mntns_id, mntns_walk, pid_translation
    case ns_id, ns_handles, listns, netns_cookie
    case proc_pidns, memfd_exec
    case user_namespaces, unprivileged_user_namespaces
    case cgroup2, tiocsti_restricted

    /// The Linux version that brought it.
    public var since: String {
        switch self {
        case .clone3, .pidfd_open: "5.3"
        case .clone3_set_tid, .clone3_clear_sighand: "5.5"
        case .clone3_into_cgroup: "5.7"
        case .clone3_time, .memfd_exec: "6.3"
        case .time_shared_memory: "6.3"
        case .pidfd_getfd, .openat2: "5.6"
        case .pidfd_setns: "5.8"
        case .pidfd_namespaces, .mntns_id, .pid_translation: "6.11"
        case .close_range: "5.9"
        case .close_range_cloexec: "5.11"
        case .fsopen: "5.2"
        case .mount_setattr: "5.12"
        case .statmount: "6.8"
        case .mntns_walk: "6.12"
        case .ns_id, .ns_handles: "6.18"
        case .listns: "6.19"
        case .netns_cookie: "5.14"
        case .proc_pidns: "6.17"
        case .user_namespaces, .unprivileged_user_namespaces: "3.8"
        case .cgroup2: "4.5"
        case .tiocsti_restricted: "6.2"
        }
    }

    /// What it is, in the names of the manual pages.
    public var summary: String {
        switch self {
        case .clone3: "clone3(2) with CLONE_PIDFD"
        case .clone3_set_tid: "clone3(2) with a pid of one's choice"
        case .clone3_clear_sighand: "clone3(2) with CLONE_CLEAR_SIGHAND"
        case .clone3_into_cgroup: "clone3(2) with CLONE_INTO_CGROUP"
        case .clone3_time: "clone3(2) with CLONE_NEWTIME"
        case .time_shared_memory: "vfork(2) after unshare(2) of a time namespace"
        case .pidfd_open: "pidfd_open(2)"
        case .pidfd_getfd: "pidfd_getfd(2)"
        case .pidfd_setns: "setns(2) with a pidfd and several types"
        case .pidfd_namespaces: "PIDFD_GET_*_NAMESPACE"
        case .close_range: "close_range(2)"
        case .close_range_cloexec: "close_range(2) with CLOSE_RANGE_CLOEXEC"
        case .openat2: "openat2(2)"
        case .fsopen: "fsopen(2), fsmount(2), move_mount(2), open_tree(2)"
        case .mount_setattr: "mount_setattr(2): idmapped mounts, recursive read-only"
        case .statmount: "statmount(2), listmount(2)"
        case .mntns_id: "NS_GET_MNTNS_ID"
        case .mntns_walk: "NS_MNT_GET_NEXT: mnt namespaces without processes"
        case .pid_translation: "NS_GET_PID_FROM_PIDNS"
        case .ns_id: "NS_GET_ID: an id that is never used again"
        case .ns_handles: "file handles of namespaces: ns.weak"
        case .listns: "listns(2)"
        case .netns_cookie: "SO_NETNS_COOKIE"
        case .proc_pidns: "the option pidns= of a proc mount"
        case .memfd_exec: "memfd_create(2) with MFD_EXEC"
        case .user_namespaces: "new user namespaces with a map, for nssh as it runs"
        case .unprivileged_user_namespaces: "new user namespaces with a map, for ordinary users"
        case .cgroup2: "the cgroup v2 hierarchy"
        case .tiocsti_restricted: "TIOCSTI is for CAP_SYS_ADMIN only"
        }
    }

    /// What was found.
    public struct Finding: Sendable {
        /// Whether it works; nil when that could not be found out: a limit was reached, something was forbidden.
        public var works: Bool?
        /// Whether the answer is kept: not where a limit that may be raised decided it.
        var lasts = true
        /// What was seen, where a yes or no does not say it.
        public var detail: String?
    }

    nonisolated(unsafe) private static var findings: [Feature: Finding] = [:]

    /// Looks, once; again where the last look could not find out.
    public var finding: Finding {
        if let known = Feature.findings[self] { return known }
        let finding = probe()
        if finding.works != nil, finding.lasts { Feature.findings[self] = finding }
        return finding
    }

    /// Whether it surely works here.
    public var isSupported: Bool { finding.works == true }
    /// Whether it surely does not. What may work is tried, so that an error tells the truth.
    public var isMissing: Bool { finding.works == false }

    /// "Linux 6.18 or newer", for messages.
    public var needs: String { "Linux \(since) or newer" }

    private func probe() -> Finding {
        switch self {
        case .user_namespaces: return userNamespaces(uid: geteuid())
        case .unprivileged_user_namespaces: return userNamespaces(uid: geteuid() == 0 ? 65534 : geteuid())
        case .cgroup2: return cgroups()
        case .tiocsti_restricted: return terminals()
        default:
            let number = Feature.allCases.firstIndex(of: self)!
            if nssh_probe(nssh_feature(rawValue: UInt32(number)), Proc.root) == 1 { return Finding(works: true, detail: details) }
            let errno = Errno.last
            return Finding(works: nssh_probe_is_certain(errno.rawValue) == 1 ? false : nil, detail: errno.text)
        }
    }

    /// A setting that goes with it.
    private var details: String? {
        guard self == .memfd_exec, let value = Feature.setting("vm/memfd_noexec"), value != "0" else { return nil }
        return "vm.memfd_noexec = \(value)"
    }

    /// Every step that nssh takes, since some systems let the namespace be made and refuse what follows (AppArmor on Ubuntu).
    private func userNamespaces(uid: uid_t) -> Finding {
        var step: Int32 = 0
        let errno = Errno(rawValue: nssh_probe_user_namespaces(Proc.root, uid, &step))
        if errno.rawValue == 0 { return Finding(works: true, detail: nil) }
        let steps = ["fork", "setresuid", "unshare", "write setgroups", "write uid_map", "sethostname"]
        var detail = "\(steps[Int(step)]): \(errno.text)"
        for name in ["kernel/unprivileged_userns_clone", "user/max_user_namespaces", "kernel/apparmor_restrict_unprivileged_userns"] {
            guard let value = Feature.setting(name) else { continue }
            if (value == "0") != name.hasSuffix("_userns") {
                detail += "; \(String(name.map { $0 == "/" ? "." : $0 })) = \(value)"
            }
        }
        return Finding(works: false, lasts: false, detail: detail)
    }

    private func cgroups() -> Finding {
        guard let mounts = try? Mount.own() else { return Finding(works: false, detail: "no mountinfo to read") }
        let old = mounts.contains { $0.type == "cgroup" }
        let new = mounts.contains { $0.type == "cgroup2" }
        return Finding(works: new, detail: new ? (old ? "hybrid: v1 beside it" : "v2 only") : old ? "v1 only" : "none is mounted")
    }

    private func terminals() -> Finding {
        guard let value = Feature.setting("dev/tty/legacy_tiocsti") ?? Feature.setting("kernel/legacy_tiocsti") else {
            return Finding(works: false, detail: "no sysctl dev.tty.legacy_tiocsti")
        }
        return Finding(works: value == "0", detail: "dev.tty.legacy_tiocsti = \(value)")
    }

    private static func setting(_ name: String) -> String? {
        (try? Proc.read("sys/\(name)"))?.lossy.split(separator: "\n").first.map { String($0) }
    }
}
