import Testing

@testable import LuaKit

/// Errors while errors are handled, and recursion without an end.
@Suite struct NestingTests {
    @Test func handlersThatFail() throws {
        let state = try makeState(binding("fail") { _ throws(LuaError) in throw .message("failed") }, callingBinding())
        #expect(state.run("return xpcall(error, function() error('again') end, 'x')").hasPrefix("false "))
        #expect(state.run("return xpcall(t.fail, t.fail)").hasPrefix("false "))
        #expect(state.run("return xpcall(t.call, t.fail, error, 'x')").hasPrefix("false "))
        // The traceback handler meets values whose tostring fails.
        #expect(
            state.failure("error(setmetatable({}, { __tostring = function() error('no', 0) end }))", traceback: true)
                == "(no text)")
        #expect(
            state.failure(
                "error(setmetatable({ message = 'm' }, { __newindex = error, __tostring = function(e) return e.traceback end }))",
                traceback: true
            ).contains("stack traceback"))
        #expect(state.failure("error()", traceback: true) == "nil")
        #expect(state.failure("error(12, 0)", traceback: true).hasPrefix("12\nstack traceback:"))
        #expect(state.run("return 'alive'") == "alive")
    }

    @Test func finalizersThatFailAreNoErrors() throws {
        let state = try makeState(binding("fail") { _ throws(LuaError) in throw .fields(message: "failed", []) })
        let result = state.run(
            """
            n = 0
            for i = 1, 100 do
                setmetatable({}, { __gc = function() n = n + 1 error('from gc') end })
                setmetatable({}, { __gc = function() n = n + 1 t.fail() end })
                setmetatable({}, { __gc = t.fail })
            end
            collectgarbage()
            return n
            """)
        #expect(result == "200")
    }

    @Test func closesThatFail() throws {
        let state = try makeState(binding("fail") { _ throws(LuaError) in throw .message("failed") }, callingBinding())
        #expect(
            state.failure("local x <close> = setmetatable({}, { __close = function() error('in close', 0) end })")
                == "in close")
        #expect(
            state.failure("local x <close> = setmetatable({}, { __close = t.fail }) error('first', 0)").hasSuffix(
                "failed"))
        // A later error replaces an earlier one, and every __close still runs.
        let source = """
            closed = {}
            t.call(function()
                local a <close> = setmetatable({}, { __close = function(_, e) closed[1] = e end })
                local b <close> = setmetatable({}, { __close = function(_, e) closed[2] = e error('b', 0) end })
                error('first', 0)
            end)
            """
        #expect(state.failure(source) == "b")
        #expect(state.run("return table.unpack(closed)") == "b first")
    }

    @Test(arguments: [
        "local function f() return 1 + f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k + 1] end return t[1]",
        "local function f() t.call(f) end f()",
        "local function f() t.call(pcall, f) error('out', 0) end f()",
        "local function f(...) return t.call(f, 1, ...) end f()",
        "local function f() coroutine.wrap(f)() end f()",
        "local function f() t.call(coroutine.wrap(f)) end f()",
        "local s = setmetatable({}, { __tostring = function(s) return tostring(s) end }) return tostring(s)",
        "string.gsub('x', 'x', function() return load('return ' .. ('('):rep(300) .. '1' .. (')'):rep(300))() end)",
        "return t.call(table.unpack, {}, 1, 1e8)",
        "local function f() xpcall(f, f) end f() error('out', 0)",
    ])
    func recursionWithoutEndIsAnError(source: String) throws {
        let state = try makeState(callingBinding())
        let plain = state.failure(source)
        let ends = ["overflow", "out", "attempt to call a nil value", "too many results"]
        #expect(ends.contains { plain.contains($0) }, "\(plain.prefix(200))")
        #expect(state.failure(source, traceback: true).utf8.count < 10_000)
        #expect(state.run("return 'alive'") == "alive")
    }

    @Test func aboutTwoHundredCallsNest() throws {
        let state = try makeState(callingBinding())
        let source = """
            local depth, most = 0, 0
            local function f() depth = depth + 1 most = math.max(most, depth) t.call(f) end
            local ok, e = pcall(f)
            return ok, e:match('C stack overflow'), most > 100 and most < 200
            """
        #expect(state.run(source) == "false C stack overflow true")
        // The same from inside a coroutine, whose count starts from its resumer's.
        #expect(state.run("return coroutine.wrap(function() \(source) end)()") == "false C stack overflow true")
    }

    @Test func yieldingAcrossABindingIsAnError() throws {
        let state = try makeState(callingBinding())
        let result = state.failure("coroutine.wrap(function() t.call(coroutine.yield, 1) end)()")
        #expect(result.contains("attempt to yield across a C-call boundary"))
        #expect(state.run("return coroutine.wrap(function() coroutine.yield(t.call(math.abs, -2)) end)()") == "2")
    }
}
