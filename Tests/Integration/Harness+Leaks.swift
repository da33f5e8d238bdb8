import CLinux
import Glibc
import Testing

/// Looks at the machine when a test starts and when it ends, and fails it for what is left. A suite has one as a stored
/// property: each test has a suite value of its own.
final class LeakGuard {
    private let before: Set<String>

    private let patience: Double

    init(patience: Double = 3) {
        self.patience = patience
        _ = Place.program
        // A write to a run that has ended is an error to handle, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        before = LeakGuard.snapshot()
    }

    deinit {
        var left: [String] = []
        // Other tests run beside these, and other people on the machine: what is only passing is given time to pass.
        _ = eventually(patience) {
            left = LeakGuard.snapshot().subtracting(before).sorted()
            return left.isEmpty
        }
        if !left.isEmpty { Issue.record("left behind: \(left.joined(separator: "; "))") }
    }

    /// Everything that a run could leave, but processes: `Running` looks for those.
    private static func snapshot() -> Set<String> {
        var items: Set<String> = []
        for line in Place.text("/proc/self/mountinfo").split(separator: "\n") { items.insert("mount \(line)") }
        for name in Place.names("/sys/class/net") { items.insert("link \(name)") }
        for kind in ["msg", "sem", "shm"] {
            for line in Place.text("/proc/sysvipc/\(kind)").split(separator: "\n").dropFirst() {
                items.insert("\(kind) \(line.split(separator: " ").prefix(2).joined(separator: " "))")
            }
        }
        for path in directories("/sys/fs/cgroup", depth: 4) { items.insert("cgroup \(path)") }
        for name in Place.names(Place.directory) where name != "nssh" { items.insert("file \(Place.directory)/\(name)") }
        for number in Place.names("/proc/self/fd") {
            if let target = Place.link("/proc/self/fd/\(number)") { items.insert("descriptor \(number) \(target)") }
        }
        return items
    }

    private static func directories(_ path: String, depth: Int) -> [String] {
        guard depth > 0, let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append("\(path)/\(name)") }
        }
        return names + names.flatMap { directories($0, depth: depth - 1) }
    }
}
