import Glibc
import Linux

/// Options as a Go program's `os/exec` command with `syscall.SysProcAttr`, which many introductions to namespaces use.
public enum PlanGo {
    /// The lines that make the command; the imports are os/exec and syscall.
    public static func text(for options: Options) throws(Inexpressible) -> String {
        try refuse(options)
        let program = try options.program(for: "exec.Command").map { quoted($0.lossy) }
        var lines = ["cmd := exec.Command(\(program.joined(separator: ", ")))"]
        if let cwd = options.cwd { lines.append("cmd.Dir = \(quoted(cwd.lossy))") }
        lines += environment(options)
        let fields = attributes(options)
        lines += ["cmd.SysProcAttr = &syscall.SysProcAttr{"] + fields.map { "\t\($0)," } + ["}"]
        return lines.joined(separator: "\n")
    }

    private static func refuse(_ options: Options) throws(Inexpressible) {
        if !options.joins.isEmpty { throw Inexpressible("joins: SysProcAttr makes new namespaces only; setns(2) is unix.Setns, before") }
        if options.hostname != nil || options.domainname != nil {
            throw Inexpressible("uts: SysProcAttr sets no host name; the program must, as its first act (syscall.Sethostname)")
        }
        if options.loopbackUp { throw Inexpressible("net.lo: SysProcAttr brings no link up") }
        if options.proc { throw Inexpressible("proc: SysProcAttr mounts nothing; the program must, as its first act") }
        if options.monotonic != nil || options.boottime != nil { throw Inexpressible("time: SysProcAttr writes no offsets") }
        if options.initProcess, options.types.contains(.pid) { throw Inexpressible("pid.init: SysProcAttr makes no init") }
        if options.session != nil { throw Inexpressible("session: SysProcAttr opens no terminal") }
        if !options.grants.isEmpty { throw Inexpressible("fds: they are cmd.ExtraFiles, which are numbered from 3 on without holes") }
        if options.environment.contains(where: { $0.value == nil }), !options.clearEnvironment {
            throw Inexpressible("env: os/exec takes no name out of the environment")
        }
        if let propagation = options.propagation, propagation != .private, options.types.contains(.mnt) {
            throw Inexpressible("mnt.propagation: SysProcAttr knows private (with Unshareflags) and unchanged")
        }
    }

    private static func environment(_ options: Options) -> [String] {
        var lines: [String] = []
        if options.clearEnvironment {
            lines.append("cmd.Env = []string{}")
        } else if !options.environment.isEmpty {
            lines.append("cmd.Env = os.Environ()")
        }
        // os/exec keeps the last of a name.
        for case (let name, let value?) in options.environment {
            lines.append("cmd.Env = append(cmd.Env, \(quoted("\(name.lossy)=\(value.lossy)")))")
        }
        return lines
    }

    private static func attributes(_ options: Options) -> [String] {
        var fields: [String] = []
        // With Unshareflags Go makes all mounts private; time namespaces have no bit in clone(2).
        let unshared = options.types.list.filter { $0 == .time || $0 == .mnt && options.propagation != nil }
        let cloned = options.types.list.filter { !unshared.contains($0) }
        if !cloned.isEmpty { fields.append("Cloneflags: " + flags(cloned)) }
        if !unshared.isEmpty { fields.append("Unshareflags: " + flags(unshared)) }
        if options.types.contains(.user) { fields += maps(options) }
        if options.uid != nil || options.gid != nil {
            let groups =
                options.groups.map { ", Groups: []uint32{\($0.map { String($0) }.joined(separator: ", "))}" } ?? ", NoSetGroups: true"
            fields.append("Credential: &syscall.Credential{Uid: \(options.uid ?? 0), Gid: \(options.gid ?? 0)\(groups)}")
        }
        fields.append(options.detached ? "Setsid: true" : "Setpgid: true")
        if !options.detached { fields.append("Pdeathsig: syscall.SIGKILL") }
        return fields
    }

    private static func maps(_ options: Options) -> [String] {
        let uid, gid: [IDRange]
        var allowsSetgroups = false
        switch options.user {
        case .root:
            uid = [IDRange(inside: 0, outside: geteuid(), count: 1)]
            gid = [IDRange(inside: 0, outside: getegid(), count: 1)]
        case .identity:
            uid = [IDRange(inside: geteuid(), outside: geteuid(), count: 1)]
            gid = [IDRange(inside: getegid(), outside: getegid(), count: 1)]
        case .subordinate(let uids, let gids): (uid, gid, allowsSetgroups) = (uids, gids, true)
        case .ranges(let uids, let gids, let deny): (uid, gid, allowsSetgroups) = (uids, gids, !deny && geteuid() == 0)
        case .unmapped, nil: return []
        }
        var fields = [("UidMappings", uid), ("GidMappings", gid)].filter { !$0.1.isEmpty }.map { name, ranges in
            let items = ranges.map { "{ContainerID: \($0.inside), HostID: \($0.outside), Size: \($0.count)}" }
            return "\(name): []syscall.SysProcIDMap{\(items.joined(separator: ", "))}"
        }
        if allowsSetgroups { fields.append("GidMappingsEnableSetgroups: true") }
        return fields
    }

    private static func flags(_ types: [NamespaceType]) -> String {
        types.map { $0 == .time ? "0x80 /* CLONE_NEWTIME */" : "syscall.\($0.flagName)" }.joined(separator: " | ")
    }

    /// An interpreted string literal.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if scalar.value < 32 || scalar.value == 127 {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
