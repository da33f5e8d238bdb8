import CLinux
import Glibc
import Linux

/// The ids that a user may hand out in user namespaces of their own. subuid(5), subgid(5).
public enum Subordinate {
    /// The maps of `user = "auto"`: inside, 0 is the user and 1 and on are the subordinate ids. Of root, who could be anybody anyway,
    /// the subordinate ids only: 0 inside is the first of them, so that root inside is nobody outside.
    public static func map() throws(Failure) -> UserMap {
        .subordinate(uid: try ranges("/etc/subuid", own: geteuid()), gid: try ranges("/etc/subgid", own: getegid()))
    }

    private static func ranges(_ path: String, own: UInt32) throws(Failure) -> [IDRange] {
        let name = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) }
        var found: [(start: UInt32, count: UInt32)] = []
        if let text = try? Descriptor.open(Array(path.utf8), flags: O_RDONLY).readStream().lossy {
            found = parse(text, users: [name, String(geteuid())].compactMap { $0 })
        }
        if geteuid() == 0 {
            // What systemd keeps for containers, as the kernel lets root write any.
            if found.isEmpty { found = [(524_288, 65_536)] }
            return numbered(found, from: 0)
        }
        if found.isEmpty {
            let user = name ?? String(geteuid())
            throw Failure(
                code: "ENOENT", "\(user) has no subordinate ids: \(path) has no line for them", stage: "read \(path)", target: user,
                hint: "root can add one: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(user)")
        }
        return [IDRange(inside: 0, outside: own, count: 1)] + numbered(found, from: 1)
    }

    /// Whether newuidmap(1) or newgidmap(1) may map these for the calling user, as lines of a file say.
    static func gives(_ ranges: [IDRange], in path: String) -> Bool {
        let name = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) }
        let text = (try? Descriptor.open(Array(path.utf8), flags: O_RDONLY).readStream().lossy) ?? ""
        let lines = parse(text, users: [name, String(geteuid())].compactMap { $0 })
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

    /// The lines `user:start:count` of these users.
    static func parse(_ text: String, users: [String]) -> [(start: UInt32, count: UInt32)] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, users.contains(String(fields[0])), let start = UInt32(fields[1]), let count = UInt32(fields[2]),
                count > 0, start.addingReportingOverflow(count).overflow == false
            else { return nil }
            return (start, count)
        }
    }
}
