import Linux

/// Why options cannot be said in another tool's words.
public struct Inexpressible: Error, Equatable {
    /// The option and the reason, `pid.init: unshare(1) makes no init`.
    public var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Options are said in another tool's words by taking them, one after the other, out of a copy: what is left at the end has no word there,
/// and is refused. An option that somebody adds, and nobody finds a word for, is among that.
extension Options {
    /// The value of an option, which counts as said from now on.
    mutating func take<Value>(_ option: WritableKeyPath<Options, Value>) -> Value {
        let value = self[keyPath: option]
        self[keyPath: option] = Options()[keyPath: option]
        return value
    }

    /// The program and its arguments, taken. A held process is a program that sleeps; a function is nobody else's.
    mutating func takeProgram(for tool: String) throws(Inexpressible) -> [[UInt8]] {
        switch take(\.body) {
        case .program(let arguments): return arguments
        case .held: return [Array("sleep".utf8), Array("infinity".utf8)]
        case .function: throw Inexpressible("the body: \(tool) runs programs, not Lua functions")
        }
    }

    /// Refuses what has not been taken.
    ///
    /// - Parameter reasons: more than that there is no word, by the options' names.
    func requireNothing(of tool: String, because reasons: [String: String]) throws(Inexpressible) {
        let nothing = Options()
        if self == nothing { return }
        let name = types.list.first?.rawValue ?? Options.names.first { $0.differs(self, nothing) }?.name ?? "one of the options"
        throw Inexpressible("\(name): \(reasons[name] ?? "\(tool) has no word for it")")
    }

    /// What scripts call the options.
    static let names: [(name: String, differs: @Sendable (Options, Options) -> Bool)] = [
        ("join", { $0.joins != $1.joins }), ("user", { $0.user != $1.user }), ("uts.hostname", { $0.hostname != $1.hostname }),
        ("uts.domainname", { $0.domainname != $1.domainname }), ("time.monotonic", { $0.monotonic != $1.monotonic }),
        ("time.boottime", { $0.boottime != $1.boottime }), ("mnt.propagation", { $0.propagation != $1.propagation }),
        ("mnt.proc", { $0.proc != $1.proc }), ("pid.init", { $0.initProcess != $1.initProcess }),
        ("net.lo", { $0.loopbackUp != $1.loopbackUp }),
        ("session", { $0.session != $1.session }), ("detach", { $0.detached != $1.detached }), ("stdin", { $0.stdin != $1.stdin }),
        ("stdout", { $0.stdout != $1.stdout }), ("stderr", { $0.stderr != $1.stderr }), ("env", { $0.environment != $1.environment }),
        ("clear_env", { $0.clearEnvironment != $1.clearEnvironment }), ("cwd", { $0.cwd != $1.cwd }), ("uid", { $0.uid != $1.uid }),
        ("gid", { $0.gid != $1.gid }), ("groups", { $0.groups != $1.groups }), ("argv0", { $0.argv0 != $1.argv0 }),
        ("timeout", { $0.timeout != $1.timeout }), ("fds", { $0.grants != $1.grants }),
        ("preserve-credentials", { $0.keepsCredentials != $1.keepsCredentials }), ("foreground", { $0.foreground != $1.foreground }),
        ("strict", { $0.isStrict != $1.isStrict }), ("keep-env", { $0.keptEnvironment != $1.keptEnvironment }),
        ("env", { $0.targetEnvironment != $1.targetEnvironment }), ("keep-fds", { $0.keepsDescriptors != $1.keepsDescriptors }),
        ("standing", { $0.standing != $1.standing }), ("the body", { $0.body != $1.body }),
    ]
}

/// What the kernel calls of a plan do to ids beyond what the options say: another tool has to do the same.
struct PlanIds {
    /// The supplementary groups that are set; nil: those of the caller stay.
    private(set) var groups: [UInt32]?
    /// Whether the child becomes root of its user namespace.
    private(set) var becomesRoot = false
    /// Whether setgroups(2) is denied in the new user namespace.
    private(set) var deniesGroups = false
    /// Whether newuidmap(1) writes the maps.
    private(set) var hasHelper = false

    /// - Throws: for options that make no plan.
    init(_ options: Options) throws(Inexpressible) {
        let plan: Plan
        do throws(Failure) { plan = try Plan(for: options) } catch { throw Inexpressible("\(error.target ?? "options"): \(error.message)") }
        for mapping in plan.meanwhile {
            switch mapping {
            case .write(let file, _): deniesGroups = deniesGroups || file == "setgroups"
            case .helper: hasHelper = true
            }
        }
        // A step that somebody adds has to be judged here: whether an option asks for it, or every launch has it, or it comes unasked.
        for step in plan.launch.outer + plan.launch.steps + plan.launch.closing + plan.launch.keeper {
            switch step.action {
            case .setgroups(let list): groups = list
            case .becomeRoot: becomesRoot = true
            case .writeProc(let path, _): deniesGroups = deniesGroups || path == "self/setgroups"
            // Each is an option's.
            case .setns, .setnsProc, .unshare, .mount, .sethostname, .setdomainname, .linkUp, .setresgid, .setresuid, .chdir, .exec,
                .execThroughGate,
                .execDescriptor, .controllingTerminal, .setsid, .split, .fchdir, .foreground, .umask, .bound, .capset, .noNewPrivileges,
                .rlimit, .writeDescriptor:
                continue
            // Every launch has them.
            case .awaitParent, .signalParent, .setpgid, .dup, .closeOnExec, .chroot, .dieWithParent, .dumpable, .signalAction,
                .unblockSignals, .checkIds, .newKeyring, .noteBirth:
                continue
            }
        }
    }
}
