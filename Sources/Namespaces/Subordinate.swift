import CLinux
import Glibc
import Linux

/// The ids that a user may hand out in user namespaces of their own. subuid(5), subgid(5).
public enum Subordinate {
    /// The maps of `user = "auto"`: inside, 0 is the user and 1 and on are the subordinate ids. Of root, who could be anybody anyway,
    /// the subordinate ids only: 0 inside is the first of them, so that root inside is nobody outside.
    public static func map() throws(Failure) -> UserMap {
        // Whoever wrote the files there would say whose ids root gives away.
        if Foreign.isHere {
            throw Failure(
                code: "EPERM", "the subordinate ids that another's mnt namespace or root names are not taken for nssh's",
                stage: "read /etc/subuid", target: "/etc/subuid",
                hint: "give the ranges: user = { uid = {{inside, outside, count}}, gid = … }")
        }
        return try ownMap()
    }

    private static func ownMap() throws(Failure) -> UserMap {
        .subordinate(uid: try ranges("/etc/subuid", own: geteuid()), gid: try ranges("/etc/subgid", own: getegid()))
    }

    private static func ranges(_ path: String, own: UInt32) throws(Failure) -> [IDRange] {
        var found = given(in: path)
        if geteuid() == 0 {
            // What systemd keeps for containers, as the kernel lets root write any; or the first that nobody has been given.
            if found.isEmpty {
                guard let first = free(from: 524_288) else {
                    throw Failure(
                        code: "ENOENT", "root has no subordinate ids, and there are none that nobody has been given", stage: "read \(path)",
                        target: "root", hint: "a line root:START:65536 in /etc/subuid and /etc/subgid says which to use")
                }
                found = [(first, size)]
            }
            return numbered(found, from: 0)
        }
        if found.isEmpty {
            let user = userName ?? String(geteuid())
            throw Failure(
                code: "ENOENT", "\(user) has no subordinate ids: \(path) has no line for them", stage: "read \(path)", target: user,
                hint: advice(for: user))
        }
        return [IDRange(inside: 0, outside: own, count: 1)] + numbered(found, from: 1)
    }

    /// How many ids a user is usually given.
    private static let size: UInt32 = 65_536

    /// What root can do. Ids that somebody else has would give both users each other's files: it names free ones, or none.
    private static func advice(for user: String) -> String {
        guard let first = free(from: 100_000) else { return "root can add one, with ids that nobody else has: subuid(5), subgid(5)" }
        let range = "\(first)-\(first + size - 1)"
        return "root can add one: usermod --add-subuids \(range) --add-subgids \(range) \(user)"
    }

    /// The first of so many ids that neither file gives to anybody; nil where that is not known, or there are none.
    private static func free(from least: UInt32) -> UInt32? {
        var taken: [(start: UInt32, count: UInt32)] = []
        for path in ["/etc/subuid", "/etc/subgid"] {
            do throws(Failure) {
                taken += parse(try Descriptor.open(Array(path.utf8), flags: O_RDONLY).readStream().lossy, users: nil)
            } catch { if error.errno?.rawValue != ENOENT { return nil } }
        }
        return free(from: least, beside: taken)
    }

    /// The first of `size` ids from `least` on, in steps of as many, that are in no range.
    static func free(from least: UInt32, beside taken: [(start: UInt32, count: UInt32)]) -> UInt32? {
        // The highest that useradd(8) gives, SUB_UID_MAX of login.defs(5).
        stride(from: least, through: 600_100_000 - size, by: Int(size)).first { start in
            taken.allSatisfy { UInt64($0.start) + UInt64($0.count) <= UInt64(start) || start + size <= $0.start }
        }
    }

    /// The calling user's name.
    private static var userName: String? { Users.name(of: geteuid()) }

    /// What a file gives to the calling user.
    private static func given(in path: String) -> [(start: UInt32, count: UInt32)] {
        if Foreign.isHere { return [] }
        let text = (try? Descriptor.open(Array(path.utf8), flags: O_RDONLY).readStream().lossy) ?? ""
        return parse(text, users: [userName, String(geteuid())].compactMap { $0 })
    }

    /// Whether newuidmap(1) or newgidmap(1) may map these for the calling user, as lines of a file say.
    static func gives(_ ranges: [IDRange], in path: String) -> Bool {
        let lines = given(in: path)
        return ranges.allSatisfy { range in
            let end = UInt64(range.outside) + UInt64(range.count)
            return lines.contains { $0.start <= range.outside && end <= UInt64($0.start) + UInt64($0.count) }
        }
    }

    private static func numbered(_ ranges: [(start: UInt32, count: UInt32)], from first: UInt32) -> [IDRange] {
        var inside = first
        return ranges.map { range in
            defer { inside &+= range.count }
            return IDRange(inside: inside, outside: range.start, count: range.count)
        }
    }

    /// The lines `user:start:count` of these users; nil: of all.
    static func parse(_ text: String, users: [String]?) -> [(start: UInt32, count: UInt32)] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, users?.contains(String(fields[0])) ?? true, let start = UInt32(fields[1]),
                let count = UInt32(fields[2]),
                count > 0, start.addingReportingOverflow(count).overflow == false
            else { return nil }
            return (start, count)
        }
    }
}
