import CReadline
import Glibc
import Linux

/// The line below the cursor's while the arguments of a call are typed: its signature, and what stands at the cursor.
///
/// It is drawn after readline has drawn the line, with the cursor at its end, and is gone with the next line. A terminal that does not
/// move its cursor by escape sequences (TERM=dumb) has none.
enum Hint {
    /// What to show for a line up to the cursor; nil for nothing.
    nonisolated(unsafe) private static var text: ([UInt8]) -> String? = { _ in nil }
    nonisolated(unsafe) private static var isShown = false
    /// Nothing is drawn for now.
    nonisolated(unsafe) static var isPaused = false

    /// Draws from now on.
    static func install(_ text: @escaping ([UInt8]) -> String?) {
        guard isatty(1) == 1, !["", "dumb"].contains(environmentValue("TERM") ?? "") else { return }
        self.text = text
        // readline takes the terminal for a dumb one, without bracketed paste and rows, when it finds this function as it starts.
        rl_initialize()
        nssh_rl_set_redisplay {
            Hint.erase()
            rl_redisplay()
            Hint.draw()
        }
    }

    /// Clears it: the cursor is in the line below the input.
    static func clear() {
        guard isShown else { return }
        isShown = false
        LineReader.writeTerminal("\u{1b}[J")
    }

    /// Clears it while the cursor is still where it was drawn: readline may move it up, or write over a part of the row.
    private static func erase() {
        if isPaused || !isShown { return }
        isShown = false
        LineReader.writeTerminal("\u{1b}7\u{1b}[B\r\u{1b}[K\u{1b}8")
    }

    private static func draw() {
        if isPaused { return }
        var hint: String?
        // In the middle of a line the rows below may be its own.
        if nssh_rl_point() == nssh_rl_end(), nssh_rl_point() > 0 {
            hint = text(Array(UnsafeRawBufferPointer(start: nssh_rl_line(), count: Int(nssh_rl_point()))))
        }
        guard let hint else { return }
        isShown = true
        // Down and up again makes a row below at the end of the screen; then: keep the place, a row down, its start, clear, back.
        let shown = "\u{1b}[2m\(TextWidth.cut(hint, to: Printer.terminalColumns - 1))\u{1b}[22m"
        LineReader.writeTerminal("\u{1b}D\u{1b}M\u{1b}7\u{1b}[B\r\u{1b}[K\(shown)\u{1b}8")
    }
}
