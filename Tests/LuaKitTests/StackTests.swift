import Testing

@testable import LuaKit

/// Room on Lua's stack: the address sanitizer sees what these would overwrite.
@Suite struct StackTests {
    @Test func resultsThatFillTheStackLeaveRoom() throws {
        // Whatever the size of the stack after the call, twenty values have room, as in every C function.
        let push = binding("push") { call throws(LuaError) in
            try call.lua.call(arguments: call.lua.top - 1)
            for value in 1...20 { call.lua.push(value) }
            for _ in 1...20 { call.lua.insert(1) }
            call.lua.top = 20
            return 20
        }
        let state = try makeState(push)
        let result = state.run(
            """
            for i = 1, 3000, 7 do
                local got = { coroutine.wrap(function() return t.push(table.unpack, {}, 1, i) end)() }
                assert(#got == 20 and got[20] == 20)
            end
            return 'fine'
            """)
        #expect(result == "fine")
    }

    @Test func moreResultsThanTheStackHoldsAreAnError() throws {
        let state = try makeState(callingBinding())
        let failures = (0..<12).map {
            state.run("return select(2, pcall(t.call, table.unpack, {}, 1, \(999_975 + $0)))")
        }
        #expect(failures.contains("too many results"))
        #expect(state.run("return select('#', t.call(table.unpack, {}, 1, 200000))") == "200000")
    }

    @Test func bindingsAtTheEndOfTheStackWork() throws {
        let state = try makeState(
            LuaFunction("t.take", [LuaField("options", .map(.any), "")], "") { call throws(LuaError) in
                call.lua.push(call[0].table?.fields.count ?? 0)
                return 1
            },
            binding("fail") { _ throws(LuaError) in
                throw .fields(message: "failed", [("a", .integer(1)), ("b", .integer(2))])
            },
            boxBindings().box)
        // Down to the last frame, each runs or ends in an error.
        let result = state.run(
            """
            local options = { a = {}, b = print, c = 1 }
            local deepest, from, took, failed = 0, math.huge, 0, 0
            local function f(n)
                deepest = n
                if n > from then
                    if pcall(t.take, options) then took = took + 1 end
                    local ok, e = pcall(t.fail)
                    if not ok and type(e) == 'table' then failed = failed + 1 end
                end
                return 1 + f(n + 1)
            end
            assert(not pcall(f, 1))
            from = deepest - 100
            local ok, e = pcall(f, 1)
            return ok, e:match('overflow'), deepest > 10000, took > 80, failed > 80, t.take(options)
            """)
        #expect(result == "false overflow true true true 3")
    }

    @Test func aBindingThatLeavesMuchCanStillThrow() throws {
        let state = try makeState(
            binding("fill") { call throws(LuaError) in
                while call.lua.reserve(1) { call.lua.push(1) }
                throw .fields(message: "full", [("a", .integer(1))])
            })
        #expect(state.failure("t.fill()") == "test:1: full")
    }

    @Test func protectedCallsOnAFullStackFail() throws {
        var texts: [String] = []
        let state = try makeState(
            binding("fill") { call throws(LuaError) in
                let lua = call.lua
                // Since Lua 5.4.7 a refusal leaves room for error handling, once.
                while lua.reserve(1) || lua.reserve(1) { lua.push(1) }
                do throws(LuaError) { _ = try lua.display(1) } catch {
                    lua.top = 1
                    texts.append(lua.state.text(error))
                }
                return 0
            })
        _ = state.run("t.fill('x')")
        #expect(texts == ["stack overflow"])
    }
}
