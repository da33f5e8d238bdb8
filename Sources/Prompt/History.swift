import CReadline
import Glibc
import Linux

/// The history file: $XDG_STATE_HOME/nssh/history, appended line by line, so that nothing is lost however nssh ends.
enum History {
    /// How many entries are kept, and from how many bytes on the file is cut down to them.
    private static let entries: Int32 = 10_000
    private static let most = 4 << 20
    nonisolated(unsafe) private static var path: String?
    nonisolated(unsafe) private static var last = ""

    /// Reads the file.
    static func load() {
        stifle_history(entries)
        nssh_history_keep_lines()
        let base =
            environmentValue("XDG_STATE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environmentValue("HOME").map { "\($0)/.local/state" }
        guard let base, base.hasPrefix("/") else { return }
        let directory = "\(base)/nssh"
        // Not the home directory itself: who has none (HOME=/nonexistent) shall not get one.
        if let home = environmentValue("HOME"), directory.hasPrefix("\(home)/") {
            var partial = home
            for part in directory.dropFirst(home.count).split(separator: "/") {
                partial += "/\(part)"
                if mkdir(partial, 0o700) < 0, Errno.last.rawValue == ENOENT { return }
            }
        } else {
            mkdir(directory, 0o700)
        }
        let file = "\(directory)/history"
        guard let descriptor = try? Descriptor.open(Array(file.utf8), flags: O_WRONLY | O_APPEND | O_CREAT, mode: 0o600) else { return }
        descriptor.close()
        path = file
        if let size = try? System.stat(Array(file.utf8)).st_size, size > most { history_truncate_file(file, entries) }
        read_history(file)
    }

    /// What was typed before is listed once, where it was typed last.
    private static func forget(_ text: String) {
        for position in stride(from: nssh_history_length() - 1, through: 0, by: -1) {
            guard let entry = history_get(nssh_history_base() + position), let line = entry.pointee.line, strcmp(line, text) == 0 else {
                continue
            }
            guard let removed = remove_history(position) else { return }
            free_history_entry(removed)
            return
        }
    }

    /// The last entries, the oldest first.
    static func last(_ count: Int) -> [String] {
        let first = max(0, nssh_history_length() - Int32(clamping: max(count, 0)))
        return (first..<max(first, nssh_history_length())).compactMap { position in
            history_get(nssh_history_base() + position)?.pointee.line.map { String(cString: $0) }
        }
    }

    /// Adds what was typed, unless it is what was typed before.
    static func add(_ text: String) {
        guard !text.isEmpty, text != last, text.utf8.first != UInt8(ascii: " ") else { return }
        last = text
        forget(text)
        add_history(text)
        if let path { append_history(1, path) }
    }
}
