import CReadline
import Glibc
import Linux

/// The history: $XDG_STATE_HOME/nssh/history, to which each input is added at once, so that nothing is lost however nssh ends.
enum History {
    /// How many entries are kept, and from how many bytes on the file is cut down to half of that.
    private static let entries = 10_000
    private static let most = 4 << 20
    nonisolated(unsafe) private static var file: StateFile?
    nonisolated(unsafe) private static var last = ""

    /// Reads the file.
    static func load() {
        stifle_history(Int32(entries))
        nssh_history_keep_lines()
        do throws(Failure) {
            let file = try StateFile("history")
            self.file = file
            try file.update(last: most) { bytes, isCut in
                let found = HistoryText.entries(bytes, isCut: isCut)
                for entry in found.suffix(entries) {
                    // A line with a zero was not typed.
                    guard let text = try? entry.text.cString("history") else { continue }
                    add_history(text)
                    if let stamp = try? entry.stamp?.cString("history") { add_history_time(stamp) }
                }
                return isCut ? shortened(found) : nil
            }
        } catch {
            // There is no place for it: then there is none. Anything else is worth a word.
            if [ENOENT, ENOTDIR, EACCES, EROFS].contains(error.errno?.rawValue) { return }
            StandardStreams.writeError("nssh: no history: \(error.message)\n")
        }
    }

    /// The last entries, as many as half of a file holds.
    private static func shortened(_ found: [HistoryText.Entry]) -> [UInt8] {
        var kept: [[UInt8]] = []
        var size = 0
        for entry in found.suffix(entries).reversed() {
            let bytes = HistoryText.bytes(entry)
            size += bytes.count
            if size > most / 2 { break }
            kept.append(bytes)
        }
        return Array(kept.reversed().joined())
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
        guard let file else { return }
        let entry = HistoryText.Entry(stamp: Array("#\(time(nil))".utf8), text: Array(text.utf8))
        do throws(Failure) { try file.append(HistoryText.bytes(entry)) } catch {
            // Once is enough.
            self.file = nil
            StandardStreams.writeError("nssh: no more history: \(error.message)\n")
        }
    }
}
