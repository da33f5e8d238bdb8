import Bindings
import Glibc
import Linux
import LuaKit

/// The prompt: reads, evaluates, shows. ^C clears the line or stops the code, and never ends nssh; ^D does.
public struct ReadLoop {
    private let state: LuaState

    /// A prompt on this state.
    public init(_ state: LuaState) { self.state = state }

    /// Runs until ^D or a fatal signal; the exit code.
    public func run() -> Int32 {
        let isTerminal = isatty(0) == 1
        if isTerminal {
            LineReader.prepare()
            History.load()
            writeOut("nssh, Lua 5.4. help() explains, ^D ends.\n")
        }
        var pending = ""
        while true {
            fflush(nil)
            switch LineReader.read(pending.isEmpty ? "nssh> " : "   >> ", isStopped: { state.isInterrupted }) {
            case .end:
                if isTerminal { writeOut("\n") }
                return 0
            case .interrupted:
                state.clearInterrupt()
                pending = ""
                if FatalSignal.hasCome() { return 0 }
            case .line(let line):
                let text = pending.isEmpty ? line : pending + "\n" + line
                if text.utf8.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 10 }) {
                    pending = ""
                    continue
                }
                pending = evaluate(text) ? "" : text
                if FatalSignal.hasCome() { return 0 }
            }
        }
    }

    /// Runs a chunk and shows its values; false when it is not complete yet.
    private func evaluate(_ text: String) -> Bool {
        let lua = state.lua
        let top = lua.top
        defer { lua.top = top }
        do throws(LuaError) {
            let isComplete: Bool
            do throws(LuaError) { isComplete = try load(lua, text) } catch {
                History.add(text)
                throw error
            }
            if !isComplete { return false }
            // Before it runs: it may end nssh.
            History.add(text)
            try lua.call(arguments: 0, results: -1, traceback: true)
            lua.reserve(10)
            if lua.top > top {
                var printer = Printer(lua)
                let shown = (top + 1...lua.top).map { printer.show($0) }
                writeOut(shown.joined(separator: "\t") + "\n")
            }
        } catch {
            let wasInterrupted = state.isInterrupted
            state.clearInterrupt()
            lua.top = top
            fflush(nil)
            LineReader.writeError((wasInterrupted ? "interrupted" : ErrorText.of(error, lua)) + "\n")
        }
        return true
    }

    /// Loads an expression or a statement; false when more lines are needed.
    private func load(_ lua: Lua, _ text: String) throws(LuaError) -> Bool {
        do throws(LuaError) {
            try lua.loadRelaxed(Array("return \(text)".utf8), name: "=stdin")
            return true
        } catch {}
        do throws(LuaError) {
            try lua.loadRelaxed(Array(text.utf8), name: "=stdin")
            return true
        } catch {
            if case .value(let reference) = error {
                reference.push(lua)
                defer { lua.pop() }
                if let message = lua.string(-1), message.hasSuffix("<eof>") { return false }
            }
            throw error
        }
    }
}

/// Whether a signal has come that ends nssh; set by whoever handles the signals.
public enum FatalSignal {
    /// Asked at every interrupt.
    nonisolated(unsafe) public static var hasCome: () -> Bool = { false }
}
