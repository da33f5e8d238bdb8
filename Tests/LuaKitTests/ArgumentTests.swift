import Testing

@testable import LuaKit

@Suite struct ArgumentTests {
    /// A binding `t.take` of one required parameter, which returns nothing.
    private func take(_ type: LuaType) throws -> LuaState {
        let bindings = boxBindings()
        return try makeState(
            LuaFunction("t.take", [LuaField("value", type, optional: false, "")], "") { _ throws(LuaError) in 0 },
            bindings.box, bindings.lid)
    }

    private static var options: LuaRecord {
        LuaRecord(
            "ns.clone",
            [
                LuaField(
                    "uts", .either([.true, .string, .record(LuaRecord("uts", [LuaField("hostname", .string, "")]))]), ""),
                LuaField("stdin", .choice(["null", "pipe"]), ""), LuaField("uid", .integer, ""),
                LuaField("env", .map(.either([.string, .choice(["x"]), .boolean])), ""),
                LuaField("maps", .list(.list(.integer)), ""), LuaField("f", .function, ""),
            ], positions: LuaField("argv", .either([.string, .function]), ""))
    }

    /// Computed, since the leak sanitizer does not follow the tagged pointers of an indirect enum in a global.
    private static var wrong: [(LuaType, String, String)] {
        [
            (.boolean, "1", "boolean expected, got number"),
            (.boolean, "nil", "boolean expected, got nil"),
            (.boolean, "", "boolean expected, got no value"),
            (.true, "false", "true expected, got false"),
            (.integer, "'1'", "integer expected, got string"),
            (.integer, "1.5", "number has no integer representation"),
            (.integer, "0/0", "number has no integer representation"),
            (.integer, "1/0", "number has no integer representation"),
            (.integer, "-1/0", "number has no integer representation"),
            (.integer, "2^63", "number has no integer representation"),
            (.integer, "true", "integer expected, got true"),
            (.number, "'1'", "number expected, got string"),
            (.string, "1", "string expected, got number"),
            (.string, "'a\\0b'", "it cannot contain a zero byte"), (.suggested(["a"]), "'a\\0b'", "it cannot contain a zero byte"),
            (.list(.string), "{ 'a', 'b\\0' }", "[2]: it cannot contain a zero byte"),
            (.string, "io.stdout", "string expected, got userdata"),
            (.function, "setmetatable({}, { __call = print })", "function expected, got table"),
            (.table, "'x'", "table expected, got string"),
            (.file, "{}", "file expected, got table"),
            (.file, "t.box('a')", "file expected, got box"),
            (.object("box"), "t.lid()", "box expected, got lid"),
            (.object("box"), "{}", "box expected, got table"),
            (
                .choice(["null", "pipe", "inherit"]), "'pip'",
                "\"null\", \"pipe\" or \"inherit\" expected, got \"pip\"; did you mean 'pipe'?"
            ),
            (.choice(["null"]), "1", "\"null\" expected, got number"),
            (.list(.integer), "{ 1, 'x' }", "[2]: integer expected, got string"),
            (.list(.integer), "{ 1, nil, 3 }", "[2]: integer expected, got nil"),
            (.list(.integer), "{ 1, a = 2 }", "list expected, got the field 'a'"),
            (.list(.integer), "{ 1, [true] = 2 }", "the key of type boolean is neither a position nor a name"),
            (.list(.integer), "{ [{}] = 2 }", "the key of type table is neither a position nor a name"),
            (.list(.integer), "{ [1.5] = 2 }", "the key [1.5] is neither a position nor a name"),
            (.list(.integer), "{ [0] = 2 }", "the key [0] is neither a position nor a name"),
            (.list(.integer), "{ [-1] = 2 }", "the key [-1] is neither a position nor a name"),
            (
                .list(.integer), "{ [math.maxinteger] = 2 }",
                "the key [9223372036854775807] is neither a position nor a name"
            ),
            (.list(.list(.string)), "{ {}, { 'a', {} } }", "[2][2]: string expected, got table"),
            (.map(.integer), "{ a = 1, b = 'x' }", "b: integer expected, got string"),
            (.map(.integer), "{ 1 }", "[1]: named fields expected, got a position"),
            (.map(.map(.list(.true))), "{ a = { b = { true, false } } }", "a.b[2]: true expected, got false"),
            (.either([.string, .integer]), "{}", "string or integer expected, got table"),
            (.either([.string, .integer]), "1.5", "number has no integer representation"),
            (.either([.true, .choice(["a", "b"])]), "false", "true or \"a\" or \"b\" expected, got false"),
            (.named("target", .either([.integer, .string])), "{}", "target expected, got table"),
            (.named("seconds", .number), "'1'", "seconds expected, got string"),
            (
                .named("list of targets", .list(.named("target", .integer))), "{ 1, 'x' }",
                "[2]: target expected, got string"
            ),
            (
                .record(options), "{ stdin = 'pip' }",
                "stdin: \"null\" or \"pipe\" expected, got \"pip\"; did you mean 'pipe'?"
            ),
            (.record(options), "{ uts = false }", "uts: true, string or table expected, got false"),
            (.record(options), "{ uts = { hostname = 1 } }", "uts.hostname: string expected, got number"),
            (.record(options), "{ maps = { { 1, 2 }, { 'x' } } }", "maps[2][1]: integer expected, got string"),
            (.record(options), "{ 'a', print, 3 }", "[3]: string or function expected, got number"),
            (.record(options), "{ [true] = 1 }", "the key of type boolean is neither a position nor a name"),
        ]
    }

