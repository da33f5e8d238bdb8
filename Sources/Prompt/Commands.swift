import Bindings
import Glibc
import Linux
import LuaKit
import Namespaces

/// A command of the prompt: a line that begins with a colon.
struct Command {
    /// Its name, without the colon.
    let name: String
    /// What follows it, for help.
    let arguments: String
    /// One line.
    let summary: String
    let run: (Session, String) throws(LuaError) -> Void

    /// All of them, in the order of help.
    nonisolated(unsafe) static let all: [Command] =
        looking + places + files + [
            Command(name: "help", arguments: "[NAME]", summary: "lists these commands, or explains a name as help(NAME)") {
                session, rest throws(LuaError) in
                guard rest.isEmpty else { return try help(session, rest) }
                for command in all {
                    let left = ":\(command.name) \(command.arguments)"
                    writeOut("  \(left)\(String(repeating: " ", count: max(1, 22 - left.count)))\(command.summary)\n")
                }
                writeOut("  !COMMAND              runs a shell command, in the terminal; !! runs the last one again\n")
                writeOut("  ?NAME                 explains a name: ?ns.clone\n")
            },
            Command(name: "example", arguments: "NAME", summary: "shows and runs the example that help has: :example ns.clone") {
                session, rest throws(LuaError) in
                guard let example = Help.example(for: rest, in: session.state) else {
                    throw .message("no function is called '\(rest)'\(didYouMean(rest, among: Help.names(in: session.state)))")
                }
                for line in example.split(separator: "\n", omittingEmptySubsequences: false) { writeOut("  \(line)\n") }
                // A chunk of several lines: its locals end with it.
                _ = session.evaluate("do\n\(example)\nend")
            },
            Command(name: "quit", arguments: "", summary: "ends nssh, as ^D does") { session, _ throws(LuaError) in session.isOver = true },
        ]

    nonisolated(unsafe) private static let looking = [
        Command(name: "plan", arguments: "", summary: "shows the kernel calls of the last input, with results and times") {
            session, _ throws(LuaError) in
            if session.calls.isEmpty { return writeOut("no calls about namespaces\n") }
            for call in session.calls { writeOut(TraceTable.line(call) + "\n") }
        },
        Command(name: "time", arguments: "CHUNK", summary: "runs a chunk and tells how long it took") { session, rest throws(LuaError) in
            if rest.isEmpty { throw .message("say what: :time ns.run{\"true\"}") }
            if !session.evaluate(rest, timed: true) { throw .message("the chunk is not complete") }
        },
        Command(name: "history", arguments: "[COUNT]", summary: "lists what was typed") { session, rest throws(LuaError) in
            for line in History.last(Int(rest) ?? 25) { writeOut("\(line)\n") }
        },
    ]

    nonisolated(unsafe) private static let places = [
        Command(name: "in", arguments: "TARGET", summary: "from now on lines are evaluated in a process or namespace") {
            session, rest throws(LuaError) in
            if rest.isEmpty { throw .message("say where: :in box, where box is a process, a handle or a pid") }
            let lua = session.state.lua
            try session.value(lua, of: rest)
            let place = Place(lua, label: rest)
            // That it is a target, and can be entered, shows by entering it.
            try lua.load(Array("return true".utf8), name: "=stdin")
            try place.call(lua, showing: false)
            session.place = place
            session.lastPlace = place
            session.transcript.add(line: "-- in \(rest):")
        },
        Command(name: "out", arguments: "", summary: "comes back from :in") { session, _ throws(LuaError) in
            if session.place == nil { throw .message("nssh is not in another place; :home goes back after ns.unshare and ns.setns") }
            session.place = nil
        },
        Command(name: "both", arguments: "EXPRESSION", summary: "evaluates here and in the place of :in, and shows both sides") {
            session, rest throws(LuaError) in try BothSides.show(session, rest)
        },
        Command(name: "home", arguments: "", summary: "goes back to the namespaces that nssh started in, as ns.home()") {
            session, _ throws(LuaError) in
            do throws(Failure) {
                let types = try Home.comeBack()
                writeOut(types.isEmpty ? "nssh has not moved\n" : "back in: \(types.map(\.rawValue).joined(separator: ", "))\n")
            } catch { throw LuaError.message(error.message) }
        },
        Command(name: "close", arguments: "[LOCAL]", summary: "closes what `local x <close>` holds, or all of it") {
            session, rest throws(LuaError) in
            if !rest.isEmpty, !session.locals.open.contains(rest) { throw .message("no open `local \(rest) <close>`") }
            try session.locals.close(session.state.lua, rest.isEmpty ? nil : rest)
        },
    ]

