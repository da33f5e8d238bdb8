import CLinux
import Glibc

/// A process as /proc shows it.
struct ProcessEntry: Hashable, CustomStringConvertible {
    var pid: Int32
    var name: String
    var state: Character
    var parent, session: Int32

    var description: String { "\(pid) \(name) (state \(state), parent \(parent), session \(session))" }

    /// Reads /proc/PID/stat; nil when the process is gone. proc_pid_stat(5).
    init?(_ pid: Int32) {
        let text = Place.text("/proc/\(pid)/stat")
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 3, let state = fields[0].first, let parent = Int32(fields[1]), let session = Int32(fields[3])
        else { return nil }
        self.pid = pid
        self.state = state
        self.parent = parent
        self.session = session
        name = String(text[text.index(after: open)..<close])
    }

    /// The processor time that it has taken in user mode, in clock ticks; nil when it is gone.
    static func ticks(_ pid: Int32) -> Int? {
        let text = Place.text("/proc/\(pid)/stat")
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        return fields.count > 11 ? Int(fields[11]) : nil
    }

    /// Whether it is gone, or only waits to be reaped.
    static func isDead(_ pid: Int32) -> Bool { ProcessEntry(pid)?.isEnding ?? true }

    /// Whether it is on its way out: its memory is gone. The init of a pid namespace stays like that, sleeping, until all others
    /// in it have been reaped.
    var isEnding: Bool {
        state == "Z" || state == "X" || !Place.text("/proc/\(pid)/status").contains("VmSize:")
    }

    /// All that belong to a run: in its session, or with its marker in their environment. Zombies too, but for orphans: when
    /// init reaps those is its own affair.
    static func of(session: Int32, marker: String) -> [ProcessEntry] {
        let marker = Array("NSSH_TEST_RUN=\(marker)".utf8)
        let all = Place.names("/proc").compactMap { Int32($0) }.compactMap { pid -> ProcessEntry? in
            guard let entry = ProcessEntry(pid) else { return nil }
            if entry.session == session { return entry }
            let environment = Place.read("/proc/\(pid)/environ").split(separator: 0)
            return environment.contains { $0.elementsEqual(marker) } ? entry : nil
        }
        return all.filter { entry in !entry.isEnding || entry.pid == session || all.contains { $0.pid == entry.parent } }
    }
}

/// Seconds on a clock that never goes back.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Whether `condition` comes true within so many seconds: looked at again and again, since nothing tells.
func eventually(_ seconds: Double = 5, _ condition: () -> Bool) -> Bool {
    let deadline = now() + seconds
    while !condition() {
        if now() > deadline { return false }
        usleep(3000)
    }
    return true
}
