import Glibc
import Linux

/// Options as a command line of unshare(1) and nsenter(1), for those who know them, or have nothing else at hand.
///
/// What the two have no word for (a host name, lo) is done by a shell that then execs the program, by env(1) and timeout(1), and by the
/// redirections of the shell that the line is for. Process groups and signals, which every launch of nssh sees to, are not part of it.
public struct PlanCommand {
    /// All that was asked for.
    private let options: Options
    /// What has not been said yet.
    private var rest: Options
    private var words: [[UInt8]] = []
    /// Shell commands to be run inside before the program.
    private var before: [[UInt8]] = []
    private var redirections: [[UInt8]] = []
    /// The supplementary groups that the tools set; nil: they leave them.
    private var groups: [UInt32]?
    private var becomesRoot = false
    /// The ids and groups that nssh would set.
    private var ids: PlanIds

    /// The command line, quoted for a shell: any bytes but zeros.
    public static func text(for options: Options) throws(Inexpressible) -> [UInt8] {
        var command = PlanCommand(options, try PlanIds(options))
        return try command.text()
    }

    private init(_ options: Options, _ ids: PlanIds) { (self.options, rest, self.ids) = (options, options, ids) }

    private mutating func text() throws(Inexpressible) -> [UInt8] {
        if options.joins.contains(where: { $0.mask.contains(.user) }), options.types.contains(.user) {
            throw Inexpressible("user: nsenter(1) joins one, and unshare(1) would make another inside with other ids")
        }
        var program = try rest.takeProgram(for: "unshare(1)")
        if program.first?.first == UInt8(ascii: "-") { throw Inexpressible("the body: its name would be taken for an option") }
        if let timeout = rest.take(\.timeout) { say("timeout", "--signal=KILL", try PlanCommand.duration(timeout)) }
        try addJoins()
        try addUnshare()
        program = try environment(program) + program
        for (number, stream) in [(0, rest.take(\.stdin)), (1, rest.take(\.stdout)), (2, rest.take(\.stderr))] {
            try addRedirection(number, stream)
        }
        try rest.requireNothing(of: "unshare(1)", because: PlanCommand.reasons)
        try checkIds()
        if before.isEmpty {
            words += program
        } else {
            if options.uid ?? 0 != 0 { throw Inexpressible("uid: the shell that would set the names has lost its power by then") }
            let line = Array((before + [Array("exec \"$@\"".utf8)]).joined(separator: Array(" && ".utf8)))
            words += ["sh", "-c"].map { Array($0.utf8) } + [line, Array("sh".utf8)] + program
        }
        return Array((words.map(PlanCommand.quoted) + redirections).joined(separator: [UInt8(ascii: " ")]))
    }

    private static let reasons = [
        "pid.init": "unshare(1) makes no init", "session": "unshare(1) gives no terminal; script(1) does",
        "fds": "they are for the shell's redirections", "groups": "unshare(1) has no word for them; setpriv(1) has",
        "detach": "unshare(1) is waited for, and its child dies with it; setsid(1) is the beginning of another way",
    ]

    private mutating func say(_ words: String...) { self.words += words.map { Array($0.utf8) } }

    private mutating func addJoins() throws(Inexpressible) {
        let joins = rest.take(\.joins)
        guard !joins.isEmpty else { return }
        if options.isForeign {
            throw Inexpressible("join: nsenter(1) takes environment, groups and session keyring of its caller to others, and nssh does not")
        }
        say("nsenter")
        var target: Int32?
        for join in joins {
            switch join.origin {
            case .pid(let pid):
                // nsenter has one target; of another process each file is named.
                if target == nil {
                    say("--target", String(pid))
                    target = pid
                }
                for type in join.mask.list {
                    say(target == pid ? "--\(type.longName)" : "--\(type.longName)=/proc/\(pid)/ns/\(type.rawValue)")
                }
            case .path(let path): for type in join.mask.list { words.append(Array("--\(type.longName)=".utf8) + path) }
            }
            if join.root == nil, join.cwd == nil { continue }
            guard case .pid(let pid) = join.origin, pid == target, join.root != nil, join.cwd != nil else {
                throw Inexpressible("join: nsenter(1) takes root and working directory of its one target")
            }
            say("--root", "--wd")
        }
        if joins.contains(where: { $0.mask.contains(.user) }) {
            becomesRoot = true
            // Without privilege setgroups(2) is denied inside, and nsenter would call it; where there is no root, it would fail.
            if geteuid() != 0 || !ids.becomesRoot { say("--preserve-credentials") } else { groups = [] }
        }
        if options.types.isEmpty { addIds() }
    }

