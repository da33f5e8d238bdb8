import Testing

@testable import LuaKit

/// The checks of a development build: a binding that leaves something on Lua's stack, or pushes without room, is found.
@Suite struct StackCheckTests {
    /// What is found while a chunk runs.
    private func faults(_ chunk: String, _ functions: LuaFunction...) throws -> [String] {
        let state = try #require(LuaState())
        state.register("t") { LuaModule("t", "", functions) }
        var faults: [String] = []
        state.stackCheck?.report = { faults.append($0) }
        _ = state.run(chunk)
        return faults
    }

    @Test func whatABindingLeavesIsFound() throws {
        let leaving = binding("leave") { call throws(LuaError) in
            for _ in 0..<3 { call.lua.pushNil() }
            call.lua.push(1)
            return 1
        }
        #expect(try faults("t.leave('argument')", leaving) == ["'t.leave' leaves 3 values on Lua's stack besides its 1 results"])
        let taking = binding("take") { call throws(LuaError) in
            call.lua.pop()
            return 0
        }
        #expect(try faults("t.take(1, 2)", taking) == ["'t.take' leaves -1 values on Lua's stack besides its 0 results"])
    }

    @Test func whatAMethodLeavesIsFound() throws {
        let declared = LuaFunction("leaky:leave", [LuaField("self", .object("leaky"), optional: false, "")], "") { call throws(LuaError) in
            call.lua.push(1)
            return 0
        }
        Leaky.methods = [declared]
        let make = binding("make") { call throws(LuaError) in
            call.lua.push(Leaky())
            return 1
        }
        #expect(try faults("t.make():leave()", make) == ["'leaky:leave' leaves 1 values on Lua's stack besides its 0 results"])
    }

    @Test func whatAPropertyLeavesIsFound() throws {
        let make = binding("make") { call throws(LuaError) in
            call.lua.push(Leaky())
            return 1
        }
        let found = try faults("assert(t.make().good == 1) assert(t.make().bad == 2)", make)
        #expect(found.first == "'leaky.bad' leaves 1 values on Lua's stack besides its 1 results")
    }

    @Test func whatATextLeavesIsFound() throws {
        let state = try makeState()
        state.declareTable("leaky") { [unowned state] _ in
            state.lua.push(1)
            return "text"
        }
        var faults: [String] = []
        state.stackCheck?.report = { faults.append($0) }
        let lua = state.lua
        lua.reserve(10)
        lua.pushTable()
        state.pushMetatable(lua, named: "leaky")
        lua.setMetatable(-2)
        #expect(try lua.display(-1) == "text")
        #expect(faults.first == "'leaky.__tostring' leaves 1 values on Lua's stack besides its 0 results")
    }

    @Test func aPushWithoutRoomIsFound() throws {
        func pushing(_ count: Int, reserving room: Int32) -> LuaFunction {
            binding("push") { call throws(LuaError) in
                if room > 0 { call.lua.reserve(room) }
                for value in 0..<count { call.lua.push(value) }
                return count
            }
        }
        #expect(try faults("t.push()", pushing(20, reserving: 0)) == [])
        #expect(try faults("t.push()", pushing(30, reserving: 30)) == [])
        #expect(try faults("t.push()", pushing(22, reserving: 0)).count == 2)
        let found = try faults("coroutine.wrap(function() t.push(1, 2) end)()", pushing(24, reserving: 23))
        #expect(found == ["Lua's stack has no room for 1 more of 25 values: reserve(_:) them"])
    }

    /// What is fixed by the results of a call, or by an error, is no fault.
    @Test func whatIsAsItShouldBeIsNot() throws {
        let found = try faults(
            """
            assert(select('#', t.call(table.unpack, {}, 1, 1000)) == 1000)
            assert(not pcall(t.call, error, 'x'))
            assert(not pcall(t.fail))
            """, callingBinding(),
            binding("fail") { call throws(LuaError) in
                call.lua.push(1)
                throw .message("failed")
            })
        #expect(found == [])
    }
}

private final class Leaky: LuaObject {
    nonisolated(unsafe) static var methods: [LuaFunction] = []
    nonisolated(unsafe) private static let properties = [
        LuaProperty("good", .integer, "") { _, lua throws(LuaError) in lua.push(1) },
        LuaProperty("bad", .integer, "") { _, lua throws(LuaError) in
            lua.push(1)
            lua.push(2)
        },
    ]
    override class var declaration: LuaClass { LuaClass("leaky", "", properties: properties, methods: methods) }
}
