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

    /// The command line, quoted for a shell: any bytes but zeros.
    public static func text(for options: Options) throws(Inexpressible) -> [UInt8] {
        var command = PlanCommand(options)
        return try command.text()
    }

    private init(_ options: Options) { (self.options, rest) = (options, options) }

    private mutating func text() throws(Inexpressible) -> [UInt8] {
        if options.joins.contains(where: { $0.mask.contains(.user) }), options.types.contains(.user) {
            throw Inexpressible("user: nsenter(1) joins one, and unshare(1) would make another inside with other ids")
        }
        var program = try rest.takeProgram(for: "unshare(1)")
        if program.first?.first == UInt8(ascii: "-") { throw Inexpressible("the body: its name would be taken for an option") }
        if let timeout = rest.take(\.timeout) { say("timeout", "--signal=KILL", PlanCommand.trimmed(timeout)) }
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
            // Without privilege setgroups(2) is denied inside, and nsenter would call it.
            if geteuid() != 0 { say("--preserve-credentials") } else { groups = [] }
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
        if let name = rest.take(\.hostname) { before.append(Array("hostname ".utf8) + PlanCommand.quoted(name)) }
        if let name = rest.take(\.domainname) { before.append(Array("domainname ".utf8) + PlanCommand.quoted(name)) }
        if rest.take(\.loopbackUp) { before.append(Array("ip link set lo up".utf8)) }
    }

    private mutating func addUser() throws(Inexpressible) {
        guard options.types.contains(.user), let map = rest.take(\.user) else { return }
        if options.gid != nil, PlanCommand.deniesSetgroups(map) {
            throw Inexpressible("gid: unshare(1) calls setgroups(2) with it, which its map of user denies")
        }
        switch map {
        case .unmapped: say("--user")
        case .root: say("--map-root-user")
        case .identity: say("--map-current-user")
        case .subordinate(let uid, let gid):
            if geteuid() == 0 { try addRanges(uid, gid) } else { say("--map-root-user", "--map-auto") }
        case .ranges(let uid, let gid, let deny):
            try addRanges(uid, gid)
            if deny { say("--setgroups=deny") }
        }
    }

    private mutating func addRanges(_ uid: [IDRange], _ gid: [IDRange]) throws(Inexpressible) {
        if uid.count > 1 || gid.count > 1 { throw Inexpressible("user: older unshare(1) take one range of each; write the maps by hand") }
        // As root nssh writes the maps itself.
        if geteuid() == 0, !Subordinate.gives(uid, in: "/etc/subuid") || !Subordinate.gives(gid, in: "/etc/subgid") {
            throw Inexpressible("user: unshare(1) calls newuidmap(1), which wants the ranges in /etc/subuid and /etc/subgid for root too")
        }
        say("--user")
        for range in uid { say("--map-users=\(range.outside),\(range.inside),\(range.count)") }
        for range in gid { say("--map-groups=\(range.outside),\(range.inside),\(range.count)") }
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
        let ids = try PlanIds(options)
        if ids.becomesRoot, !becomesRoot { throw Inexpressible("user: unshare(1) does not become root of such a user namespace") }
        if ids.groups == groups { return }
        throw Inexpressible(
            ids.groups == nil
                ? "gid: unshare(1) drops the supplementary groups with it; with groups = {} nssh does"
                : "groups: \(PlanCommand.reasons["groups"]!)")
    }

    /// env(1) with what it changes before it runs the program: the working directory is then one that the program's user may enter.
    private mutating func environment(_ program: [[UInt8]]) throws(Inexpressible) -> [[UInt8]] {
        let (clears, changes, cwd) = (rest.take(\.clearEnvironment), rest.take(\.environment), rest.take(\.cwd))
        guard clears || !changes.isEmpty || cwd != nil else { return [] }
        if program.first?.contains(UInt8(ascii: "=")) == true { throw Inexpressible("the body: env(1) would take its name for a variable") }
        if clears, !changes.contains(where: { $0.name.elementsEqual("PATH".utf8) && $0.value != nil }),
            program.first?.contains(UInt8(ascii: "/")) == false
        {
            throw Inexpressible("clear_env: without PATH env(1) does not look where nssh does; give the program's path")
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
        case .path(let path): redirections.append(sign + PlanCommand.quoted(path))
        case .data: throw Inexpressible("\(name): data are for the shell, by a pipe or a here-document")
        case .pipe, .capture: throw Inexpressible("\(name): pipes are for the shell that runs the line")
        case .descriptor: throw Inexpressible("\(name): an open file has no name that a shell could open")
        case .terminal: throw Inexpressible("session: \(PlanCommand.reasons["session"]!)")
        }
    }

    /// A word for sh(1).
    static func quoted(_ word: [UInt8]) -> [UInt8] {
        let plain = word.allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5a || byte >= 0x61 && byte <= 0x7a || "-_./,:=@%+".utf8.contains(byte)
        }
        if plain, !word.isEmpty { return word }
        let quote = UInt8(ascii: "'")
        let parts = word.split(separator: quote, omittingEmptySubsequences: false)
        return [quote] + Array(parts.joined(separator: Array("'\\''".utf8))) + [quote]
    }

    /// A word for sh(1) that is fit for a terminal: what could not be shown as it is has an escape, which printf(1) resolves. Nil for one
    /// that ends with a line break, which the shell would take away.
    static func shown(_ word: [UInt8]) -> String? {
        if TextEscape.escape(word, as: .line).utf8.elementsEqual(word) { return quoted(word).lossy }
        if word.last == UInt8(ascii: "\n") { return nil }
        var format = ""
        for byte in word {
            switch byte {
            case UInt8(ascii: "%"): format += "%%"
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), 0..<0x20, 0x7f...:
                let digits = String(byte, radix: 8)
                format += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
            default: format.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return "\"$(printf '\(format)')\""
    }

    private static func trimmed(_ seconds: Double) -> String {
        seconds == seconds.rounded() && seconds < 1e9 ? String(Int(seconds)) : String(seconds)
    }
}

extension NamespaceType {
    /// What unshare(1) and nsenter(1) call it.
    var longName: String { self == .mnt ? "mount" : rawValue }
}