    private mutating func addIds() {
        if let uid = rest.take(\.uid) { say("--setuid=\(uid)") }
        if let gid = rest.take(\.gid) {
            say("--setgid=\(gid)")
            groups = []
        }
    }

    private mutating func addUnshare() throws(Inexpressible) {
        let types = rest.take(\.types)
        if types.isEmpty, rest.uid == nil, rest.gid == nil { return }
        say("unshare")
        for type in types.list where type != .user { say("--\(type.longName)") }
        try addUser()
        // The child dies with nssh, and is PID 1 itself.
        say("--kill-child")
        let propagation = rest.take(\.propagation)
        if types.contains(.mnt), propagation != .private { say("--propagation=\(propagation?.rawValue ?? "unchanged")") }
        if rest.take(\.proc) { say("--mount-proc") }
        for (name, offset) in [("monotonic", rest.take(\.monotonic)), ("boottime", rest.take(\.boottime))] {
            guard let offset else { continue }
            if offset.nanoseconds != 0 { throw Inexpressible("time.\(name): unshare(1) takes whole seconds") }
            say("--\(name)=\(offset.seconds)")
        }
        addIds()
        let names = [("hostname", rest.take(\.hostname)), ("domainname", rest.take(\.domainname))]
        for (tool, name) in names {
            guard let name else { continue }
            guard PlanCommand.isHostName(name) else {
                throw Inexpressible("uts.\(tool): hostname(1) takes up to 64 letters, digits, - and ., and no - at the ends or beside a .")
            }
            before.append(Array("\(tool) ".utf8) + PlanCommand.quoted(name))
        }
        if rest.take(\.loopbackUp) { before.append(Array("ip link set lo up".utf8)) }
    }

    private mutating func addUser() throws(Inexpressible) {
        guard options.types.contains(.user), let map = rest.take(\.user) else { return }
        if options.gid != nil, PlanCommand.deniesSetgroups(map) {
            throw Inexpressible("gid: unshare(1) calls setgroups(2) with it, which its map of user denies")
        }
        switch map {
        case .unmapped: say("--user")
        case .root where ids.deniesGroups: say("--map-root-user")
        case .identity where ids.deniesGroups: say("--map-current-user")
        case .root, .identity:
            // These words deny setgroups(2), and nssh with privilege does not: the maps are said as ranges then.
            let isRoot = map == .root
            let (uid, gid) = (geteuid(), getegid())
            guard PlanCommand.isGiven([.own(uid, as: uid)], [.own(gid, as: gid)]) else {
                throw Inexpressible(
                    "user: unshare(1) denies setgroups(2) with it, which nssh leaves to root; it has words for "
                        + "user = { uid = {{\(isRoot ? 0 : uid), \(uid), 1}}, gid = {{\(isRoot ? 0 : gid), \(gid), 1}}, setgroups = \"deny\" }"
                )
            }
            try addRanges([.own(uid, as: isRoot ? 0 : uid)], [.own(gid, as: isRoot ? 0 : gid)])
        case .subordinate(let uid, let gid):
            if geteuid() == 0 { try addRanges(uid, gid) } else { say("--map-root-user", "--map-auto") }
        case .ranges(let uid, let gid, let deny):
            if ids.deniesGroups, uid == [.own(geteuid(), as: 0)], gid == [.own(getegid(), as: 0)] { return say("--map-root-user") }
            if ids.deniesGroups, uid == [.own(geteuid(), as: geteuid())], gid == [.own(getegid(), as: getegid())] {
                return say("--map-current-user")
            }
            try addRanges(uid, gid)
            if deny { say("--setgroups=deny") }
            // newgidmap(1) denies it for a gid that is the user's own and not a subordinate one.
            let denies = deny || geteuid() != 0 && !gid.isEmpty && !Subordinate.gives(gid, in: "/etc/subgid")
            if denies != ids.deniesGroups {
                throw Inexpressible("user.setgroups: unshare(1) would \(denies ? "deny" : "allow") it, unlike nssh")
            }
        }
    }

