import Bindings
import Linux
import LuaKit
import Testing

@testable import Prompt

/// A state in which chunks can be run, and their values shown.
struct LuaSession {
    let state: LuaState

    private static let proc: Void = Proc.open()

    init() throws {
        LuaSession.proc
        state = try #require(Runtime.make(ignoringEnvironment: true))
    }

    /// Shows what an expression gives.
    func show(_ expression: String, columns: Int = 60, colours: Bool = false, at location: SourceLocation = #_sourceLocation) -> String {
        let lua = state.lua
        let top = lua.top
        defer { lua.top = top }
        do throws(LuaError) {
            try lua.load(Array("return \(expression)".utf8), name: "=test")
            try lua.call(arguments: 0, results: 1)
        } catch {
            Issue.record("\(ErrorText.of(error, lua))", sourceLocation: location)
            return ""
        }
        var printer = Printer(lua, columns: columns, colours: colours)
        return printer.show(-1)
    }

    /// Runs statements.
    func run(_ chunk: String, at location: SourceLocation = #_sourceLocation) {
        do throws(LuaError) {
            try state.lua.load(Array(chunk.utf8), name: "=test")
            try state.lua.call(arguments: 0, results: 0)
        } catch { Issue.record("\(ErrorText.of(error, state.lua))", sourceLocation: location) }
    }
}

