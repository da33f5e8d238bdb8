import Bindings
import Glibc
import Linux
import LuaKit
import Testing

@testable import Prompt

/// Decode, then show: what a hostile child sends as its results is decoded, and all that was accepted goes through `tostring`, the prompt's
/// printer and the methods. Nothing of it may trap, overflow, hang, raise where a text is wanted, or leave anything on Lua's stack.
///
/// FUZZ_SEED and FUZZ_CASES say which cases and how many; FUZZ_FIRST with which to begin. The number of the case that runs stands in the
/// file FUZZ_NOTE: after a crash FUZZ_FIRST with that number and FUZZ_CASES=1 tries it again.
@Suite struct ShowingFuzz {
    @Test func whatAnotherProcessSendsCanBeShown() throws {
        let seed = environmentValue("FUZZ_SEED").flatMap { UInt64($0) } ?? 1
        let count = environmentValue("FUZZ_CASES").flatMap { Int($0) } ?? 3000
        let first = environmentValue("FUZZ_FIRST").flatMap { Int($0) } ?? 0
        let note = environmentValue("FUZZ_NOTE").map { open($0, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600) } ?? -1
        defer { if note >= 0 { close(note) } }
        Proc.open()
        var shower = try Shower()
        let started = monotonicSeconds()
        for number in first..<(first + count) {
            if note >= 0 {
                let text = "\(number)\n"
                _ = pwrite(note, text, text.utf8.count, 0)
            }
            let message = Message(seed: seed, number: number, metatables: shower.metatables)
            let began = monotonicSeconds()
            let problem = shower.show(message.bytes, columns: [20, 80, 200][number % 3])
            if let problem { Issue.record("seed \(seed), case \(number): \(problem)") }
            if monotonicSeconds() - began > 20 { Issue.record("seed \(seed), case \(number): \(monotonicSeconds() - began) s") }
            // A state's garbage is not to be all the memory.
            if number % 50_000 == 49_999 { shower = try Shower(shown: shower.shown, refused: shower.refused) }
        }
        let seconds = NumberText.whole(monotonicSeconds() - started)
        let line = "decode, then show: \(count) cases, seed \(seed), \(seconds) s, \(shower.shown) shown, \(shower.refused) refused\n"
        _ = write(2, line, line.utf8.count)
        // Else nothing was tried.
        #expect(count < 1000 || shower.shown > count / 2 && shower.refused > count / 50)
    }
}

/// A Lua state like nssh's, in which messages are decoded and shown.
private struct Shower {
    private let state: LuaState
    private let check: LuaReference
    /// How many messages were accepted.
    var shown: Int
    /// How many were not.
    var refused: Int

    var metatables: [String] { state.tableNames }

    init(shown: Int = 0, refused: Int = 0) throws {
        state = try #require(Runtime.make(ignoringEnvironment: true))
        (self.shown, self.refused) = (shown, refused)
        // Calls the methods of a value's metatable; that they raise is as it should be.
        let source = """
            local value = ...
            local methods = type(value) == 'table' and getmetatable(value) and getmetatable(value).__index
            for _, method in pairs(methods or {}) do pcall(method, value) end
            """
        try state.lua.load(Array(source.utf8), name: "=methods")
        check = LuaReference(state.lua)
    }

    /// What is wrong; nil when all is well.
    mutating func show(_ bytes: [UInt8], columns: Int) -> String? {
        let lua = state.lua
        defer { lua.top = 0 }
        do throws(LuaError) {
            let count: Int
            do throws(LuaError) { count = try Transfer.decode(lua, bytes) } catch {
                refused += 1
                return lua.top == 0 ? nil : "a refused message leaves \(lua.top) values"
            }
            shown += 1
            if Int(lua.top) != count { return "\(count) values, \(lua.top) on the stack" }
            lua.reserve(20)
            for index in 1..<(lua.top + 1) {
                let size = try lua.display(index).utf8.count
                if size > 16 << 20 { return "tostring gives \(size) bytes" }
                check.push(lua)
                lua.pushValue(index)
                try lua.call(arguments: 1, results: 0)
            }
            _ = Values.text(lua, from: 1, columns: columns, colours: columns == 80)
            // Inside another table each gets one line only.
            lua.pushTable()
            for index in stride(from: Int32(count), through: 1, by: -1) {
                lua.pushValue(index)
                lua.rawSet(-2, Int(index))
            }
            _ = Values.text(lua, from: lua.top, columns: columns, colours: false)
            lua.pop()
            if Int(lua.top) != count { return "showing leaves \(Int(lua.top) - count) values" }
            // What came can go on.
            _ = try Transfer.encode(lua, 1..<(lua.top + 1))
            return nil
        } catch { return "an error: \(ErrorText.of(error, lua))" }
    }
}
