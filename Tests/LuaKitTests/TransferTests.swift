import Testing

@testable import LuaKit

/// Values out of one state and into another.
@Suite struct TransferTests {
    /// Sends what `source` returns into `other` as the global `got`, a list with its length in `n`.
    private func send(_ source: String, from state: LuaState, to other: LuaState, what: String = "value")
        throws(LuaError) -> [UInt8]
    {
        let lua = state.lua
        let base = lua.top
        defer { lua.top = base }
        try lua.load(Array(source.utf8), name: "=test")
        try lua.call(arguments: 0)
        let bytes = try Transfer.encode(lua, (base + 1)..<(lua.top + 1), what: what)
        let there = other.lua
        let count = try Transfer.decode(there, bytes)
        there.pushTable()
        there.insert(-Int32(count) - 1)
        for position in stride(from: count, to: 0, by: -1) { there.rawSet(-Int32(position) - 1, position) }
        there.push(count)
        there.rawSet(-2, "n")
        there.pushGlobals()
        there.insert(-2)
        there.rawSet(-2, "got")
        there.pop()
        #expect(there.top == 0)
        return bytes
    }

    @Test(arguments: [
        ("", "got.n == 0"), ("return nil", "got.n == 1 and got[1] == nil"),
        ("return 1, nil, 'x', nil", "got.n == 4 and got[3] == 'x'"),
        ("return true, false", "got[1] == true and got[2] == false"),
        (
            "return 0, -1, math.maxinteger, math.mininteger",
            "got[2] == -1 and got[3] == math.maxinteger and got[4] == math.mininteger and math.type(got[4]) == 'integer'"
        ),
        (
            "return 0.5, 1e308, -0.0, 1.0",
            "got[1] == 0.5 and got[2] == 1e308 and 1 / got[3] == -math.huge and math.type(got[4]) == 'float'"
        ),
        ("return 0/0, 1/0, -1/0", "got[1] ~= got[1] and got[2] == math.huge and got[3] == -math.huge"),
        (
            "return '', 'a\\0b', '\\xff\\xfe', ('x'):rep(1 << 20)",
            "got[1] == '' and got[2] == 'a\\0b' and got[3] == '\\xff\\xfe' and #got[4] == 1 << 20"
        ),
        ("return {}", "next(got[1]) == nil and getmetatable(got[1]) == nil"),
        (
            "return { 1, 2, 'x', n = 3, [0.5] = false, [true] = {} }",
            "#got[1] == 3 and got[1].n == 3 and got[1][0.5] == false and next(got[1][true]) == nil"
        ),
        ("local t = {} return t, { t, t }", "got[1] == got[2][1] and got[2][1] == got[2][2]"),
        ("local t = {} t.me = t t[t] = t return t", "got[1].me == got[1] and got[1][got[1]] == got[1]"),
        ("local a, b = {}, {} a.b, b.a = b, a return { a }", "got[1][1].b.a == got[1][1]"),
        (
            "local k = { 'key' } return { [k] = k, [{}] = 1 }",
            "(function() for k, v in pairs(got[1]) do if type(v) == 'table' then return k == v and k[1] == 'key' end end end)()"
        ),
        (
            "local list for i = 1, 10000 do list = { next = list, i } end return list",
            "(function() local n, l = 0, got[1] while l do n = n + 1 assert(l[1] == 10001 - n) l = l.next end return n == 10000 end)()"
        ),
        ("local t = {} for i = 1, 100000 do t[i] = i end return t", "#got[1] == 100000 and got[1][100000] == 100000"),
        ("return table.unpack({}, 1, 1000)", "got.n == 1000"),
        (
            "return setmetatable({ 1 }, { __index = error, __pairs = error, __len = error })",
            "got[1][1] == 1 and getmetatable(got[1]) == nil"
        ),
        (
            "return { [math.maxinteger] = 1, [math.mininteger] = 2, [2^63] = 3 }",
            "got[1][math.maxinteger] == 1 and got[1][math.mininteger] == 2 and got[1][2^63] == 3"
        ),
    ])
    func valuesArriveAsTheyWere(source: String, check: String) throws {
        let state = try makeState()
        let other = try makeState()
        _ = try send(source, from: state, to: other)
        #expect(other.run("return \(check)") == "true")
        #expect(state.lua.top == 0)
    }

