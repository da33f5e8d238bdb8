extension Step {
    /// The call as plans and traces show it, `sethostname("box")`, and whether it is what options ask for, and not what every launch
    /// does (streams, signals, process group, …).
    public var text: (shown: String, isAsked: Bool) {
        switch action {
        case .setns(_, let mask): ("setns(\(Step.names(mask)))", true)
        case .setnsProc(let path, _): ("setns(/proc/\(path))", true)
        case .unshare(let flags): ("unshare(\(Step.names(flags)))", true)
        case .writeProc(let path, let contents): ("write \(path.split(separator: "/").last ?? "") \(Step.quote(contents))", true)
        case .mount(let source, let target, let type, _, _):
            (source == nil ? stage : "mount(\(Step.quote(source ?? [])), \(Step.quote(target)), \(Step.quote(type ?? [])))", true)
        case .sethostname(let name), .setdomainname(let name): ("\(call)(\(Step.quote(name)))", true)
        case .linkUp(let name): ("ioctl(SIOCSIFFLAGS, \(Step.quote(name)), IFF_UP)", true)
        case .setgroups(let groups): ("setgroups(\(groups.map { String($0) }.joined(separator: ", ")))", true)
        case .setresgid(let id), .setresuid(let id): ("\(call)(\(id), \(id), \(id))", true)
        case .becomeRoot: ("setresgid(0, 0, 0), setresuid(0, 0, 0)", true)
        case .checkIds: ("getresuid, getresgid, getgroups", false)
        case .noteBirth: ("newfstatat(/proc/self/ns/mnt), newfstatat(/proc/self/ns/user)", false)
        case .umask(let mask): ("umask(0\(String(mask, radix: 8)))", true)
        case .newKeyring: ("keyctl(KEYCTL_JOIN_SESSION_KEYRING)", false)
        case .bound(let kept): ("prctl(PR_CAPBSET_DROP): keeps \(Capabilities.text(kept))", true)
        case .capset(let permitted, _): ("capset(\(Capabilities.text(permitted)))", true)
        case .noNewPrivileges: ("prctl(PR_SET_NO_NEW_PRIVS, 1)", true)
        case .rlimit(let limit): ("prlimit(\(limit.name), \(limit.shown))", true)
        case .writeDescriptor(_, let contents): ("\(stage) \(Step.quote(contents))", true)
        case .chdir(let path, _): ("chdir(\(Step.quote(path)))", true)
        case .chroot: ("fchdir, chroot(\".\")", false)
        case .exec(_, let arguments, _), .execThroughGate(_, _, _, let arguments, _): ("execve(\(Step.quote(arguments.first ?? [])))", true)
        case .execDescriptor: ("execveat(\(stage.split(separator: " ").dropFirst().joined(separator: " ")))", true)
        case .controllingTerminal: ("ioctl(TIOCSCTTY)", true)
        case .setsid: ("setsid()", true)
        case .split: ("clone3()", true)
        case .setpgid: ("setpgid(0, 0)", false)
        case .dup(_, let to): ("dup2(…, \(to))", false)
        case .closeOnExec(let from): ("close_range(\(from), ~0, CLOSE_RANGE_CLOEXEC)", false)
        case .dieWithParent: ("prctl(PR_SET_PDEATHSIG, SIGKILL)", false)
        case .dumpable(let on): ("prctl(PR_SET_DUMPABLE, \(on ? 1 : 0))", false)
        case .signalAction(let signal, let ignored): ("sigaction(\(Signals.name(signal)), \(ignored ? "SIG_IGN" : "SIG_DFL"))", false)
        case .awaitParent: ("read(…): waits for nssh", false)
        case .signalParent: ("write(…): is ready", false)
        case .unblockSignals: ("sigprocmask(SIG_SETMASK)", false)
        case .foreground: ("tcsetpgrp(getpgrp())", false)
        case .fchdir: ("fchdir", false)
        }
    }

    private static func names(_ mask: Int32) -> String {
        NamespaceTypes(rawValue: mask).list.map { String($0.flagName.dropFirst("CLONE_".count)) }.joined(separator: "|")
    }

    /// A string as C has it; a line end at its end is not shown.
    public static func quote(_ bytes: [UInt8]) -> String { quote(bytes.lossy) }
    private static func quote(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\"", "\\": result += "\\\(scalar)"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return "\"\(result.hasSuffix("\\n") ? String(result.dropLast(2)) : result)\""
    }
}
