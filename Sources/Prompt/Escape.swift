import Bindings
import Linux
import LuaKit

/// A line that is not Lua: `:command`, `!shell command`, `?name`.
enum Escape {
    case command(String, rest: String)
    case shell(String)
    case help(String)

    nonisolated(unsafe) private static var lastShell = ""

    /// Nil for a line of Lua.
    init?(_ line: String) {
        let text = Escape.trimmed(line[...])
        let rest = text.dropFirst()
        switch text.first {
        case ":":
            // `::label::` is Lua.
            guard let first = rest.first, first.isLetter else { return nil }
            let name = rest.prefix { !$0.isWhitespace }
            self = .command(String(name), rest: Escape.trimmed(rest.dropFirst(name.count)))
        case "!": self = .shell(Escape.trimmed(rest))
        case "?": self = .help(Escape.trimmed(rest))
        default: return nil
        }
    }

    /// Carries it out.
    func perform(_ session: Session) throws(LuaError) {
        switch self {
        case .command(let name, let rest):
            guard let command = Command.all.first(where: { $0.name == name }) else {
                throw .message("no command is called ':\(name)'\(didYouMean(name, among: Command.all.map(\.name))); :help lists them")
            }
            try command.run(session, rest)
        case .help(let name): try Command.help(session, name)
        case .shell(let line): try Escape.shell(session, line)
        }
    }

    /// In the terminal's foreground, in the place of `:in` if there is one. What it ends with is shown unless all went well.
    private static func shell(_ session: Session, _ typed: String) throws(LuaError) {
        let line = typed == "!" ? lastShell : typed
        if line.isEmpty { throw .message("say which command: !ls") }
        if typed == "!" { writeOut("!\(line)\n") }
        lastShell = line
        let lua = session.state.lua
        let base = lua.top
        lua.reserve(8)
        session.state.push(Binding.shell, lua)
        if let place = session.place { place.push(lua) }
        lua.pushTable(array: 3)
        for (position, word) in ["/bin/sh", "-c", line].enumerated() {
            lua.push(word)
            lua.rawSet(-2, position + 1)
        }
        try lua.call(arguments: lua.top - base - 1, results: 1, traceback: true)
        session.transcript.add(shell: line, session.place?.label)
        if lua.kind(-1) == .table {
            lua.rawGet(-1, "ok")
            let isOk = lua.boolean(-1)
            lua.pop()
            if !isOk { writeOut(Values.text(lua, from: lua.top) + "\n") }
        } else {
            try session.keep(lua, lua.top)
            writeOut("stopped: \(Values.text(lua, from: lua.top)); _:fg() lets it go on\n")
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
