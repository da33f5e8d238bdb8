import Glibc
import Linux

/// Options as a command line of unshare(1) and nsenter(1), for those who know them, or have nothing else at hand.
///
/// What the two have no word for (a host name, lo) is done by a shell that then execs the program. Descriptors, process groups and signals,
/// which every launch of nssh sees to, are not part of it.
public struct PlanCommand {
    private var words: [String] = []
    /// Shell commands to be run inside before the program.
    private var before: [String] = []

    /// The command line, quoted for a shell.
    public static func text(for options: Options) throws(Inexpressible) -> String {
        var command = PlanCommand()
        try command.refuse(options)
        if let timeout = options.timeout { command.words += ["timeout", "--signal=KILL", trimmed(timeout)] }
        command.addJoins(options)
        try command.addUnshare(options)
        command.addEnvironment(options)
        let program = try options.program(for: "unshare(1)").map(\.lossy)
        if command.before.isEmpty {
            command.words += program
        } else {
            let line = (command.before + ["exec \"$@\""]).joined(separator: " && ")
            command.words += ["sh", "-c", line, "sh"] + program
        }
        return command.words.map(quoted).joined(separator: " ")
    }

    private func refuse(_ options: Options) throws(Inexpressible) {
        if options.initProcess, options.types.contains(.pid) { throw Inexpressible("pid.init: unshare(1) makes no init") }
        if options.session != nil { throw Inexpressible("session: unshare(1) gives no terminal; script(1) does") }
        if !options.grants.isEmpty { throw Inexpressible("fds: they are for the shell's redirections") }
        if options.argv0 != nil { throw Inexpressible("argv0: unshare(1) has no word for it") }
        if options.groups?.isEmpty == false { throw Inexpressible("groups: unshare(1) has no word for them; setpriv(1) has") }
        if options.joins.contains(where: { $0.mask.contains(.user) }), options.types.contains(.user) {
            throw Inexpressible("user: nsenter(1) joins one, and unshare(1) would make another inside with other ids")
        }
    }

    private mutating func addJoins(_ options: Options) {
        guard !options.joins.isEmpty else { return }
        words.append("nsenter")
        for join in options.joins {
            switch join.origin {
            case .pid(let pid):
                // nsenter has one target; of another process each file is named.
                if !words.contains("--target") { words += ["--target", String(pid)] }
                let isTarget = words.contains(String(pid))
                words += join.mask.list.map { isTarget ? "--\($0.longName)" : "--\($0.longName)=/proc/\(pid)/ns/\($0.rawValue)" }
                if join.root != nil, isTarget { words += ["--root", "--wd"] }
            case .path(let path): words += join.mask.list.map { "--\($0.longName)=\(path)" }
            }
        }
        // Without privilege setgroups(2) is denied inside, and nsenter would call it.
        if geteuid() != 0, options.joins.contains(where: { $0.mask.contains(.user) }) { words.append("--preserve-credentials") }
        if options.types.isEmpty { addIds(options) }
    }

    private mutating func addIds(_ options: Options) {
        if let uid = options.uid { words.append("--setuid=\(uid)") }
        if let gid = options.gid { words.append("--setgid=\(gid)") }
        if let cwd = options.cwd { words.append("--wd=\(cwd.lossy)") }
    }

    private mutating func addUnshare(_ options: Options) throws(Inexpressible) {
        if options.types.isEmpty, !options.joins.isEmpty { return }
        if options.types.isEmpty, options.uid == nil, options.gid == nil, options.cwd == nil { return }
        words.append("unshare")
        for type in options.types.list where type != .user { words.append("--\(type.longName)") }
        try addUser(options)
        // The child dies with nssh, and is PID 1 itself.
        if !options.detached { words.append("--kill-child") } else if options.types.contains(.pid) { words.append("--fork") }
        if options.types.contains(.mnt) {
            let propagation = options.propagation?.rawValue ?? "unchanged"
            if propagation != "private" { words.append("--propagation=\(propagation)") }
        }
        if options.proc { words.append("--mount-proc") }
        for (name, offset) in [("monotonic", options.monotonic), ("boottime", options.boottime)] {
            guard let offset else { continue }
            if offset.nanoseconds != 0 { throw Inexpressible("time.\(name): unshare(1) takes whole seconds") }
            words.append("--\(name)=\(offset.seconds)")
        }
        addIds(options)
        if let name = options.hostname { before.append("hostname \(PlanCommand.quoted(name.lossy))") }
        if let name = options.domainname { before.append("domainname \(PlanCommand.quoted(name.lossy))") }
        if options.loopbackUp { before.append("ip link set lo up") }
    }

    private mutating func addUser(_ options: Options) throws(Inexpressible) {
        guard options.types.contains(.user), let map = options.user else { return }
        if options.gid != nil, PlanCommand.deniesSetgroups(map) {
            throw Inexpressible("gid: unshare(1) calls setgroups(2) with it, which its map of user denies")
        }
        switch map {
        case .unmapped: words.append("--user")
        case .root: words.append("--map-root-user")
        case .identity: words.append("--map-current-user")
        case .subordinate(let uid, let gid): words += geteuid() == 0 ? try ranges(uid, gid) : ["--map-root-user", "--map-auto"]
        case .ranges(let uid, let gid, let deny):
            words += try ranges(uid, gid)
            if deny { words.append("--setgroups=deny") }
        }
    }

    private func ranges(_ uid: [IDRange], _ gid: [IDRange]) throws(Inexpressible) -> [String] {
        if uid.count > 1 || gid.count > 1 { throw Inexpressible("user: older unshare(1) take one range of each; write the maps by hand") }
        // As root nssh writes the maps itself.
        if geteuid() == 0, !Subordinate.gives(uid, in: "/etc/subuid") || !Subordinate.gives(gid, in: "/etc/subgid") {
            throw Inexpressible("user: unshare(1) calls newuidmap(1), which wants the ranges in /etc/subuid and /etc/subgid for root too")
        }
        return ["--user"] + uid.map { "--map-users=\($0.outside),\($0.inside),\($0.count)" }
            + gid.map { "--map-groups=\($0.outside),\($0.inside),\($0.count)" }
    }

    /// Whether unshare(1) denies setgroups(2), which nssh leaves to root.
    private static func deniesSetgroups(_ map: UserMap) -> Bool {
        switch map {
        case .root, .identity: true
        case .ranges(_, _, let deny): deny
        case .subordinate: geteuid() != 0
        case .unmapped: false
        }
    }

    private mutating func addEnvironment(_ options: Options) {
        guard options.clearEnvironment || !options.environment.isEmpty else { return }
        words.append("env")
        if options.clearEnvironment { words.append("-i") }
        for (name, value) in options.environment {
            words += value.map { ["\(name.lossy)=\($0.lossy)"] } ?? ["-u", name.lossy]
        }
    }

    /// A word for sh(1).
    static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5a || byte >= 0x61 && byte <= 0x7a || "-_./,:=@%+".utf8.contains(byte)
        }
        return plain && !word.isEmpty
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func trimmed(_ seconds: Double) -> String {
        seconds == seconds.rounded() && seconds < 1e9 ? String(Int(seconds)) : String(seconds)
    }
}

extension NamespaceType {
    /// What unshare(1) and nsenter(1) call it.
    var longName: String { self == .mnt ? "mount" : rawValue }
}
