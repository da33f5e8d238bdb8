import Testing

@testable import LuaKit

@Suite struct MemoryTests {
    private let limit = 8 << 20

    /// A state with a limit and with bindings that push much.
    private func limited() throws -> LuaState {
        let state = try makeState(
            binding("much") { call throws(LuaError) in
                // 64 MB in one table, far over the limit while Swift frames live.
                call.lua.pushTable()
                for position in 1...64 {
                    call.lua.push([UInt8](repeating: 7, count: 1 << 20))
                    call.lua.rawSet(-2, position)
                }
                return 1
            },
            binding("garbage") { call throws(LuaError) in
                for _ in 1...64 {
                    call.lua.push([UInt8](repeating: 7, count: 1 << 20))
                    call.lua.pop()
                }
                call.lua.push("made")
                return 1
            },
            callingBinding())
        state.setMemoryLimit(limit)
        return state
    }

    private func expectUsable(_ state: LuaState, at location: SourceLocation = #_sourceLocation) {
        #expect(state.memoryAfterCollection < limit / 2, sourceLocation: location)
        #expect(
            state.run("local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100) .. i end return #table.concat(t) > 100000")
                == "true",
            sourceLocation: location)
    }

    @Test(arguments: [
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
        "return ('x'):rep(1 << 30)",
        "return coroutine.wrap(function() local t = {} while true do t = { t, t } end end)()",
        "local s = 'x' while true do s = s .. s end",
        "t.call(function() local t = {} while true do t = { t } end end)",
        "t.call(t.call, coroutine.wrap(function() t.call(string.rep, 'x', 1 << 30) end))",
        "t.much()", "return #t.much()", "coroutine.wrap(t.much)()", "t.call(t.much)",
    ])
    func codeOverTheLimitIsTold(source: String) throws {
        let state = try limited()
        for _ in 1...3 {
            #expect(state.failure(source).hasSuffix("not enough memory"))
            expectUsable(state)
        }
        #expect(state.failure(source, traceback: true).contains("not enough memory"))
    }

    @Test func itCanBeCaught() throws {
        let state = try limited()
        let result = state.run(
            """
            -- Looked up first: that calls a binding, and a register that is not in use any more may still hold the list then.
            local much = t.much
            local a, b = pcall(function() local t = {} while true do t = { t } end end)
            local c, d = pcall(much)
            local co = coroutine.create(function() return much() end)
            local e, f = coroutine.resume(co)
            return a, b, c, d, e, f, coroutine.status(co)
            """)
        #expect(result == "false not enough memory false not enough memory false test:5: not enough memory dead")
        expectUsable(state)
    }

    @Test func garbageThatABindingMakesIsNoError() throws {
        let state = try limited()
        #expect(state.run("for i = 1, 5 do assert(t.garbage() == 'made') end return 'fine'") == "fine")
        expectUsable(state)
    }

    @Test func finalizersOverTheLimitAreHarmless() throws {
        let state = try limited()
        let result = state.run(
            """
            ran = 0
            for i = 1, 20 do
                setmetatable({}, { __gc = function() ran = ran + 1 local t = {} while true do t = { t } end end })
                setmetatable({}, { __gc = function() ran = ran + 1 t.much() end })
            end
            -- A collection in a finalizer that is out of memory ends the outer one: it takes some.
            for i = 1, 20 do collectgarbage() end
            return ran
            """)
        #expect(result == "40")
        expectUsable(state)
    }

    @Test func aCloseOverTheLimitIsAnError() throws {
        let state = try limited()
        #expect(
            state.failure("local x <close> = setmetatable({}, { __close = function() t.much() end })").hasSuffix(
                "not enough memory"))
        expectUsable(state)
    }

    @Test func withoutALimitTheSameCodeRuns() throws {
        let state = try limited()
        state.setMemoryLimit(0)
        #expect(state.run("return #t.much(), #t.call(t.much)") == "64 64")
    }
}
