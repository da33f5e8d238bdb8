import Bindings
import Glibc
import Linux
import LuaKit
import Namespaces

/// What the prompt keeps from one input to the next.
final class Session {
    let state: LuaState
    let locals: Locals
    /// Where inputs are evaluated; nil: here.
    var place: Place?
    /// The last place, to which `:both` looks too.
    var lastPlace: Place?
    var transcript = Transcript()
    /// The file that `:load` has run.
    var loaded: String?
    /// Prompt, until ^D or `:quit`.
    var isOver = false
    /// The kernel calls of the last input.
    private(set) var calls: [Trace.Call] = []
    /// The names that inputs have assigned to: a variable that is nil by then has been defined all the same.
    var namesAssigned: Set<String> = []
    /// The names that the last input has assigned to in a place.
    private var assigned: [String] = []
    /// The first values of the last results, the newest first.
    private var results: [LuaReference] = []
    /// From so many seconds on an input's time is told.
    private let longTime = 1.0

    init(_ state: LuaState) {
        self.state = state
        locals = Locals(state.lua)
    }

    /// Runs a chunk and shows its values; false when it is not complete yet.
    func evaluate(_ text: String, timed: Bool = false) -> Bool {
        let lua = state.lua
        let top = lua.top
        defer { lua.top = top }
        do throws(LuaError) {
            let kind: Chunk.Kind
            do throws(LuaError) { kind = try Chunk.load(lua, text) } catch {
                History.add(text)
                throw error
            }
            if kind == .incomplete { return false }
            // Before it runs: it may end nssh.
            History.add(text)
            try UndefinedValue.refuse(in: text, self)
            let seconds = try run(lua, kind)
            transcript.add(text, kind, place?.label, assigned: assigned)
            if timed || seconds >= longTime { writeOut("(\(Session.words(seconds)))\n") }
        } catch {
            lua.top = top
            report(error, text)
        }
        return true
    }

    /// Calls the chunk on top of the stack; how long it took.
    private func run(_ lua: Lua, _ kind: Chunk.Kind) throws(LuaError) -> Double {
        let chunk = lua.top
        locals.show(lua, to: chunk)
        assigned = []
        let first = try? Trace.start()
        let started = monotonicSeconds()
        defer { if let first { calls = Trace.stop(from: first).calls } }
        if case .locals(let variables) = kind {
            if let place {
                try place.call(lua, showing: false)
                try assign(lua, chunk)
                lua.reserve(Int32(variables.count))
            } else {
                try lua.call(arguments: 0, results: Int32(variables.count), traceback: true)
            }
            lua.top = chunk - 1 + Int32(variables.count)
            try locals.declare(lua, variables)
            return monotonicSeconds() - started
        }
        if let place {
            try place.call(lua, showing: true)
            try assign(lua, chunk)
            let text = lua.string(chunk) ?? ""
            if !text.isEmpty { writeOut(text + "\n") }
            lua.remove(chunk)
        } else {
            try lua.call(arguments: 0, results: -1, traceback: true)
            if lua.top >= chunk { writeOut(Values.text(lua, from: chunk) + "\n") }
            // ^C in a __tostring: what could be shown was.
            if state.isInterrupted { throw .interrupted }
        }
        let seconds = monotonicSeconds() - started
        if kind == .expression, lua.top >= chunk { try keep(lua, chunk) }
        return seconds
    }

    /// Takes the table at `index` off the stack: what was assigned to over there is assigned to here.
    private func assign(_ lua: Lua, _ index: Int32) throws(LuaError) {
        guard lua.kind(index) == .table else { return lua.remove(index) }
        lua.reserve(6)
        lua.pushNil()
        while try lua.next(index) {
            // Among the names stands what nil was assigned to.
            guard lua.kind(-2) == .boolean else {
                try store(lua)
                continue
            }
            lua.pushNil()
            while try lua.next(-2) {
                lua.pop()
                lua.pushNil()
                try store(lua)
            }
            lua.pop()
        }
        lua.remove(index)
    }

    /// Assigns the value on top of the stack, which it pops, to the variable whose name is below it.
    private func store(_ lua: Lua) throws(LuaError) {
        if lua.kind(-2) == .string, let name = lua.string(-2) {
            if Quoting.isName(name) { assigned.append(name) }
            if locals.names.contains(name) { return try locals.set(lua, name) }
        }
        lua.pushGlobals()
        lua.pushValue(-3)
        lua.pushValue(-3)
        try lua.set(-3)
        lua.pop(2)
    }

    /// The value at `index` is `_`, the ones before it `_1`, `_2` and so on.
    func keep(_ lua: Lua, _ index: Int32) throws(LuaError) {
        lua.reserve(8)
        lua.pushValue(index)
        results.insert(LuaReference(lua), at: 0)
        results = Array(results.prefix(4))
        for (position, result) in results.enumerated() {
            result.push(lua)
            try locals.set(lua, position == 0 ? "_" : "_\(position)")
        }
    }

    /// Shows an error, and ends an interrupt.
    func report(_ error: LuaError, _ text: String) {
        let wasInterrupted = state.isInterrupted
        state.clearInterrupt()
        StandardStreams.flush()
        let shown = wasInterrupted ? "interrupted" : ErrorMark.text(ErrorText.of(error, state.lua), of: text, self)
        StandardStreams.writeError(shown + "\n")
    }

    /// Evaluates an expression here, and leaves its first value on the stack.
    func value(_ lua: Lua, of expression: String) throws(LuaError) {
        let top = lua.top
        try load(lua, expression)
        try lua.call(arguments: 0, results: 1, traceback: true)
        lua.top = top + 1
    }

    /// Pushes an expression as a function.
    func load(_ lua: Lua, _ expression: String) throws(LuaError) {
        try lua.loadRelaxed(Array("return \(expression)".utf8), name: "=stdin")
        try UndefinedValue.refuse(in: expression, self)
        locals.show(lua, to: -1)
    }

    /// `1.23 s`, `45 ms`.
    static func words(_ seconds: Double) -> String {
        if seconds < 0.1 { return "\(NumberText.whole(seconds * 1000)) ms" }
        return "\((seconds * 100).rounded() / 100) s"
    }
}
