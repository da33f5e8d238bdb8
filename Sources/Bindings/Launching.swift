import CLinux
import Glibc
import Linux
import LuaKit
import Namespaces

/// What clone, run, call and shell have in common, as functions and as methods.
enum Launching {
    /// Whether a program that ^Z stops in the foreground stays stopped: there is a prompt to come back to.
    nonisolated(unsafe) static var keepsJobs = false

    /// process:fg.
    static func foreground(_ call: LuaCall) throws(LuaError) -> Int {
        let object = try call.receiver(ProcessObject.self)
        try object.requireOpen()
        try kernel { () throws(Failure) in try object.process.requireUseOfTerminal() }
        guard let terminal = Terminal(0) else { throw .message("process:fg: nssh has no terminal to give, or is in the background") }
        StandardStreams.flush()
        let exit = try kernel { () throws(Failure) in try object.process.goOn(in: terminal, keepsJobs: keepsJobs) }
        if exit != nil { try object.pushResult(call.lua) } else { call.lua.push(object) }
        return 1
    }

    /// Makes the child; a function body runs in the copy of nssh and never comes back from here.
    private static func launch(_ lua: Lua, _ reader: OptionsReader) throws(LuaError) -> Process {
        let outcome = try kernel { () throws(Failure) in try Launcher.launch(reader.options) }
        switch outcome {
        case .parent(let process):
            tell(process)
            process.mostReply = reader.mostReply
            return process
        case .child(let results):
            FunctionBody.run(lua, function: reader.function!, results: results, most: reader.mostReply) { () throws(LuaError) in
                guard let table = reader.functionArguments else { return 0 }
                var count = lua.rawLength(table)
                if lua.rawGet(table, "n") == .number, let n = lua.integer(-1), n >= 0 { count = n }
                lua.pop()
                try reserve(lua, count)
                for position in stride(from: 1, through: count, by: 1) { lua.rawGet(table, position) }
                return Int32(count)
            }
        }
    }

    /// Room for so many arguments on Lua's stack, which has an end.
    private static func reserve(_ lua: Lua, _ count: Int) throws(LuaError) {
        guard let room = Int32(exactly: count), room < .max - 4, lua.reserve(room + 4) else {
            throw .message("too many arguments: \(count)")
        }
    }

    /// ns.clone.
    static func clone(_ call: LuaCall) throws(LuaError) -> Int {
        let lua = call.lua
        let process = try launch(lua, try OptionsReader(lua, call[0], for: .clone))
        lua.push(try ProcessObject(lua, process))
        return 1
    }

    /// ns.run, process:run, handle:run.
    static func run(_ call: LuaCall, _ options: LuaValue, at target: Target? = nil) throws(LuaError) -> Int {
        let lua = call.lua
        var reader = try OptionsReader(lua, options, for: .run)
        try join(&reader, target)
        let process = try launch(lua, reader)
        _ = try kernel { () throws(Failure) in try process.finish(timeout: reader.options.timeout) }
        try pushResult(lua, process, reader)
        return 1
    }

    /// The result of a process that has ended; reading and decoding its reply is part of the time that it has.
    private static func pushResult(_ lua: Lua, _ process: Process, _ reader: OptionsReader) throws(LuaError) {
        let deadline = reader.options.timeout.map { process.started + $0 }
        try ResultTable.push(lua, process, try FunctionBody.take(process, until: deadline), until: deadline)
    }

    /// ns.shell, process:shell, handle:shell.
    static func shell(_ call: LuaCall, _ options: LuaValue, at target: Target? = nil) throws(LuaError) -> Int {
        let lua = call.lua
        var reader = try OptionsReader(lua, options, for: .shell)
        try join(&reader, target)
        StandardStreams.flush()
        if reader.options.session != nil {
            let process = try launch(lua, reader)
            _ = try kernel { () throws(Failure) in try process.relay(timeout: reader.options.timeout) }
            try pushResult(lua, process, reader)
            return 1
        }
        let terminal = Terminal(0)
        if terminal == nil { reader.options.foreground = false }
        let process: Process
        do throws(LuaError) { process = try launch(lua, reader) } catch {
            terminal?.takeBack()
            throw error
        }
        let exit = try kernel { () throws(Failure) in
            try process.finish(in: terminal, timeout: reader.options.timeout, keepsJobs: keepsJobs)
        }
        guard exit != nil else {
            lua.push(try ProcessObject(lua, process))
            return 1
        }
        try pushResult(lua, process, reader)
        return 1
    }

    /// ns.call, process:call, handle:call: the function is at the stack position `function`, its arguments follow.
    static func call(_ call: LuaCall, _ options: LuaValue = .none, at target: Target? = nil, function: Int32) throws(LuaError) -> Int {
        let lua = call.lua
        var reader = try OptionsReader(lua, options, for: .call)
        try join(&reader, target)
        let outcome = try kernel { () throws(Failure) in try Launcher.launch(reader.options) }
        let process: Process
        switch outcome {
        case .parent(let child):
            process = child
            tell(child)
        case .child(let results):
            FunctionBody.run(lua, function: function, results: results, most: reader.mostReply) { () throws(LuaError) in
                let rest = call.rest
                try reserve(lua, rest.count)
                for position in rest { lua.pushValue(position) }
                return Int32(rest.count)
            }
        }
        process.mostReply = reader.mostReply
        let exit = try kernel { () throws(Failure) in try process.finish(timeout: reader.options.timeout) }
        if process.timedOut {
            throw LuaError(Failure(code: "TIMEOUT", "the function was killed: its time was up", target: "process \(process.pid)"))
        }
        let deadline = reader.options.timeout.map { process.started + $0 }
        switch try FunctionBody.pushOutcome(lua, try FunctionBody.take(process, until: deadline), until: deadline) {
        case .values(let count): return count
        case .error(let traceback): throw FunctionBody.raised(lua, traceback)
        case .late: throw LuaError(Failure.late)
        case .none:
            let how = exit.signal.map { "was killed by \($0)" } ?? "ended with \(exit.status ?? 0)"
            throw LuaError(
                Failure(code: "ENDED", "the function's process \(how) before it returned", target: "process \(process.pid)"))
        }
    }

    /// At the prompt: what a process that was entered is bound by, and what entered it is not, and where that is not quite where it is. Once a
    /// target.
    private static func tell(_ process: Process) {
        guard keepsJobs, Children.generation == 0, let entered = process.entered, !(process.weaker + process.notes).isEmpty,
            told.insert(entered).inserted
        else { return }
        for line in process.notes { StandardStreams.complain("\(entered): \(line)") }
        for line in process.weaker { StandardStreams.complain("\(entered): \(line)") }
    }

    nonisolated(unsafe) private static var told: Set<String> = []

    private static func join(_ reader: inout OptionsReader, _ target: Target?) throws(LuaError) {
        guard let target else { return }
        let kept = reader.privileges
        if !target.isProcess, kept != [] || reader.options.isStrict {
            throw .message("privileged and strict are for a process that is entered; one namespace is joined with all of nssh's power")
        }
        reader.options.joins = try kernel { () throws(Failure) in try Join.target(target, keeping: kept) }.map { [$0] } ?? []
    }
}
