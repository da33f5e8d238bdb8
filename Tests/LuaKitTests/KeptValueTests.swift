import Testing

@testable import LuaKit

/// Values that stay in Lua: each position still names its value once all arguments are read.
@Suite struct KeptValueTests {
    /// A description of what was read, in which a kept value is shown as Lua calls it with "kept" as argument, or displays it.
    private func describe(_ lua: Lua, _ value: LuaValue) throws(LuaError) -> String {
        switch value {
        case .none: return "none"
        case .boolean(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string: return value.string ?? ""
        case .object(let object): return object.description
        case .other(let position):
            guard lua.kind(position) == .function else { return lua.typeName(position) }
            lua.pushValue(position)
            try lua.call(arguments: 0, results: 1)
            defer { lua.pop() }
            return "f" + (try lua.display(-1))
        case .table(let table):
            var parts: [String] = []
            for value in table.list { parts.append(try describe(lua, value)) }
            let fields = table.fields.sorted { $0.name.lexicographicallyPrecedes($1.name) }
            for field in fields {
                parts.append("\(String(decoding: field.name, as: UTF8.self))=\(try describe(lua, field.value))")
            }
            return "{" + parts.joined(separator: " ") + "}"
        }
    }

    private static var body: LuaType {
        LuaType.either([
            .list(.string), .list(.function),
            .map(.either([.list(.string), .list(.either([.function, .true])), .function])),
        ])
    }
    /// Computed, since the leak sanitizer does not follow the tagged pointers of an indirect enum in a global.
    private static var cases: [(LuaType, String, String)] {
        [
            (.any, "f(1)", "f1"), (.function, "f(1)", "f1"), (.table, "{}", "table"),
            (.list(.function), "{ f(1), f(2), f(3) }", "{f1 f2 f3}"),
            (
                .map(.any), "{ a = f(1), b = 2, c = f(3), d = 'x', e = {}, g = t.box('b') }",
                "{a=f1 b=number c=f3 d=string e=table g=box b}"
            ),
            (.list(.list(.function)), "{ { f(1), f(2) }, {}, { f(3) } }", "{{f1 f2} {} {f3}}"),
            (.map(.map(.function)), "{ a = { x = f(1), y = f(2) }, b = { x = f(3) } }", "{a={x=f1 y=f2} b={x=f3}}"),
            (
                .list(.either([.integer, .function, .list(.function)])), "{ 1, f(2), { f(3), f(4) }, 5, f(6) }",
                "{1 f2 {f3 f4} 5 f6}"
            ),
            (body, "{ f(1), f(2) }", "{f1 f2}"), (body, "{ 'a', 'b' }", "{a b}"),
            // Alternatives that keep something and fail later leave nothing behind.
            (
                .list(.either([.list(.either([.function, .string])), .list(.either([.function, .integer]))])),
                "{ { f(1), f(2), 3 }, { f(4), 'x' }, { f(5), 6, f(7) } }", "{{f1 f2 3} {f4 x} {f5 6 f7}}"
            ),
            (body, "{ a = { f(1), true, f(2) }, b = f(3), c = { 'x' } }", "{a={f1 true f2} b=f3 c={x}}"),
        ]
    }

    @Test(arguments: cases.indices) func positionsHold(number: Int) throws {
        let (type, value, description) = Self.cases[number]
        var seen: [String] = []
        let take = LuaFunction(
            "t.take", [LuaField("a", type, ""), LuaField("b", type, ""), LuaField("c", .function, "")], ""
        ) { call throws(LuaError) in
            for argument in call.arguments { seen.append(try self.describe(call.lua, argument)) }
            return 0
        }
        let state = try makeState(take, boxBindings().box)
        _ = state.run(
            "local function f(n) return function() return n end end t.take(\(value), \(value), f('last')) t.take(nil, \(value))"
        )
        #expect(seen == [description, description, "flast", "none", description, "none"])
    }

    @Test func manyFields() throws {
        var sum = 0
        let take = LuaFunction("t.take", [LuaField("a", .map(.list(.function)), "")], "") { call throws(LuaError) in
            for field in call[0].table?.fields ?? [] {
                for value in field.value.table?.list ?? [] {
                    call.lua.pushValue(value.position ?? 0)
                    try call.lua.call(arguments: 0, results: 1)
                    sum += call.lua.integer(-1) ?? 0
                    call.lua.pop()
                }
            }
            return 0
        }
        let state = try makeState(take)
        _ = state.run(
            """
            local t1 = {}
            for i = 1, 300 do
                t1['k' .. i] = {}
                for j = 1, 10 do t1['k' .. i][j] = function() return i * j end end
            end
            t.take(t1)
            """)
        #expect(sum == 300 * 301 / 2 * 55)
    }
}
