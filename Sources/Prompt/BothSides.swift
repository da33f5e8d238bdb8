import Bindings
import Linux
import LuaKit

/// `:both`: an expression here and over there, side by side.
enum BothSides {
    /// Evaluates it on both sides and shows what differs. An error on one side is what is shown of it.
    static func show(_ session: Session, _ expression: String) throws(LuaError) {
        if expression.isEmpty { throw .message("say what: :both sys.hostname()") }
        guard let place = session.place ?? session.lastPlace else { throw .message("say first where the other side is: :in box") }
        // Side by side if each has half of the terminal, at least.
        let columns = max((Printer.terminalColumns - 7) / 2, 40)
        let here = text(session, expression, nil, columns)
        let there = text(session, expression, place, columns)
        writeOut(lines(("here", here), (place.label, there), columns: Printer.terminalColumns) + "\n")
    }

    private static func text(_ session: Session, _ expression: String, _ place: Place?, _ columns: Int) -> String {
        let lua = session.state.lua
        let top = lua.top
        defer { lua.top = top }
        do throws(LuaError) {
            try session.load(lua, expression)
            if let place {
                try place.call(lua, showing: true, columns: columns, isCompared: true)
                return lua.string(top + 2) ?? ""
            }
            try lua.call(arguments: 0, results: -1, traceback: true)
            return Values.text(lua, from: top + 1, columns: columns, colours: false)
        } catch {
            let message = ErrorText.of(error, lua)
            return "error: " + String(message.split(separator: "\n").first ?? "")
        }
    }

    /// The two texts below each other, those of several lines side by side where the terminal is wide enough.
    static func lines(_ here: (label: String, text: String), _ there: (label: String, text: String), columns: Int) -> String {
        let left = here.text.split(separator: "\n", omittingEmptySubsequences: false)
        let right = there.text.split(separator: "\n", omittingEmptySubsequences: false)
        let label = max(TextWidth.of(here.label), TextWidth.of(there.label)) + 2
        func padded(_ text: some StringProtocol, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - TextWidth.of(String(text))))
        }
        if left.count <= 1, right.count <= 1 {
            let mark = here.text == there.text ? "= " : "≠ "
            return "  \(padded(here.label, label))\(here.text)\n\(mark)\(padded(there.label, label))\(there.text)"
        }
        let width = max(left.map { TextWidth.of(String($0)) }.max() ?? 0, TextWidth.of(here.label))
        guard width + 3 + (right.map { TextWidth.of(String($0)) }.max() ?? 0) <= columns else {
            return here.text == there.text
                ? "= both sides:\n\(here.text)" : "  \(here.label):\n\(here.text)\n≠ \(there.label):\n\(there.text)"
        }
        var lines = ["  \(padded(here.label, width))   \(there.label)"]
        for position in 0..<max(left.count, right.count) {
            let one = position < left.count ? left[position] : ""
            let other = position < right.count ? right[position] : ""
            lines.append((one == other ? "  " : "≠ ") + padded(one, width) + "   " + other)
        }
        return lines.joined(separator: "\n")
    }
}
