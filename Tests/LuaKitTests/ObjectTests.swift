import Testing

@testable import LuaKit

@Suite struct ObjectTests {
    @Test func fieldsMethodsAndText() throws {
        let bindings = boxBindings()
        let state = try makeState(bindings.box, bindings.lid)
        #expect(state.run("local b = t.box('a') return b, b.label, b:name(), type(b)") == "box a a a userdata")
        #expect(state.run("return t.lid().size, t.lid()") == "7 lid")
        #expect(
            state.run(
                "return t.box('a') == t.box('a'), t.box('a') == t.box('b'), t.box('a') ~= t.lid(), t.box('a') == 1")
                == "true false true false")
        #expect(state.run("return getmetatable(t.box('a')), debug.getmetatable(t.box('a')).__name") == "false box")
        #expect(state.failure("setmetatable(t.box('a'), {})").contains("bad argument #1 to 'setmetatable'"))
        #expect(state.failure("return t.box('a').broken") == "test:1: broken")
        #expect(state.failure("return t.box('a').lable") == "test:1: a box has no field 'lable'; did you mean 'label'?")
        #expect(state.failure("return t.box('a').unheard") == "test:1: a box has no field 'unheard'")
        #expect(state.failure("return t.box('a')[1]") == "test:1: a box has named fields only, got a number")
        #expect(state.failure("return t.box('a')[t.lid()]") == "test:1: a box has named fields only, got a lid")
        #expect(state.failure("t.box('a').label = 1").contains("attempt to index a box value"))
        #expect(state.failure("return #t.box('a')").contains("attempt to get length of a box value"))
        #expect(state.failure("t.box(t.box('a'))") == "test:1: bad argument #1 to 't.box' (string expected, got box)")
    }

    @Test(arguments: [
        ("b.name()", "no value"), ("b.name(nil)", "nil"), ("b.name(1)", "number"), ("b.name({})", "table"),
        ("b.name(io.stdout)", "userdata"), ("b.name(t.lid())", "lid"),
    ])
    func aMethodOnAWrongSelf(call: String, given: String) throws {
        let bindings = boxBindings()
        let state = try makeState(bindings.box, bindings.lid)
        #expect(
            state.failure("local b = t.box('b') \(call)")
                == "test:1: calling 'box:name' on a bad self (box expected, got \(given)); call it with ':'")
    }

    @Test func collectionReleasesAndCloseDoesNot() throws {
        let counter = Counter()
        let state = try makeState(boxBindings(counter).box)
        _ = state.run("for i = 1, 1000 do t.box('x') end collectgarbage() collectgarbage()")
        #expect(counter.made == 1000)
        #expect(counter.living == 0)
        #expect(state.run("local b = t.box('c') b:close() b:close() return b:closes(), b.label") == "2 c")
        #expect(
            state.run("local kept do local b <close> = t.box('d') kept = b end return kept:closes(), kept") == "1 box d"
        )
        #expect(state.failure("local b <close> = t.box('stuck')") == "test:1: the box is stuck")
        _ = state.run("t.box('stuck') collectgarbage() collectgarbage()")
        #expect(counter.living == 0)
        _ = state.run("kept = t.box('last')")
        state.close()
        #expect(counter.living == 0)
    }

    @Test func useAfterCollection() throws {
        let counter = Counter()
        let bindings = boxBindings(counter)
        let state = try makeState(bindings.box, bindings.lid)
        _ = state.run("b = t.box('b') debug.getmetatable(b).__gc(b)")
        #expect(counter.living == 0)
        #expect(state.failure("return b.label") == "test:1: this box is gone")
        #expect(state.failure("return t.box.name(b)").contains("attempt to index"))
        #expect(state.failure("t.box('c').name(b)").contains("box expected, got userdata"))
        #expect(
            state.run("return tostring(b), b == b, b == t.box('b'), rawequal(b, b)")
                == "a value that is gone true false true")
        _ = state.run(
            "do local x <close> = b end debug.getmetatable(b).__gc(b) b = nil collectgarbage() collectgarbage()")
    }

    @Test func resurrectionIsSafe() throws {
        let counter = Counter()
        let state = try makeState(boxBindings(counter).box)
        let result = state.run(
            """
            for round = 1, 50 do
                -- The table is finalized before or after the box that it holds; either way Lua keeps the box as it is.
                local early = setmetatable({}, { __gc = function(x) saved = x.box end })
                early.box = t.box('b')
                setmetatable({ box = early.box }, { __gc = function(x) saved2 = x.box end })
                early = nil
                collectgarbage()
            end
            return tostring(saved), tostring(saved2), select('#', pcall(function() return saved.label end))
            """)
        #expect(["box b", "a value that is gone"].contains { result.hasPrefix($0) })
        _ = state.run("saved, saved2 = nil collectgarbage() collectgarbage()")
        #expect(counter.living == 0)
    }

    @Test(arguments: [
        "debug.setmetatable(io.stdout, meta) return pcall(function() return io.stdout.label end)",
        "debug.setmetatable(io.stdout, meta) return pcall(function() return box.name(io.stdout) end)",
        "debug.setmetatable(io.stdout, meta) return tostring(io.stdout)",
        "debug.setmetatable(io.stdout, meta) return io.stdout == io.stderr",
        "meta.__gc(io.stdout) meta.__close(io.stdout) return meta.__tostring(io.stdout)",
        "meta.__gc() meta.__gc(1) meta.__gc({}) return meta.__eq(), meta.__eq(1, 2), meta.__tostring()",
        "debug.setmetatable(lid, meta) return pcall(function() return lid.label end)",
        "debug.setmetatable(lid, meta) return pcall(function() return lid:name() end)",
        "debug.setmetatable(box, debug.getmetatable(lid)) return pcall(function() return box.size end)",
        "debug.setmetatable(box, nil) return pcall(t.box, box)",
        "debug.setmetatable(nil, meta) local ok = pcall(function() return (nil).label end) debug.setmetatable(nil, nil) return ok",
        "debug.setmetatable(0, meta) local ok = pcall(function() return (0).label end) debug.setmetatable(0, nil) return ok",
        "meta.__index = nil return pcall(function() return box.label end)",
        "meta.__index = function() error('mine') end return pcall(function() return box.label end)",
        "debug.setuservalue(box, 1, 1) return box",
        "local copy = {} for k, v in pairs(meta) do copy[k] = v end debug.setmetatable(io.stdout, copy) return pcall(function() return io.stdout.label end)",
    ])
    func debugTricksDoNotCrash(trick: String) throws {
        let bindings = boxBindings()
        let state = try makeState(bindings.box, bindings.lid)
        _ = state.run(
            "before = debug.getmetatable(io.stdout) box, lid = t.box('b'), t.lid() meta = debug.getmetatable(box)")
        let result = state.run(trick)
        #expect(!result.isEmpty)
        #expect(!result.hasPrefix("true"))
        _ = state.run(
            "debug.setmetatable(io.stdout, before) debug.setmetatable(box, meta) box, lid = nil collectgarbage() collectgarbage()")
        #expect(state.run("return io.type(io.stdout)") == "file")
    }

    @Test func aChangedFunctionNumberIsAnError() throws {
        let state = try makeState(binding("f") { _ throws(LuaError) in 0 })
        for number in ["1000000", "-1", "math.mininteger", "math.maxinteger", "'x'", "nil"] {
            _ = state.run("debug.setupvalue(t.f, 1, \(number)) pcall(t.f)")
            state.lua.pushGlobals()
            state.lua.rawGet(-1, "t")
            state.lua.rawGet(-1, "f")
            _ = state.binding(state.lua, -1)
            state.lua.pop(3)
        }
        #expect(state.failure("debug.setupvalue(t.f, 1, 1000000) t.f()") == "test:1: no such function")
    }
}