    private mutating func addRanges(_ uid: [IDRange], _ gid: [IDRange]) throws(Inexpressible) {
        if uid.count > 1 || gid.count > 1 { throw Inexpressible("user: older unshare(1) take one range of each; write the maps by hand") }
        // As root nssh writes the maps itself.
        if geteuid() == 0, !PlanCommand.isGiven(uid, gid) {
            throw Inexpressible("user: unshare(1) calls newuidmap(1), which wants the ranges in /etc/subuid and /etc/subgid for root too")
        }
        say("--user")
        for range in uid { say("--map-users=\(range.outside),\(range.inside),\(range.count)") }
        for range in gid { say("--map-groups=\(range.outside),\(range.inside),\(range.count)") }
    }

    /// Whether newuidmap(1) and newgidmap(1) may map these.
    private static func isGiven(_ uid: [IDRange], _ gid: [IDRange]) -> Bool {
        Subordinate.gives(uid, in: "/etc/subuid") && Subordinate.gives(gid, in: "/etc/subgid")
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

    /// The tools set the groups that nssh would set, and become root where nssh would.
    private mutating func checkIds() throws(Inexpressible) {
        if ids.becomesRoot, !becomesRoot { throw Inexpressible("user: unshare(1) does not become root of such a user namespace") }
        if ids.groups == groups { return }
        throw Inexpressible(
            ids.groups == nil
                ? "gid: unshare(1) drops the supplementary groups with it; with groups = {} nssh does"
                : "groups: \(PlanCommand.reasons["groups"]!)")
    }

    /// env(1) with what it changes before it runs the program: the working directory is then one that the program's user may enter.
    ///
    /// A name without a slash that would stand first in the line has it too: the shell may have a builtin, a keyword, an alias or a
    /// function of that name.
    private mutating func environment(_ program: [[UInt8]]) throws(Inexpressible) -> [[UInt8]] {
        let (clears, changes, cwd) = (rest.take(\.clearEnvironment), rest.take(\.environment), rest.take(\.cwd))
        let isBare = words.isEmpty && program.first?.contains(UInt8(ascii: "/")) == false
        guard clears || !changes.isEmpty || cwd != nil || isBare else { return [] }
        if program.first?.contains(UInt8(ascii: "=")) == true { throw Inexpressible("the body: env(1) would take its name for a variable") }
        let path = changes.last { $0.name.elementsEqual("PATH".utf8) }
        if path.map({ $0.value == nil }) ?? clears, program.first?.contains(UInt8(ascii: "/")) == false {
            let option = clears ? "clear_env" : "env"
            throw Inexpressible("\(option): without PATH env(1) does not look where nssh does; give the program's path")
        }
        var words = [Array("env".utf8)]
        if clears { words.append(Array("-i".utf8)) }
        if let cwd { words.append(Array("--chdir=".utf8) + cwd) }
        for change in changes where change.value == nil && !clears { words += [Array("-u".utf8), change.name] }
        for change in changes {
            guard let value = change.value else { continue }
            if change.name.first == UInt8(ascii: "-") { throw Inexpressible("env: env(1) would take \(change.name.lossy) for an option") }
            words.append(change.name + [UInt8(ascii: "=")] + value)
        }
        return words
    }

    private mutating func addRedirection(_ number: Int, _ stream: Options.Stream) throws(Inexpressible) {
        let sign = Array(["<", ">", "2>"][number].utf8)
        let name = ["stdin", "stdout", "stderr"][number]
        switch stream {
        case .inherit: return
        case .null: redirections.append(sign + Array("/dev/null".utf8))
        // Some shells make connections of these names.
        case .path(let path) where path.starts(with: "/dev/tcp/".utf8) || path.starts(with: "/dev/udp/".utf8):
            throw Inexpressible("\(name): \(path.lossy) is a network connection for some shells")
        case .path(let path): redirections.append(sign + PlanCommand.quoted(path))
        case .data: throw Inexpressible("\(name): data are for the shell, by a pipe or a here-document")
        case .pipe, .capture: throw Inexpressible("\(name): pipes are for the shell that runs the line")
        case .descriptor: throw Inexpressible("\(name): an open file has no name that a shell could open")
        case .terminal: throw Inexpressible("session: \(PlanCommand.reasons["session"]!)")
        }
    }
}

extension NamespaceType {
    /// What unshare(1) and nsenter(1) call it.
    var longName: String { self == .mnt ? "mount" : rawValue }
}

extension IDRange {
    /// One id of nssh's own.
    fileprivate static func own(_ id: UInt32, as inside: UInt32) -> IDRange { IDRange(inside: inside, outside: id, count: 1) }
}
