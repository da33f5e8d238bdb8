import Glibc
import Linux

/// Who one is in a user namespace that is joined: 0 where it maps that, else whom the target is. user_namespaces(7).
enum JoinedIds {
    /// None is joined.
    case none
    /// The maps were read, and the target's ids; `isOwn`: it has nssh's own ids, in a namespace that this user made.
    case known(zeroUid: Bool, zeroGid: Bool, uid: UInt32?, gid: UInt32?, isOwn: Bool, outside: (uid: String, gid: String))
    /// There is no process to look at: the child finds out whether 0 is mapped. `isOwn`: this user has made the namespace.
    case asked(isOwn: Bool)

    /// What is to be done about them.
    enum Change: Equatable {
        case none
        case root(mayKeep: Bool)
        case ids(uid: UInt32, gid: UInt32)
    }

    /// Looks at a process in another user namespace than nssh's.
    ///
    /// - Parameter isOwn: that namespace is one of this user's own.
    init(_ process: TargetProcess, isOwn: Bool) throws(Failure) {
        let uids = JoinedIds.ranges(try process.read("uid_map")), gids = JoinedIds.ranges(try process.read("gid_map"))
        let status = try process.read("status")
        let (uid, gid) = (Proc.words(in: status, "Uid"), Proc.words(in: status, "Gid"))
        let isOwn =
            isOwn && uid.count == 4 && gid.count == 4 && uid.allSatisfy { $0 == String(geteuid()) }
            && gid.allSatisfy { $0 == String(getegid()) }
        // The effective ids, as nssh sees them.
        let outside = (uid: uid.count > 1 ? uid[1] : "?", gid: gid.count > 1 ? gid[1] : "?")
        self = .known(
            zeroUid: JoinedIds.maps(zero: uids), zeroGid: JoinedIds.maps(zero: gids), uid: JoinedIds.inside(UInt32(outside.uid), uids),
            gid: JoinedIds.inside(UInt32(outside.gid), gids), isOwn: isOwn, outside: outside)
    }

    private static func ranges(_ map: [UInt8]) -> [IDRange] {
        map.lossy.split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            return numbers.count == 3 ? IDRange(inside: numbers[0], outside: numbers[1], count: numbers[2]) : nil
        }
    }

    private static func maps(zero ranges: [IDRange]) -> Bool { ranges.contains { $0.inside == 0 && $0.count > 0 } }

    private static func inside(_ id: UInt32?, _ ranges: [IDRange]) -> UInt32? {
        guard let id, let range = ranges.first(where: { id >= $0.outside && id - $0.outside < $0.count }) else { return nil }
        return range.inside + (id - range.outside)
    }

    /// What is to be done: both ids, or none.
    ///
    /// - Parameter target: in words.
    /// - Throws: EINVAL when it maps neither 0 nor the target's ids: one would stay who one is on the host.
    func change(for target: String) throws(Failure) -> Change {
        switch self {
        case .none: return .none
        case .asked(let isOwn): return .root(mayKeep: isOwn)
        case .known(let zeroUid, let zeroGid, let uid, let gid, let isOwn, let outside):
            if zeroUid, zeroGid { return .root(mayKeep: false) }
            if isOwn { return .none }
            if let uid, let gid { return .ids(uid: uid, gid: gid) }
            let lacks =
                [
                    zeroUid ? nil : "its uid_map has no 0" + (uid == nil ? " and not the target's \(outside.uid)" : ""),
                    zeroGid ? nil : "its gid_map has no 0" + (gid == nil ? " and not the target's \(outside.gid)" : ""),
                ].compactMap { $0 }
            throw Failure(
                code: "EINVAL", "the user namespace of \(target) has nobody to be: \(lacks.joined(separator: ", "))", stage: "setresuid",
                target: target,
                hint: "nothing was run; uid and gid (-S, -G) name ids that it maps")
        }
    }

    /// The group that goes with a user id that is asked for alone.
    func gid(for target: String) throws(Failure) -> UInt32? {
        switch self {
        case .none: return nil
        case .asked: return 0
        case .known(_, let zeroGid, _, let gid, let isOwn, _):
            if zeroGid { return 0 }
            if let gid { return gid }
            if isOwn { return nil }
            _ = try change(for: target)
            return nil
        }
    }
}
