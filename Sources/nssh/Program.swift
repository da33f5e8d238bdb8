import Bindings
import CLinux
import Glibc
import Linux
import LuaKit
import Namespaces
import Prompt

/// The command: options, scripts, the prompt, exit codes.
enum Program {
    static let version = "0.1.0"

    static func main() -> Int32 {
        guard fillStandardStreams() else { return 1 }
        nssh_watch_output(1)
        Proc.open()
        if let first = Arguments.first, let command = ShellCommand.named(first) {
            return command.run(Arguments.words.dropFirst(2))
        }
        let arguments: Arguments
        do throws(Arguments.Problem) { arguments = try Arguments() } catch {
            switch error {
            case .unknown(let option): complain("unknown option '\(option.lossy)'")
            case .missing(let option): complain("'\(option.lossy)' needs an argument")
            }
            complain("try nssh --help")
            return 1
        }
        if arguments.help {
            writeOut(Arguments.usage)
            return 0
        }
        Foreign.noteInherited()
        guard let state = Runtime.make(ignoringEnvironment: arguments.ignoresEnvironment) else {
            complain("not enough memory")
            return 1
        }
        state.preload("nssh.commands", CommandReference.loader)
        SysTerminal.handleSignals = { InterruptSignals.install(state) }
        SysTerminal.handleSignals()
        // os.exit comes here too; children die with nssh in any case, but not unreaped and not without their groups.
        atexit { Children.closeAll() }
        let status = run(state, arguments)
        state.close()
        Children.closeAll()
        StandardStreams.flush()
        InterruptSignals.endAsSignalled()
        return status
    }

    private static func run(_ state: LuaState, _ arguments: Arguments) -> Int32 {
        if arguments.version { writeOut("nssh \(version)  Lua 5.4\n") }
        let isPlain = arguments.actions.allSatisfy { if case .chunk = $0 { false } else { true } }
        let prompts = arguments.interactive || !arguments.hasScript && isPlain && !arguments.version && isatty(0) == 1
        if prompts { ReadLoop.prepare() }
        do throws(LuaError) {
            setArg(state.lua, arguments)
            if !arguments.ignoresEnvironment { try runInit(state) }
            for action in arguments.actions { try perform(action, state) }
            if arguments.hasScript { try runScript(state, arguments) }
            if prompts {
                return ReadLoop(state, runsStartup: !arguments.ignoresEnvironment).run()
            }
            if !arguments.hasScript, isPlain, !arguments.version { try runInput(state, arguments) }
            return 0
        } catch {
            return report(error, state)
        }
    }

    /// `arg`: the script at 0, its arguments from 1, what came before at negative positions.
    private static func setArg(_ lua: Lua, _ arguments: Arguments) {
        let zero = arguments.hasScript ? arguments.script : 0
        lua.reserve(4)
        lua.pushGlobals()
        lua.pushTable()
        for (position, argument) in arguments.all.enumerated() {
            lua.push(argument)
            lua.rawSet(-2, position - zero)
        }
        lua.rawSet(-2, "arg")
        lua.pop()
    }

    private static func runInit(_ state: LuaState) throws(LuaError) {
        for name in ["LUA_INIT_5_4", "LUA_INIT"] {
            guard let value = environmentBytes(name) else { continue }
            if value.first == UInt8(ascii: "@") {
                try runFile(state, Array(value.dropFirst()), arguments: 0)
            } else {
                try state.lua.loadRelaxed(value, name: "=\(name)")
                try state.lua.call(arguments: 0, results: 0, traceback: true)
            }
            return
        }
    }

    private static func perform(_ action: Arguments.Action, _ state: LuaState) throws(LuaError) {
        let lua = state.lua
        switch action {
        case .chunk(let source):
            try lua.loadRelaxed(source, name: "=(command line)")
            try lua.call(arguments: 0, results: 0, traceback: true)
        case .library(let text):
            let equals = text.firstIndex(of: UInt8(ascii: "="))
            let module = equals.map { Array(text[($0 + 1)...]) } ?? text
            let global = equals.map { Array(text[..<$0]) } ?? Array(text.prefix { $0 != UInt8(ascii: "-") })
            lua.pushGlobals()
            lua.rawGet(-1, "require")
            lua.push(module)
            try lua.call(arguments: 1, results: 1, traceback: true)
            lua.rawSet(-2, global)
            lua.pop()
        case .warnings:
            state.setWarnings(true)
            try GlobalNames.watch(lua, "warn")
        case .strict: try GlobalNames.watch(lua, "error")
        }
    }