    nonisolated(unsafe) private static let files = [
        Command(name: "load", arguments: "FILE", summary: "runs a file of Lua; :reload runs it again") { session, rest throws(LuaError) in
            if rest.isEmpty { throw .message("say which file: :load recipe.lua") }
            try load(session, rest)
            session.loaded = rest
        },
        Command(name: "reload", arguments: "", summary: "runs the file of the last :load again") { session, _ throws(LuaError) in
            guard let file = session.loaded else { throw .message("nothing was loaded yet: :load FILE") }
            try load(session, file)
        },
        Command(name: "save", arguments: "FILE", summary: "writes what was typed and worked, as a script") {
            session, rest throws(LuaError) in
            if rest.isEmpty { throw .message("say where: :save recipe.lua") }
            guard let script = session.transcript.script else { throw .message("nothing was typed yet that worked") }
            do throws(Failure) {
                // What is there stays there: a slip of the tongue must not cost a file.
                let file = try Descriptor.open(Array(rest.utf8), flags: O_WRONLY | O_CREAT | O_EXCL)
                do throws(Failure) { try file.writeAll(Array(script.utf8)) } catch {
                    // Half a script would also be in the way of the next try.
                    unlink(rest)
                    throw error
                }
            } catch { throw .message(error.message) }
            writeOut("saved: nssh \(rest)\n")
        },
        Command(name: "demo", arguments: "[DEMO]", summary: "runs a bundled demonstration, or lists them") {
            session, rest throws(LuaError) in
            let scripts = BundledScript.all.filter { $0.moduleName == nil }
            let names = [rest, "\(rest).lua", "demo_\(rest).lua"]
            if let script = scripts.first(where: { names.contains($0.name) }) {
                try session.state.lua.loadRelaxed(script.source, name: script.chunkName)
                return try session.state.lua.call(arguments: 0, results: 0, traceback: true)
            }
            if !rest.isEmpty { throw .message("no demonstration is called '\(rest)'\(didYouMean(rest, among: scripts.map(\.name)))") }
            for script in scripts {
                writeOut("  \(script.name)\(String(repeating: " ", count: max(1, 20 - script.name.count)))\(script.summary)\n")
            }
        },
    ]

    private static func load(_ session: Session, _ path: String) throws(LuaError) {
        let source: [UInt8]
        do throws(Failure) { source = try Descriptor.open(Array(path.utf8), flags: O_RDONLY).readStream(limit: .max) } catch {
            throw .message(error.message)
        }
        let code = source.first == UInt8(ascii: "#") ? Array(source.drop { $0 != 10 }) : source
        try session.state.lua.loadRelaxed(code, name: "@\(path)")
        try session.state.lua.call(arguments: 0, results: 0, traceback: true)
        session.transcript.add(line: "dofile(\(Quoting.quote(path.utf8)))")
    }

    /// `help` with a name; the overview without one.
    static func help(_ session: Session, _ name: String) throws(LuaError) {
        let lua = session.state.lua
        session.state.push(Help.function, lua)
        if name.isEmpty { lua.pushNil() } else { lua.push(name) }
        try lua.call(arguments: 1, results: 0)
    }
}