    @Test(arguments: wrong.indices) func wrongValuesAreNamed(number: Int) throws {
        let (type, value, problem) = Self.wrong[number]
        let state = try take(type)
        #expect(state.failure("t.take(\(value))") == "test:1: bad argument #1 to 't.take' (\(problem))")
        #expect(state.lua.top == 0)
    }

    @Test(arguments: [
        ("{ utz = true }", "unknown option 'utz' for ns.clone; did you mean 'uts'?"),
        ("{ uts = true, hostname = 'x' }", "unknown option 'hostname' for ns.clone"),
        ("{ uts = { hostnam = 'x' } }", "unknown option 'hostnam' for uts; did you mean 'hostname'?"),
        ("{ ['u\\0s'] = 1 }", "unknown option 'u\0s' for ns.clone; did you mean 'uts'?"),
        ("{ [''] = 1 }", "unknown option '' for ns.clone"),
    ])
    func unknownOptionsAreNamed(value: String, problem: String) throws {
        #expect(try take(.record(Self.options)).failure("t.take(\(value))") == "test:1: \(problem)")
    }

    @Test func requiredOptionsAndClosedFiles() throws {
        let record = LuaRecord("ns.open", [LuaField("path", .string, optional: false, "")])
        #expect(try take(.record(record)).failure("t.take({})") == "test:1: ns.open needs the option 'path'")
        #expect(
            try take(.record(record)).failure("t.take({ 'x' })")
                == "test:1: bad argument #1 to 't.take' ([1]: ns.open takes named options only)")
        #expect(
            try take(.file).failure("local f = io.tmpfile() f:close() t.take(f)")
                == "test:1: bad argument #1 to 't.take' (the file is closed)")
        #expect(try take(.file).run("t.take(io.stdout) return 'taken'") == "taken")
    }

    private static var right: [(LuaType, String)] {
        [
            (.any, "print"), (.any, "false"), (.boolean, "false"), (.true, "true"), (.integer, "3.0"),
            (.integer, "math.mininteger"), (.number, "0/0"), (.number, "-0.0"), (.string, "''"), (.function, "print"),
            (.table, "setmetatable({}, { __index = error, __len = error, __pairs = error })"), (.file, "io.stderr"),
            (.object("box"), "t.box('x')"), (.choice(["a", "b"]), "'b'"), (.list(.integer), "{}"), (.map(.integer), "{}"),
            (.list(.any), "{ 1, 'x', print, {}, true }"), (.map(.any), "{ a = print, ['\\0'] = {} }"),
            (.list(.either([.list(.integer), .string])), "{ 'x', { 1 }, {} }"),
            (.list(.integer), "setmetatable({ 1, 2 }, { __index = error, __len = error })"),
            (
                .record(options),
                "{ uts = { hostname = 'x' }, stdin = 'null', env = { A = 'x', B = false }, maps = { { 0, 1, 2 } }, 'argv', print }"
            ),
            (.record(options), "{}"), (.record(options), "{ uts = 'short' }"),
        ]
    }

    @Test(arguments: right.indices) func rightValuesPass(number: Int) throws {
        let (type, value) = Self.right[number]
        let state = try take(type)
        #expect(state.run("t.take(\(value)) t.take(\(value), nil, nil) return 'taken'") == "taken")
        #expect(state.lua.top == 0)
    }

    @Test func hugeListsAreReadOrRefused() throws {
        let state = try take(.list(.integer))
        #expect(state.run("local l = {} for i = 1, 200000 do l[i] = i end t.take(l) return 'taken'") == "taken")
        #expect(
            state.failure("local l = table.move({ 1 }, 1, 1, 1) for i = 1, (1 << 20) + 1 do l[i] = i end t.take(l)")
                == "test:1: bad argument #1 to 't.take' (too long: 1048577 entries)")
        #expect(
            try take(.list(.function)).failure("local l = {} for i = 1, 1 << 20 do l[i] = print end t.take(l)")
                .contains("too many values"))
    }

    @Test func nestingHasAnEnd() throws {
        var type = LuaType.integer
        for _ in 0..<20 { type = .either([.integer, .list(type)]) }
        let state = try take(type)
        #expect(state.run("t.take({ { { { 1 } } } }) return 'taken'") == "taken")
        #expect(state.failure("local l = {} l[1] = l t.take(l)").contains("nested too deeply"))
    }

    @Test func theNumberOfArguments() throws {
        var seen: [String] = []
        let two = LuaFunction(
            "t.two", [LuaField("a", .integer, optional: false, ""), LuaField("b", .integer, "")], ""
        ) { call throws(LuaError) in
            seen.append("\(call[0].integer ?? -1) \(call[1].integer ?? -1) \(call.given) \(call.rest.count)")
            return 0
        }
        let rest = LuaFunction("t.rest", [LuaField("a", .any, ""), LuaField("b", .any, "")], variadic: true, "") {
            call throws(LuaError) in
            for index in call.rest { call.lua.pushValue(index) }
            return call.rest.count
        }
        let state = try makeState(two, rest)
        _ = state.run("t.two(1) t.two(1, nil) t.two(1, 2, nil, nil) t.two(1, 2)")
        #expect(seen == ["1 -1 1 0", "1 -1 2 0", "1 2 4 2", "1 2 2 0"])
        #expect(state.failure("t.two(1, 2, 3)") == "test:1: too many arguments to 't.two' (at most 2, got 3)")
        #expect(state.failure("t.two(1, 2, nil, 4)") == "test:1: too many arguments to 't.two' (at most 2, got 4)")
        #expect(state.failure("t.two(table.unpack({}, 1, 100000), 1)").contains("integer expected, got nil"))
        #expect(state.failure("t.two(nil, 2)") == "test:1: bad argument #1 to 't.two' (integer expected, got nil)")
        #expect(state.run("return t.rest()") == "")
        #expect(state.run("return t.rest(1)") == "")
        #expect(state.run("return t.rest(nil, nil, 3, nil, 'x')") == "3 nil x")
        #expect(state.run("return t.rest(print, {}, 3)") == "3")
        #expect(state.run("return select('#', t.rest(table.unpack({}, 1, 5)))") == "3")
    }
}
