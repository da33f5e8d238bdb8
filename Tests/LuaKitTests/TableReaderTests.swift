import Testing

@testable import LuaKit

/// Tables of any content, read to be told about.
@Suite struct TableReaderTests {
    /// What `read` makes of the table that an expression gives.
    private func read<Value>(_ expression: String, _ read: (TableReader) -> Value) throws -> Value {
        let state = try makeState()
        let lua = state.lua
        try lua.load(Array("return \(expression)".utf8), name: "=test")
        try lua.call(arguments: 0, results: 1)
        let reader = try #require(TableReader(lua, -1))
        let value = read(reader)
        #expect(lua.top == 1)
        return value
    }

    @Test func fieldsOfTheWrongTypeAreAbsent() throws {
        let odd = "{ s = 5, i = 2.5, n = '7', t = 'x', nan = 0/0, huge = 2^63, most = math.maxinteger, yes = 0, no = false }"
        try read(odd) { table in
            #expect(table.string("s") == nil && table.string("absent") == nil && table.whole("s") == nil)
            #expect(table.integer("i") == nil && table.integer("n") == nil && table.integer("nan") == nil && table.integer("huge") == nil)
            #expect(table.integer("most") == .max && table.number("huge") == 0x1p63 && table.number("n") == nil)
            #expect(table.number("nan")?.isNaN == true)
            #expect(table.table("t") { _ in 1 } == nil && table.size("s") == nil && table.size("t") == 1)
            #expect(table.isTrue("yes") && !table.isTrue("no") && !table.isTrue("absent"))
            #expect(table.kind("s") == .number && table.kind("absent") == .nil)
        }
    }

    @Test func noCodeRuns() throws {
        try read("setmetatable({}, { __index = error, __len = error })") { table in
            #expect(table.string("x") == nil)
            #expect(table.forEachRecord { _ in } == 0)
        }
    }

    @Test func entriesThatAreNoRecordsArePassedOver() throws {
        let list = "{ 1, 'x', { name = 'a' }, false, { name = 'b' }, print }"
        let names = try read(list) { list in
            var names: [String] = []
            #expect(list.forEachRecord { names.append($0.string("name") ?? "") } == 0)
            return names
        }
        #expect(names == ["a", "b"])
    }

    /// A border may be any, and the table need not have what is before it.
    @Test(arguments: [
        ("(function() local t = {} for i = 1, 12000 do t[i] = {} end return t end)()", 10_000, 2000),
        ("(function() local t = {} for i = 0, 62 do t[1 << i] = {} end for i = 1, 65 do t['k' .. i] = 1 end return t end)()", 14, 0),
    ])
    func aListHasAnEnd(_ list: String, records: Int, least: Int) throws {
        try read(list) { list in
            var count = 0
            let left = list.forEachRecord { _ in count += 1 }
            #expect(count <= records && left >= least)
        }
    }

    @Test func stringsAreCutBetweenCharacters() throws {
        try read("{ s = ('你'):rep(100), ascii = ('x'):rep(5000), bad = ('\\x80'):rep(20) }") { table in
            #expect(table.string("s", most: 10) == "你你你…")
            #expect(table.string("s", most: 300) == String(repeating: "你", count: 100))
            #expect(table.string("ascii") == String(repeating: "x", count: 4096) + "…")
            #expect(table.string("bad", most: 8)?.hasSuffix("…") == true)
            #expect(table.string("s", most: 0) == "…")
        }
    }

    /// A long string in a table that a list has often.
    @Test func aTextHasAnEnd() throws {
        let list = "(function() local r, t = { text = ('x'):rep(4000) }, {} for i = 1, 9000 do t[i] = r end return t end)()"
        let (size, left) = try read(list) { list in
            var size = 0
            let left = list.forEachRecord { size += $0.string("text")?.utf8.count ?? 0 }
            return (size, left)
        }
        #expect(size > 4_000_000 && size < 4_300_000 && left > 7000)
    }

    @Test func wordsHaveAnEnd() throws {
        #expect(try read("{ 'a', 2, 'b', {}, 'c' }") { $0.strings() } == ["a", "b", "c"])
        #expect(try read("{ 'a', 'b', 'c' }") { $0.strings(most: 2) } == ["a", "b", "…"])
        #expect(try read("{ 'aaaa', 'bbbb', 'cccc' }") { $0.strings(bytes: 7) } == ["aaaa", "bb…", "…"])
    }

    /// Each could have another in it, and so on.
    @Test func aTableOfTheSameKindIsOnlyNamed() throws {
        let state = try makeState()
        state.declareTable("nest") { table in "<\(table.display("inner") ?? "nothing")>" }
        let lua = state.lua
        lua.reserve(10)
        lua.pushGlobals()
        state.pushMetatable(lua, named: "nest")
        lua.rawSet(-2, "nest")
        lua.pop()
        #expect(state.run("return setmetatable({}, nest)") == "<nothing>")
        #expect(state.run("return setmetatable({ inner = 5 }, nest)") == "<5>")
        #expect(state.run("local t = setmetatable({}, nest) t.inner = t return t") == "<a nest>")
        let failing = "setmetatable({}, { __tostring = error })"
        #expect(state.run("return setmetatable({ inner = \(failing) }, nest)") == "<a table that cannot be shown>")
        // Called by hand it gives a text too.
        let called = state.run("return nest.__tostring(), nest.__tostring(5), nest.__tostring(print)")
        #expect(called == "nest: no value nest: number nest: function")
    }
}
