import Linux

/// A line of a plan: one kernel call, and who makes it.
public struct PlanLine: Equatable, Sendable {
    /// Who makes a call.
    public enum Maker: String, Sendable {
        case nssh, intermediate, child
        /// PID 1, after it has made the body's process.
        case `init`
    }

    /// Who makes it.
    public var maker: Maker
    /// The system call, `sethostname`.
    public var call: String
    /// The call as the plan shows it, `sethostname("box")`.
    public var text: String
    /// Whether it is what the options ask for, and not what every launch does (streams, signals, process group, …).
    public var isAsked: Bool
}

extension Plan {
    /// The plan of options, for looking at: nothing is made or opened for it.
    public init(for options: Options) { self.init(options, Resources()) }

    /// The kernel calls in their order. What nssh writes meanwhile stands before the child's own steps, which wait for it.
    public var lines: [PlanLine] {
        var lines = launch.outer.map { PlanLine($0, by: .intermediate) }
        let types = launch.types.list.map { $0.flagName.dropFirst("CLONE_".count) }.joined(separator: "|")
        lines.append(
            PlanLine(maker: launch.outer.isEmpty ? .nssh : .intermediate, call: "clone3", text: "clone3(\(types))", isAsked: true))
        for mapping in meanwhile {
            let call = if case .helper(let program, _) = mapping { program } else { "write" }
            lines.append(PlanLine(maker: .nssh, call: call, text: mapping.text, isAsked: true))
        }
        return lines + (launch.steps + launch.closing).map { PlanLine($0, by: .child) } + launch.keeper.map { PlanLine($0, by: .`init`) }
    }
}

extension PlanLine {
    init(_ step: Step, by maker: Maker) {
        let (text, isAsked) = PlanLine.describe(step)
        self.init(maker: maker, call: step.call, text: text, isAsked: isAsked)
    }

    private static func describe(_ step: Step) -> (String, isAsked: Bool) {
        switch step.action {
        case .setns(_, let mask): ("setns(\(names(mask)))", true)
        case .setnsProc(let path, _): ("setns(/proc/\(path))", true)
        case .unshare(let flags): ("unshare(\(names(flags)))", true)
        case .writeProc(let path, let contents): ("write \(path.split(separator: "/").last ?? "") \(quote(contents))", true)
        case .mount(let source, let target, let type, _, _):
            (source == nil ? step.stage : "mount(\(quote(source ?? "")), \(quote(target)), \(quote(type ?? "")))", true)
        case .sethostname(let name), .setdomainname(let name): ("\(step.call)(\(quote(name)))", true)
        case .linkUp(let name): ("ioctl(SIOCSIFFLAGS, \(quote(name)), IFF_UP)", true)
        case .setgroups(let groups): ("setgroups(\(groups.map { String($0) }.joined(separator: ", ")))", true)
        case .setresgid(let id), .setresuid(let id): ("\(step.call)(\(id), \(id), \(id))", true)
        case .becomeRoot: ("setresgid(0, 0, 0), setresuid(0, 0, 0)", true)
        case .chdir(let path): ("chdir(\(quote(path)))", true)
        case .chroot: ("fchdir, chroot(\".\")", false)
        case .exec(_, let arguments, _): ("execve(\(quote(arguments.first ?? [])))", true)
        case .execDescriptor: ("execveat(\(step.stage.split(separator: " ").dropFirst().joined(separator: " ")))", true)
        case .controllingTerminal: ("ioctl(TIOCSCTTY)", true)
        case .setsid: ("setsid()", true)
        case .split: ("clone3()", true)
        case .setpgid: ("setpgid(0, 0)", false)
        case .dup(_, let to): ("dup2(…, \(to))", false)
        case .closeOnExec(let from): ("close_range(\(from), ~0, CLOSE_RANGE_CLOEXEC)", false)
        case .dieWithParent: ("prctl(PR_SET_PDEATHSIG, SIGKILL)", false)
        case .dumpable(let on): ("prctl(PR_SET_DUMPABLE, \(on ? 1 : 0))", false)
        case .signalAction(let signal, let ignored): ("sigaction(\(Signals.name(signal)), \(ignored ? "SIG_IGN" : "SIG_DFL"))", false)
        default: (step.call, false)
        }
    }

    private static func names(_ mask: Int32) -> String {
        NamespaceTypes(rawValue: mask).list.map { String($0.flagName.dropFirst("CLONE_".count)) }.joined(separator: "|")
    }

    /// A string as C has it; a line end at its end is not shown.
    static func quote(_ bytes: [UInt8]) -> String { quote(bytes.lossy) }
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