    private static func runScript(_ state: LuaState, _ arguments: Arguments) throws(LuaError) {
        if let part = arguments.course { return try runCourse(state, part) }
        let name = arguments.all[arguments.script]
        let rest = arguments.all.count - arguments.script - 1
        if name == [UInt8(ascii: "-")], arguments.all[arguments.script - 1].lossy != "--" {
            try runInput(state, arguments)
            return
        }
        if (try? System.stat(name)) == nil, let bundled = BundledScript.named(name.lossy) {
            try state.lua.loadRelaxed(bundled.source, name: bundled.chunkName)
            try callScript(state, arguments: rest)
            return
        }
        try runFile(state, name, arguments: rest)
    }

    /// Calls a function of the course, which reads `arg`.
    private static func runCourse(_ state: LuaState, _ part: String) throws(LuaError) {
        let lua = state.lua
        lua.pushGlobals()
        lua.rawGet(-1, "require")
        lua.push("nssh.course")
        try lua.call(arguments: 1, results: 1, traceback: true)
        lua.rawGet(-1, part)
        try lua.call(arguments: 0, results: 0, traceback: true)
    }

    /// Standard input as a script.
    private static func runInput(_ state: LuaState, _ arguments: Arguments) throws(LuaError) {
        let source: [UInt8]
        let input = Descriptor(0)
        defer { _ = input.take() }
        do throws(Failure) { source = try input.readStream(limit: .max) } catch {
            throw .message("cannot read standard input: \(error.message)")
        }
        try state.lua.loadRelaxed(withoutShebang(source), name: "=stdin")
        try callScript(state, arguments: max(arguments.all.count - arguments.script - 1, 0))
    }

    private static func runFile(_ state: LuaState, _ path: [UInt8], arguments: Int) throws(LuaError) {
        let source: [UInt8]
        do throws(Failure) { source = try Descriptor.open(path, flags: O_RDONLY).readStream(limit: .max) } catch {
            let isName = !path.contains(UInt8(ascii: "/"))
            let names = BundledScript.all.filter { $0.moduleName == nil }.map(\.name) + ShellCommand.all.map(\.name)
            let hint = isName && error.errno?.rawValue == ENOENT ? didYouMean(path.lossy, among: names) : ""
            throw .message("cannot open \(path.lossy): \(error.errno?.text ?? error.message)\(hint)")
        }
        try state.lua.loadRelaxed(withoutShebang(source), name: [UInt8(ascii: "@")] + path)
        try callScript(state, arguments: arguments)
    }

    /// The first line `#!…` is a comment; its line break stays, so that line numbers do.
    private static func withoutShebang(_ source: [UInt8]) -> [UInt8] {
        source.first == UInt8(ascii: "#") ? Array(source.drop { $0 != 10 }) : source
    }

    /// Calls the chunk on top of the stack with `arg[1]` and so on.
    private static func callScript(_ state: LuaState, arguments: Int) throws(LuaError) {
        let lua = state.lua
        guard lua.reserve(Int32(arguments) + 4) else { throw .message("too many arguments to script") }
        lua.pushGlobals()
        lua.rawGet(-1, "arg")
        lua.remove(-2)
        let table = lua.top
        // The script may have replaced arg in -e: then it gets what is there.
        if lua.kind(table) == .table { for position in stride(from: 1, through: arguments, by: 1) { lua.rawGet(table, position) } }
        let count = lua.top - table
        lua.remove(table)
        try lua.call(arguments: count, results: 0, traceback: true)
    }

    /// Shows an error that nobody caught.
    private static func report(_ error: LuaError, _ state: LuaState) -> Int32 {
        if state.isInterrupted {
            state.clearInterrupt()
            if InterruptSignals.fatal == 0 { complain("interrupted") }
            return 130
        }
        complain(ErrorText.of(error, state.lua))
        return 1
    }

    /// Descriptors 0, 1 and 2 are open, so that nothing else gets their numbers: what is printed must not go into a script's file.
    private static func fillStandardStreams() -> Bool {
        do throws(Failure) { try StandardStreams.fill() } catch {
            complain("standard input, output or error is closed, and nothing can be opened in its place: \(error.message)")
            return false
        }
        return true
    }
}

/// Writes a line to standard error, escaped.
func complain(_ text: String) { StandardStreams.complain(text) }
