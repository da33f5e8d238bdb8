import Glibc
import Linux

/// Tells on a terminal how far a scan is, when it takes longer than half a second: one line of standard error, which is gone at the end.
final class ScanProgress {
    private let isTerminal: Bool
    private var next = monotonicSeconds() + 0.5
    private var isShown = false

    init() { isTerminal = isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(environmentValue("TERM") ?? "") }

    /// A step; ten lines a second are enough.
    func step(_ source: Snapshot.Source, _ done: Int, _ all: Int) {
        guard isTerminal, case let now = monotonicSeconds(), now >= next else { return }
        next = now + 0.1
        isShown = true
        write("\r\u{1B}[Klooking at \(source.rawValue): \(done) of \(all)")
    }

    /// Takes the line away.
    func end() { if isShown { write("\r\u{1B}[K") } }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

extension Scan {
    /// As `take`, with a line on the terminal while it takes long.
    public static func takeVisibly(_ options: ScanOptions = ScanOptions()) throws(Failure) -> Snapshot {
        let progress = ScanProgress()
        defer { progress.end() }
        return try take(options, progress: progress.step)
    }
}
