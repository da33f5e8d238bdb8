import CLinux
import Glibc
import Linux

/// What a process may do, beyond what its ids say: whoever enters it gets no more. capabilities(7), credentials(7), getrlimit(2).
struct Power {
    private var bounding: UInt64 = .max
    private var permitted: UInt64 = .max
    private var inheritable: UInt64 = .max
    private var noNewPrivileges = false
    private var umask: UInt32?
    private var limits: [ResourceLimit] = []
    /// Its cgroups, as far as they are others than nssh's.
    private(set) var cgroups = CgroupMove()
    /// What it is bound by and whoever enters it will not be, each in words.
    private(set) var weaker: [String] = []
    private let kept: Privileges

    /// Reads it.
    ///
    /// - Parameter kept: what is not to be cut to the target's.
    init(of target: TargetProcess, keeping kept: Privileges) throws(Failure) {
        self.kept = kept
        let status = try target.read("status")
        func word(_ name: String) throws(Failure) -> String {
            if let word = Proc.words(in: status, name).first { return word }
            throw Failure(
                code: "ENODATA", "/proc does not tell what \(target.target.description) may do: its status has no \(name)",
                stage: "read status", target: target.target.description, hint: "privileged = true (--privileged) does not ask")
        }
        func set(_ name: String) throws(Failure) -> UInt64 { UInt64(try word(name), radix: 16) ?? 0 }
        if !kept.contains(.capabilities) {
            bounding = try set("CapBnd")
            permitted = try set("CapPrm")
            inheritable = try set("CapInh")
            noNewPrivileges = try word("NoNewPrivs") != "0"
        }
        if kept != .all { umask = UInt32(try word("Umask"), radix: 8) }
        if !kept.contains(.limits) {
            let theirs = ResourceLimit.all(in: try target.read("limits"))
            let own = ResourceLimit.own()
            guard theirs.count == own.count else {
                throw Failure(
                    code: "ENODATA", "/proc does not tell the resource limits of \(target.target.description)", stage: "read limits",
                    target: target.target.description, hint: "privileged = {\"rlimits\"} (--privileged=rlimits) does not ask")
            }
            for (own, theirs) in zip(own, theirs) where own.lowered(to: theirs) != own { limits.append(own.lowered(to: theirs)) }
        }
        if !kept.contains(.cgroup) {
            cgroups = try CgroupMove(to: target)
            weaker += cgroups.refused.map { "its cgroup \($0) cannot be joined" }
        }
        if kept == .all { return }
        // As many filters as nssh has itself are most likely those: both have inherited them. (Before Linux 5.9 nobody counts them.)
        let own = try Proc.read("self/status")
        let counts = [status, own].map { Proc.words(in: $0, "Seccomp_filters").first }
        if try word("Seccomp") == "2", Proc.words(in: own, "Seccomp").first != "2" || counts[0] != counts[1] {
            weaker.append("its seccomp filter is not taken over")
        }
        if let label = try? target.read("attr/current"), let ours = try? Proc.read("self/attr/current"), label != ours {
            weaker.append("its security label (\(label.prefix { $0 != 0 && $0 != 10 }.map { $0 }.lossy)) is not taken over")
        }
    }

    /// Who may trace what enters its pid namespace could take it over before that has given up nssh's power: undumpable is no protection
    /// from CAP_SYS_PTRACE in the same user namespace.
    ///
    /// - Throws: EPERM, unless nssh has no power that the target lacks.
    func requireHarmless(_ target: String) throws(Failure) {
        let trace = UInt64(1) << UInt64(Capability.sysPtrace.rawValue)
        if kept.contains(.capabilities) || (permitted | bounding) & trace == 0 || nssh_effective_capabilities() & ~left == 0 { return }
        throw Failure(
            code: "EPERM",
            "\(target) may have CAP_SYS_PTRACE over what enters its pid namespace, which has more power than it on the way in",
            stage: "setns", target: target,
            hint: "nothing was run; without its pid namespace it is out of reach (nssh enter -m -n -i -u); privileged (--privileged) "
                + "means it")
    }

    /// The capabilities that are left. A program of uid 0 gets its bounding set as the permitted one.
    private var left: UInt64 { bounding & permitted }

    /// What takes power that a change of the ids may take, too.
    var stepsBeforeIds: [Step] {
        var steps: [Step] = []
        if let umask { steps.append(Step(.umask(umask))) }
        if !kept.contains(.capabilities) { steps.append(Step(.bound(left))) }
        return steps
    }

    /// What no step may follow that needs power, or descriptors.
    var stepsAtTheEnd: [Step] {
        var steps: [Step] = []
        if !kept.contains(.capabilities) { steps.append(Step(.capset(permitted: left, inheritable: inheritable & left))) }
        if noNewPrivileges { steps.append(Step(.noNewPrivileges)) }
        return steps + limits.map { Step(.rlimit($0)) }
    }

    /// What may stand behind a refusal of the kernel.
    func suspects(of errno: Int32) -> String? {
        switch errno {
        case EPERM, EACCES:
            if kept.contains(.capabilities) || nssh_effective_capabilities() & ~left == 0 && !noNewPrivileges { return nil }
            return "capabilities (\(Capabilities.text(left)))" + (noNewPrivileges ? ", no_new_privs" : "")
        case EAGAIN, ENOMEM, EMFILE, EFBIG, E2BIG:
            let shown = limits.map { "\($0.name) \($0.soft)" }
            let all = shown + (cgroups.isEmpty ? [] : ["cgroup \(cgroups.text)"])
            return all.isEmpty ? nil : all.joined(separator: ", ")
        default: return nil
        }
    }
}

/// What of its own power the entering side keeps.
public struct Privileges: OptionSet, Sendable {
    /// The bits.
    public var rawValue: Int
    /// A set of bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Capabilities and the lack of no_new_privs; with them a mnt namespace can be entered without its user namespace.
    public static let capabilities = Privileges(rawValue: 1)
    /// The cgroups.
    public static let cgroup = Privileges(rawValue: 2)
    /// The resource limits.
    public static let limits = Privileges(rawValue: 4)
    /// nsenter(1)'s way: these and all else, as the umask.
    public static let all: Privileges = [.capabilities, .cgroup, .limits]

    /// By the names that options have for them.
    public static let names: [(name: String, privilege: Privileges)] = [("caps", .capabilities), ("cgroup", .cgroup), ("rlimits", .limits)]

    /// One by its name; nil when there is none.
    public init?(name: String) {
        guard let known = Privileges.names.first(where: { $0.name == name }) else { return nil }
        self = known.privilege
    }
}