    @Test func errorTablesKeepTheirMetatable() throws {
        let state = try makeState(
            binding("fail") { _ throws(LuaError) in throw .fields(message: "failed", [("errno", .integer(1))]) })
        let other = try makeState()
        _ = try send("\nlocal _, e = pcall(function() t.fail() end) return e", from: state, to: other)
        #expect(other.run("return got[1], got[1].errno") == "test:2: failed 1")
        #expect(other.failure("error(got[1])") == "test:2: failed")
        // A second metatable crosses by the name that both sides gave it.
        for state in [state, other] {
            state.declareTable("mine") { _ in "mine" }
            state.lua.pushGlobals()
            state.pushMetatable(state.lua, named: "mine")
            state.lua.rawSet(-2, "mine")
            state.lua.pop()
        }
        _ = try send("return setmetatable({}, mine)", from: state, to: other)
        #expect(other.run("return getmetatable(got[1]) == mine") == "true")
    }

    @Test(arguments: [
        ("return print", "value is a function, which cannot cross to another process"),
        ("return 1, print", "value 2 is a function, which cannot cross to another process"),
        ("return { a = { b = { io.stdout } } }", "value.a.b[1] is a userdata, which cannot cross to another process"),
        ("return { [print] = 1 }", "a key of value is a function, which cannot cross to another process"),
        (
            "return { a = { [{ x = print }] = 1 } }",
            "a key of value.a.x is a function, which cannot cross to another process"
        ),
        ("return { [1.5] = { [-3] = print } }", "value[1.5][-3] is a function, which cannot cross to another process"),
        (
            "return { [math.maxinteger] = print }",
            "value[9223372036854775807] is a function, which cannot cross to another process"
        ),
        ("return { [true] = print }", "value[…] is a function, which cannot cross to another process"),
        ("return { t.box('b') }", "value[1] is a box, which cannot cross to another process"),
        ("return coroutine.create(print)", "value is a thread, which cannot cross to another process"),
    ])
    func whatCannotCrossIsNamed(source: String, problem: String) throws {
        let state = try makeState(boxBindings().box)
        let other = try makeState()
        do throws(LuaError) {
            _ = try send(source, from: state, to: other)
            Issue.record("it crossed")
        } catch { #expect(state.text(error) == problem) }
        #expect(state.lua.top == 0)
    }

    @Test(arguments: ["t = { n = t }", "t = { [t] = 1 }"]) func aDeepPlaceIsShortened(step: String) throws {
        let state = try makeState()
        let other = try makeState()
        do throws(LuaError) {
            _ = try send("local t = { print } for i = 1, 100000 do \(step) end return t", from: state, to: other)
            Issue.record("it crossed")
        } catch { #expect(state.text(error).utf8.count < 250) }
    }

    @Test func whatIsNoMessageIsRefused() throws {
        let state = try makeState()
        let other = try makeState()
        let source = """
            local a, b = { 1, 2.5, 'text' }, { x = true, y = false }
            a.b, b.a, a[a] = b, a, { { {} } }
            return a, nil, 'root', -1, setmetatable({ message = 'm' }, getmetatable(failed))
            """
        _ = other.failure("local x = nil + 1")
        state.lua.pushGlobals()
        state.lua.push(.fields(message: "failed", []))
        state.lua.rawSet(-2, "failed")
        state.lua.pop()
        let valid = try send(source, from: state, to: other)
        let lua = other.lua
        lua.push("bottom")
        var random = Generator(state: 20_260_101)
        var refused = 0
        for round in 0..<20_000 {
            var bytes = valid
            if round % 4 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
            if round % 4 == 1 {
                bytes.insert(.random(in: 0...255, using: &random), at: Int.random(in: 0...bytes.count, using: &random))
            }
            if round % 4 != 0 || round % 8 == 0 {
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    // Small and extreme values are where counts and tags go wrong.
                    let value = [0, 1, 5, 6, 7, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)]
                        .randomElement(using: &random)!
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = value
                }
            }
            do throws(LuaError) {
                let count = try Transfer.decode(lua, bytes)
                #expect(Int(lua.top) == count + 1)
            } catch {
                refused += 1
                #expect(lua.top == 1)
            }
            lua.top = 1
        }
        #expect(refused > 5000 && refused < 20_000)
        for length in 0..<valid.count {
            #expect(throws: LuaError.self) { try Transfer.decode(lua, Array(valid.prefix(length))) }
        }
        #expect(throws: LuaError.self) { try Transfer.decode(lua, valid + [0]) }
        #expect(lua.top == 1)
        #expect(other.memoryAfterCollection < 1 << 20)
    }

    /// SplitMix64: the same numbers in every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }
}
