import Testing

@testable import LuaKit

/// A state whose global `t` has these bindings.
func makeState(_ functions: LuaFunction...) throws -> LuaState {
    let state = try #require(LuaState())
    state.register("t") { LuaModule("t", "", functions) }
    return state
}

/// A binding without declared parameters, for tests of what happens inside.
func binding(_ name: String, _ body: @escaping (LuaCall) throws(LuaError) -> Int) -> LuaFunction {
    LuaFunction("t.\(name)", variadic: true, "", body: body)
}

/// A binding that calls its first argument with the others, as `pcall` without the protection.
func callingBinding(_ name: String = "call") -> LuaFunction {
    binding(name) { call throws(LuaError) in
        try call.lua.call(arguments: call.lua.top - 1)
        return Int(call.lua.top)
    }
}

extension LuaState {
    /// Runs a chunk named `test`.
    func perform(_ source: String, traceback: Bool = false) throws(LuaError) -> [String] {
        let lua = lua
        let base = lua.top
        defer { lua.top = base }
        try lua.load(Array(source.utf8), name: "=test")
        try lua.call(arguments: 0, traceback: traceback)
        var results: [String] = []
        for index in (base + 1)..<(lua.top + 1) { results.append(try lua.display(index)) }
        return results
    }

    /// What a chunk returns, as text.
    func run(_ source: String, at location: SourceLocation = #_sourceLocation) -> String {
        do throws(LuaError) { return try perform(source).joined(separator: " ") } catch {
            Issue.record("\(text(error))", sourceLocation: location)
            return "(failed)"
        }
    }

    /// The text of the error that a chunk ends with.
    func failure(_ source: String, traceback: Bool = false, at location: SourceLocation = #_sourceLocation) -> String {
        do throws(LuaError) { _ = try perform(source, traceback: traceback) } catch { return text(error) }
        Issue.record("no error", sourceLocation: location)
        return "(none)"
    }

    /// An error as `tostring` has it.
    func text(_ error: LuaError) -> String {
        lua.push(error)
        defer { lua.pop() }
        return (try? lua.display(-1)) ?? "(no text)"
    }

    /// Bytes in use once all garbage is gone.
    var memoryAfterCollection: Int {
        _ = run("collectgarbage() collectgarbage()")
        return memory
    }
}

/// Counts the living objects that it made.
final class Counter {
    private(set) var living = 0
    private(set) var made = 0

    final class Item {
        let counter: Counter
        init(_ counter: Counter) {
            self.counter = counter
            counter.living += 1
            counter.made += 1
        }
        deinit { counter.living -= 1 }
    }
}
