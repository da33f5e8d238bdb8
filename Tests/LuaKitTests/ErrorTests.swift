import Testing

@testable import LuaKit

@Suite struct ErrorTests {
    @Test(arguments: [
        "'a text'", "'zero \\0 inside'", "''", "nil", "true", "false", "7", "0.5", "{}", "print", "function() end",
        "io.stdout", "coroutine.create(print)", "t.box('b')",
    ])
    func anyValueCrossesSwiftUnchanged(value: String) throws {
        var kinds: [Lua.Kind] = []
        let through = binding("through") { call throws(LuaError) in
            let lua = call.lua
            do throws(LuaError) { try lua.call(arguments: lua.top - 1) } catch {
                guard case .value(let reference) = error else { throw .message("another kind of error") }
                reference.push(lua)
                kinds.append(lua.kind(-1))
                throw error
            }
            return 0
        }
        let state = try makeState(through, boxBindings().box)
        let result = state.run(
            """
            local value = \(value)
            local ok, got = pcall(t.through, function() error(value, 0) end)
            local deep, again = pcall(t.through, t.through, t.through, function() error(value, 0) end)
            return ok, deep, rawequal(got, value), rawequal(again, value), type(value)
            """)
        let type = state.run("return type(\(value))")
        #expect(result == "false false true true \(type)")
        #expect(kinds.count == 4)
        #expect(kinds.allSatisfy { state.run("return '\($0)'") == type || "\($0)" == type })
    }

    @Test func aMessageGetsThePlaceOfItsCaller() throws {
        let state = try makeState(binding("fail") { _ throws(LuaError) in throw .message("it failed") })
        #expect(state.failure("\n\nt.fail()") == "test:3: it failed")
        #expect(state.run("return select(2, pcall(t.fail))") == "it failed")
        #expect(state.failure("local function f()\nt.fail() end\nf()") == "test:2: it failed")
        #expect(state.run("local ok, e = pcall(t.fail) return ok, type(e)") == "false string")
    }

    @Test func fieldsAreATableWithAPlace() throws {
        let state = try makeState(
            binding("fail") { _ throws(LuaError) in
                throw .fields(
                    message: "clone: EPERM",
                    [
                        ("errno", .integer(1)), ("syscall", .string("clone")), ("fatal", .boolean(false)),
                        ("after", .number(0.5)),
                    ])
            })
        #expect(state.failure("\nt.fail()") == "test:2: clone: EPERM")
        let fields = state.run(
            """
            local _, e = pcall(function() t.fail() end)
            return type(e), e.message, e.where, e.errno, e.syscall, e.fatal, e.after, math.type(e.errno), tostring(e)
            """)
        #expect(fields == "table clone: EPERM test:1:  1 clone false 0.5 integer test:1: clone: EPERM")
        // Without a Lua caller there is no place.
        #expect(state.run("local _, e = pcall(t.fail) return e.where, tostring(e)") == "nil clone: EPERM")
        // A script may spoil the table; tostring lives with it.
        #expect(
            state.run("local _, e = pcall(t.fail) e.message = nil e.where = {} return tostring(e)") == "error")
        #expect(state.run("local _, e = pcall(t.fail) return getmetatable(e).__tostring(1)") == "error: number")
    }

    @Test func errorsOfLoadingAreValues() throws {
        let state = try makeState()
        #expect(state.failure("x =") == "test:1: unexpected symbol near <eof>")
        do throws(LuaError) {
            try state.lua.load([0x1b, 0x4c, 0x75, 0x61], name: "=b", mode: "t")
            Issue.record("a binary chunk was loaded")
        } catch { #expect(state.text(error).contains("attempt to load a binary chunk")) }
        try state.lua.load([], name: "=empty")
        try state.lua.call(arguments: 0)
        #expect(state.lua.top == 0)
    }

    @Test func protectedCallsThrowWhatMetamethodsRaise() throws {
        let state = try makeState()
        let lua = state.lua
        _ = state.run(
            """
            local function raise() error("no", 0) end
            bad = setmetatable({}, { __index = raise, __newindex = raise, __tostring = raise, __eq = raise })
            worse = setmetatable({}, getmetatable(bad))
            """)
        lua.pushGlobals()
        lua.rawGet(1, "bad")
        lua.rawGet(1, "worse")
        func expectNo(_ body: () throws(LuaError) -> Void) {
            do throws(LuaError) {
                try body()
                Issue.record("no error")
            } catch { #expect(state.text(error) == "no") }
        }
        lua.push("x")
        expectNo { () throws(LuaError) in try lua.get(2) }
        lua.push("x")
        lua.push(1)
        expectNo { () throws(LuaError) in try lua.set(2) }
        expectNo { () throws(LuaError) in _ = try lua.display(2) }
        expectNo { () throws(LuaError) in _ = try lua.equals(2, 3) }
        lua.push("not a key")
        do throws(LuaError) {
            _ = try lua.next(2)
            Issue.record("no error")
        } catch { #expect(state.text(error).contains("invalid key to 'next'")) }
        #expect(lua.top == 3)
        #expect(try lua.equals(2, 2))
    }
}