@Suite struct PrinterTests {
    @Test(arguments: [
        ("nil", "nil"), ("true", "true"), ("12", "12"), ("3.0", "3.0"), ("0.1 + 0.2", "0.30000000000000004"), ("1e100", "1e+100"),
        ("1 / 0", "math.huge"), ("-1 / 0", "-math.huge"), ("math.mininteger", "math.mininteger"), ("'a\"b\\\\c'", #""a\"b\\c""#),
        ("'a\\0b\\27[31m\\n'", #""a\x00b\x1b[31m\n""#), ("'\\xff\\xe4\\xbd'", #""\xff\xe4\xbd""#), ("'你好'", "\"你好\""),
        ("'\\u{202e}'", #""\u{202e}""#), ("{}", "{}"), ("{ 1, 2, k = 'v' }", #"{ 1, 2, k = "v" }"#),
        ("{ ['a b'] = 1, [2.5] = 2, [true] = 3 }", #"{ ["a b"] = 1, [2.5] = 2, [true] = 3 }"#), ("{ ['end'] = 1 }", #"{ ["end"] = 1 }"#),
        ("{ { { { { {} } } } } }", "{ { { { { {…} } } } } }"), ("ns.clone", "ns.clone([options])"), ("print", "function: print"),
        ("string.rep", "function: string.rep"), ("function() end", "function: test:1"), ("{ ns }", "{ module ns }"),
        ("setmetatable({ 1 }, { __name = 'Point' })", "Point { 1 }"),
        ("setmetatable({}, { __tostring = function() return 'mine' end })", "mine"),
        ("setmetatable({}, { __tostring = function() error('no', 0) end })", "<table: __tostring: no>"),
        ("setmetatable({}, { __index = error, __pairs = error, __len = error, __eq = error })", "{}"),
    ])
    func valuesAreShown(_ expression: String, _ text: String) throws { #expect(try LuaSession().show(expression) == text) }

    /// What is shown of a number or a string is what it was.
    @Test(arguments: ["0.1", "1/3", "2^53", "1e15", "123456789012345678", "'\\0\\1\\200 \\r\\n\\t\"\\\\'", "math.pi", "5e-324"])
    func itReadsBack(_ expression: String) throws {
        let session = try LuaSession()
        let shown = session.show(expression)
        #expect(session.show("\(shown) == \(expression) and math.type(\(shown)) == math.type(\(expression))") == "true", "\(shown)")
    }

    @Test func cyclesAreShownByTheirPath() throws {
        let session = try LuaSession()
        session.run("t = { a = { b = {} } } t.a.b.c = t.a t.a.d = t shared = { 1 } two = { shared, shared }")
        #expect(session.show("t") == "{ a = { b = { c = <cycle: .a> }, d = <cycle> } }")
        #expect(session.show("two") == "{ { 1 }, { 1 } }")
        session.run("u = { {} } u[1]['x y'] = u[1]")
        #expect(session.show("u") == #"{ { ["x y"] = <cycle: [1]> } }"#)
    }

    @Test func recordsAreColumns() throws {
        let session = try LuaSession()
        let records = "{ { name = '你好', size = 1 }, { name = 'ab', size = 222, up = true } }"
        #expect(session.show(records) == "name  size  up\n你好     1\nab     222  true")
        // By name too, as ns.types() has it.
        session.run("list = \(records) list.first = list[1]")
        #expect(session.show("list").hasSuffix("\nthe same by name: first"))
        #expect(session.show("{ { a = 1 }, { b = 2 } }") == "{ { a = 1 }, { b = 2 } }")
        #expect(session.show("{ { name = 'x', size = 1 } }") == #"{ { name = "x", size = 1 } }"#)
        // The widest column gives.
        let wide = session.show("{ { a = 1, b = ('x'):rep(100) }, { a = 2, b = 'y' } }", columns: 40)
        #expect(wide.split(separator: "\n").map(\.count).max() == 40)
        #expect(wide.contains("x…"))
    }

    @Test func whatIsTooWideIsBroken() throws {
        let session = try LuaSession()
        #expect(
            session.show("{ name = ('x'):rep(20), other = { 1, 2 }, 1, 2 }", columns: 40)
                == "{\n  1, 2,\n  name = \"xxxxxxxxxxxxxxxxxxxx\",\n  other = { 1, 2 },\n}")
        let list = session.show("(function() local t = {} for i = 1, 60 do t[i] = i end return t end)()", columns: 40)
        #expect(list.split(separator: "\n").allSatisfy { $0.count <= 40 })
        #expect(list.split(separator: "\n").count < 10)
    }

    @Test func whatIsLeftOutIsSaid() throws {
        let session = try LuaSession()
        session.run("list = {} for i = 1, 100000 do list[i] = i end list.name = 'n'")
        session.run("names = {} for i = 1, 100000 do names['k' .. i] = i end")
        let text = session.show("list")
        #expect(text.contains("… 99,900 more"))
        // What comes after the positions is found without going through them.
        #expect(text.contains("name = \"n\""))
        #expect(session.show("names").contains("… over 10,000 more by name"))
        #expect(session.show("('x'):rep(20000)").hasSuffix("… 10,000 more bytes"))
        let clock = ContinuousClock()
        for name in ["list", "names"] {
            let seconds = clock.measure { _ = session.show(name) }
            // A debug build; the benchmark has the real numbers.
            #expect(seconds < .seconds(1))
        }
    }

    /// Every metatable for tables that the program declares.
    private static let metatables = Runtime.make(ignoringEnvironment: true)?.tableNames ?? []

    @Test func theMetatablesAreKnown() { #expect(PrinterTests.metatables.count >= 12) }

    /// What a child sends has a metatable and fields of its choice.
    @Test(
        arguments: metatables,
        [
            "{}", "(function() local t = {} for i = 1, 64 do t[i] = 0x4141414141414141 end return t end)()",
            "(function() local t = { seconds = 0/0, pid = 2^63, status = 1/0, lost = math.maxinteger } t[1] = { seconds = 1e300 } return t end)()",
            "(function() local t = {} for i = 1, 65 do t['k' .. i] = {} end for i = 0, 62 do t[1 << i] = t end return t end)()",
            "(function() local t = { columns = {}, holders = {} } t.error = t t.text = t t.message = t t[1] = t t.columns[1] = t return t end)()",
            "(function() local t = {} for i = 1, 12000 do t[i] = false end return t end)()",
        ])
    func tablesWithNsshsMetatablesAreShown(_ name: String, _ table: String) throws {
        let session = try LuaSession()
        let lua = session.state.lua
        lua.reserve(10)
        lua.pushGlobals()
        session.state.pushMetatable(lua, named: name)
        lua.rawSet(-2, "metatable")
        lua.pop()
        session.run("value = setmetatable(\(table), metatable)")
        #expect(session.show("value").utf8.count < 1 << 21)
        // In a table it has one line, and is no key or value that does harm.
        let nested = session.show("{ value, { value, k = value }, [value] = value }", columns: 200)
        #expect(!nested.contains("__tostring"), "\(nested)")
        #expect(lua.top == 0)
    }

    /// The same long text in a table often.
    @Test func longTextsInATableAreCut() throws {
        let session = try LuaSession()
        session.run(
            """
            made = 0
            long = setmetatable({}, { __tostring = function() made = made + 1 return ('x'):rep(1 << 20) .. '\\nmore' end })
            list = {} for i = 1, 100 do list[i] = {} for j = 1, 20 do list[i][j] = long end end
            list[('key'):rep(100000)] = 1
            """)
        let text = session.show("list")
        #expect(text.utf8.count < 100_000)
        #expect(session.show("{ long }").contains("x …"))
        #expect(session.show("made < 30") == "true")
        #expect(session.show("long").utf8.count < (1 << 20) + 10)
    }

    @Test func numbersOfAnySizeAreShown() throws {
        let session = try LuaSession()
        #expect(session.show("{ 0/0, 1/0, -1/0, 2^63, math.maxinteger, -0.0 }", columns: 200).hasPrefix("{ nan, math.huge, -math.huge, 9"))
        #expect(session.show("{ [2^53] = 1, [math.mininteger] = 2, [0.5] = 3 }").contains("[math.mininteger] = 2"))
        #expect(session.show("(function() local t = {} for i = 0, 62 do t[1 << i] = 1 end return t end)()").contains("[1024] = 1"))
    }

    /// Not in the middle of a character.
    @Test func longStringsAreCutBetweenCharacters() throws {
        let text = try LuaSession().show("{ ('a' .. ('你'):rep(200)) }", columns: 10_000)
        #expect(!text.contains("\\x"), "\(text)")
        #expect(text.contains("你\" … "))
    }

    @Test func coloursAreAskedFor() throws {
        let session = try LuaSession()
        #expect(session.show("{ a = 1 }", colours: true) == "{ \u{1b}[36ma\u{1b}[0m = \u{1b}[33m1\u{1b}[0m }")
        #expect(!session.show("{ a = 'x', ns.clone, { nil } }").contains("\u{1b}"))
    }
}
