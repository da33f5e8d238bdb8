import Bindings
import Glibc
import Linux
import LuaKit
import Namespaces

/// The prompt: reads, evaluates, shows. ^C clears the line or stops the code, and never ends nssh; ^D does.
public struct ReadLoop {
    private let state: LuaState
    private let session: Session
    private let runsStartup: Bool

    /// A prompt on this state.
    ///
    /// - Parameter runsStartup: the user's own file runs first.
    public init(_ state: LuaState, runsStartup: Bool) {
        self.state = state
        self.runsStartup = runsStartup
        session = Session(state)
    }

    /// What is read before the first prompt: to be called before a script can take nssh to where other files are.
    public static func prepare() { if isatty(0) == 1 { LineReader.prepare() } }

    /// Runs until ^D, `:quit` or a fatal signal; the exit code.
    public func run() -> Int32 {
        let isTerminal = isatty(0) == 1
        Home.note()
        if isTerminal {
            Binding.keepsJobs = true
            LineReader.prepare()
            Completer.install(session)
            History.load()
        }
        if runsStartup { Startup.run(session) }
        if isTerminal { writeOut("nssh, Lua 5.4. help() explains, :help lists commands, ^D ends.\n") }
        loop(isTerminal)
        // Children and namespaces that locals hold are let go of before the state is.
        do throws(LuaError) { try session.locals.close(state.lua) } catch { session.report(error, "") }
        return 0
    }

    private func loop(_ isTerminal: Bool) {
        var pending = ""
        while !session.isOver {
            StandardStreams.flush()
            Completer.pending = pending
            let prompt = pending.isEmpty ? PromptText.first(session) : PromptText.next(session)
            // A prompt can be a function, and a signal may have come while it ran.
            if FatalSignal.hasCome() { return }
            switch LineReader.read(prompt, isStopped: { state.isInterrupted }) {
            case .end:
                if isTerminal { writeOut("\n") }
                return
            case .interrupted:
                state.clearInterrupt()
                pending = ""
            case .noText:
                // With other bytes in their place something else would be done than what was typed.
                StandardStreams.writeError("the line is not UTF-8, and was not taken; in strings of Lua \\xff is such a byte\n")
            case .line(let line):
                let text = pending.isEmpty ? line : pending + "\n" + line
                if text.utf8.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 10 }) {
                    pending = ""
                } else if pending.isEmpty, let escape = Escape(line) {
                    perform(escape, line)
                } else {
                    pending = session.evaluate(text) ? "" : text
                }
            }
            if FatalSignal.hasCome() { return }
        }
    }

    private func perform(_ escape: Escape, _ line: String) {
        History.add(line)
        let lua = state.lua
        let top = lua.top
        do throws(LuaError) { try escape.perform(session) } catch { session.report(error, line) }
        lua.top = top
    }
}

/// Whether a signal has come that ends nssh; set by whoever handles the signals.
public enum FatalSignal {
    /// Asked at every interrupt.
    nonisolated(unsafe) public static var hasCome: () -> Bool = { false }
}
