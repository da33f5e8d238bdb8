import Testing

@testable import LuaKit

/// Collections that run while Swift pushes, and run Lua code that calls Swift again.
@Suite struct ReentrancyTests {
    @Test func finalizersThatThrowDuringPushes() throws {
        let counter = Counter()
        let bindings = boxBindings(counter)
        let fail = binding("fail") { call throws(LuaError) in
            let item = Counter.Item(counter)
            call.lua.push(Box("made while finalizing", item: item))
            throw .fields(message: "failed", [("made", .integer(counter.made))])
        }
        let push = binding("push") { call throws(LuaError) in
            let lua = call.lua
            lua.pushTable()
            for position in 1...2000 {
                lua.push("text \(position)")
                lua.rawSet(-2, position)
                lua.pushTable(array: 2, fields: 2)
                lua.rawSet(-2, "table \(position)")
                lua.push(Box("b", item: Counter.Item(counter)))
                lua.rawSet(-2, "box")
                _ = LuaError.value(
                    {
                        lua.pushTable(); return LuaReference(lua)
                    }())
            }
            return 1
        }
        let state = try makeState(bindings.box, fail, push, callingBinding())
        let result = state.run(
            """
            finalized = 0
            local function finalizer() finalized = finalized + 1 t.call(t.call, t.fail) end
            local function plain() finalized = finalized + 1 t.box('x') error({}) end
            local function make(n)
                for i = 1, n do setmetatable({ t.box('y') }, { __gc = i % 2 == 0 and finalizer or plain }) end
            end
            for round = 1, 5 do
                make(500)
                local r = t.push()
                assert(#r == 2000 and r[2000] == 'text 2000' and r['table 7'] and r.box:name() == 'b')
                local ok, e = pcall(t.fail)
                assert(not ok and e.message == 'failed')
            end
            return finalized > 0
            """)
        #expect(result == "true")
        #expect(state.run("for i = 1, 5 do collectgarbage() end return finalized") == "2500")
        #expect(counter.living == 0)
        state.close()
        #expect(counter.living == 0)
    }

    @Test func finalizersAtTheEndMayCallBindings() throws {
        let counter = Counter()
        do {
            let bindings = boxBindings(counter)
            let state = try makeState(
                bindings.box, bindings.lid, callingBinding(),
                binding("fail") { _ throws(LuaError) in throw .fields(message: "late", []) })
            _ = state.run(
                """
                for i = 1, 10 do
                    _G['kept' .. i] = setmetatable({}, { __gc = function() t.call(t.box, 'z') t.lid() pcall(t.fail) t.fail() end })
                end
                """)
        }
        #expect(counter.made == 10)
        #expect(counter.living == 0)
    }

    @Test func encodingWhileFinalizersChangeTheTable() throws {
        let state = try makeState(
            binding("encode") { call throws(LuaError) in
                let count = try Transfer.decode(call.lua, Transfer.encode(call.lua, 1..<2))
                call.lua.pop(Int32(count))
                call.lua.push(count)
                return 1
            })
        let result = state.run(
            """
            local ends = 0
            for round = 1, 50 do
                local target = {}
                for i = 1, 200 do target['k' .. i] = { i } end
                for i = 1, 100 do
                    setmetatable({}, { __gc = function() for j = 1, 20 do target['n' .. i .. '.' .. j] = true target['k' .. j * 7] = nil end end })
                end
                local ok = pcall(t.encode, target)
                ends = ends + 1
            end
            return ends
            """)
        #expect(result == "50")
    }
}
