import LuaKit
import Testing

@Suite struct TopLevelLocalsTests {
    @Test(arguments: [
        ("local x = 1", "x"), ("local x, y = 1", "x y"), ("local x <const>, y <close> = f()", "x y!"),
        ("local function f() local inner end", "f"), ("print(1); local z", "z"), ("local a = function() local b end local c", "a c"),
        ("for i = 1, 2 do local inner end local out", "out"), ("if x then local inner else local other end local out", "out"),
        ("repeat local inner until true local out", "out"), ("local x = 'local y'", "x"), ("local x -- local y", "x"),
        ("local t = { local_ = 1 }", "t"), ("local x = 1 local x <close> = f()", "x!"), ("local größe = 1", "größe"),
    ])
    func variablesAreFound(_ source: String, _ expected: String) throws {
        let found = try #require(TopLevelLocals(Array(source.utf8)))
        #expect(found.variables.map { $0.name + ($0.isClosed ? "!" : "") }.joined(separator: " ") == expected)
    }

    @Test(arguments: ["x = 1", "do local x end", "function f() local x end", "-- local x", "'local x'", "", "local", "t.local_ = 1"])
    func thereAreNone(_ source: String) { #expect(TopLevelLocals(Array(source.utf8)) == nil) }

    @Test func nothingIsClosedButAllIsConstant() throws {
        let found = try #require(TopLevelLocals(Array("local x <close>, y<const> = 1".utf8)))
        #expect(String(decoding: found.source, as: UTF8.self) == "local x <const>, y<const> = 1\nreturn x, y")
    }
}
