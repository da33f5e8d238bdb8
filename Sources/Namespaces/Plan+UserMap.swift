import CLinux
import Glibc
import Linux

/// Something that nssh does for a child in a new user namespace, which waits for it.
public enum Mapping: Equatable, Sendable {
    /// One write(2) to a file below /proc/PID.
    case write(file: String, contents: [UInt8])
    /// newuidmap(1) or newgidmap(1), which may write ranges that subuid(5) gives to the user.
    case helper(program: String, [IDRange])

    /// Carries it out for the process with the number `name` in /proc.
    func perform(_ name: String) throws(Failure) {
        switch self {
        case .write(let file, let contents): try Proc.write("\(name)/\(file)", contents, stage: "write \(file)")
        case .helper(let program, let ranges):
            do throws(Failure) { try Helper.run([program, name] + Mapping.words(ranges), stage: program) } catch var error {
                error.hint =
                    error.errno?.rawValue == ENOENT
                    ? "it is in Debian's package uidmap"
                    : "it needs lines for the user in /etc/subuid and /etc/subgid, and may not work where no_new_privs is set"
                throw error
            }
        }
    }

    /// The call as a plan shows it.
    var text: String {
        switch self {
        case .write(let file, let contents): "write \(file) \(Step.quote(contents))"
        case .helper(let program, let ranges): ([program, "PID"] + Mapping.words(ranges)).joined(separator: " ")
        }
    }

    private static func words(_ ranges: [IDRange]) -> [String] {
        ranges.flatMap { [String($0.inside), String($0.outside), String($0.count)] }
    }
}

extension Plan {
    /// The maps: written by the process itself (`own`, or because it has no other way), or by nssh meanwhile.
    mutating func addUserMap(_ options: Options, own isOwn: Bool, _ steps: inout [Step]) {
        guard options.types.contains(.user), let map = options.user else { return }
        let (uid, gid) = (caller.uid, caller.gid)
        let files: [(String, String)]
        // In a user namespace that was joined nssh has no say over a new one.
        let isNested = options.joins.contains { $0.mask.contains(.user) }
        var own = isOwn || isNested || !caller.mapsForOthers
        var isDenied = false
        switch map {
        case .unmapped: return
        case .subordinate(let uids, let gids):
            if isNested || caller.mapsForOthers {
                own = isNested
                files = [("gid_map", gids.map(\.line).joined()), ("uid_map", uids.map(\.line).joined())]
            } else {
                meanwhile = [.helper(program: "newgidmap", gids), .helper(program: "newuidmap", uids)]
                return
            }
        case .root, .identity:
            let inside: (uid_t, gid_t) = map == .root ? (0, 0) : (uid, gid)
            files = [
                ("gid_map", IDRange(inside: inside.1, outside: gid, count: 1).line),
                ("uid_map", IDRange(inside: inside.0, outside: uid, count: 1).line),
            ]
        case .ranges(let uids, let gids, let deny):
            // More than one id cannot be self-written; without privilege either way gives the kernel's EPERM.
            let isSingle = uids.count <= 1 && gids.count <= 1 && (uids + gids).allSatisfy { $0.count == 1 }
            own = isNested || isSingle && (isOwn || !caller.mapsForOthers)
            var all: [(String, String)] = []
            isDenied = deny
            if deny && !own { all.append(("setgroups", "deny")) }
            if !gids.isEmpty { all.append(("gid_map", gids.map(\.line).joined())) }
            if !uids.isEmpty { all.append(("uid_map", uids.map(\.line).joined())) }
            files = all
        }
        if own {
            // Without privilege the kernel wants setgroups denied first.
            if isDenied || files.contains(where: { $0.0 == "gid_map" }) {
                steps.append(Step(.writeProc(path: "self/setgroups", Array("deny".utf8)), stage: "write setgroups"))
            }
            for (file, text) in files {
                steps.append(Step(.writeProc(path: "self/\(file)", Array(text.utf8)), stage: "write \(file)"))
            }
        } else {
            meanwhile = files.map { .write(file: $0.0, contents: Array($0.1.utf8)) }
        }
    }

    /// Root with a map of `user = "auto"` is somebody whom the new namespace does not know, until it becomes 0 there. The last of the
    /// settings: it makes the process undumpable, and the files below its /proc somebody else's.
    func addBecomeRoot(_ options: Options, _ steps: inout [Step]) {
        if case .subordinate = options.user, caller.uid == 0 { steps.append(Step(.becomeRoot(mayKeep: false))) }
    }
}
