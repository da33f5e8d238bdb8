import Testing

@testable import LuaKit

@Suite struct BytesTests {
    private func echo() -> LuaFunction {
        LuaFunction("t.echo", [LuaField("text", .bytes, optional: false, "")], "") { call throws(LuaError) in
            call.lua.push(call[0].bytes ?? [])
            return 1
        }
    }

    @Test func sixtyFourMegabytesBothWays() throws {
        let state = try makeState(echo())
        let source = "local s = ('0123456789abcdef'):rep(4 << 20) local e = t.echo(s) return #e, e == s"
        #expect(state.run(source) == "67108864 true")
        #expect(state.memoryAfterCollection < 1 << 20)
    }

    @Test(arguments: ["''", "'\\0'", "'a\\0b'", "'\\xff\\xfe'", "'\\xe2\\x82'", "('\\0'):rep(100)", "'é€𝄞'"])
    func everyByteArrives(literal: String) throws {
        let state = try makeState(
            echo(),
            binding("fail") { call throws(LuaError) in throw .message("zero \0 after") },
            LuaFunction("t.keys", [LuaField("table", .map(.integer), "")], "") { call throws(LuaError) in
                for field in call[0].table?.fields ?? [] { call.lua.push(field.name) }
                return call[0].table?.fields.count ?? 0
            })
        #expect(state.run("local s = \(literal) return t.echo(s) == s, t.keys({ [s] = 1 }) == s") == "true true")
        #expect(state.run("return #select(2, pcall(t.fail))") == "12")
        #expect(state.run("return select(2, pcall(error, \(literal))) == \(literal)") == "true")
    }

    @Test func theTracebackKeepsTheMessagesBytes() throws {
        let state = try makeState()
        do throws(LuaError) { _ = try state.perform("error('\\xff\\0\\xe2', 0)", traceback: true) } catch {
            state.lua.push(error)
            #expect(state.lua.bytes(-1)?.starts(with: [0xff, 0, 0xe2, UInt8(ascii: "\n")]) == true)
            state.lua.pop()
        }
        #expect(state.lua.top == 0)
    }

    @Test func swiftStringsArriveWhole() throws {
        let state = try makeState()
        let lua = state.lua
        for text in ["", "a", "zero \0 inside", "é€𝄞", String(repeating: "long ", count: 100)] {
            lua.push(text)
            #expect(lua.string(-1) == text)
            #expect(lua.bytes(-1) == Array(text.utf8))
            lua.pop()
        }
        lua.push(12)
        #expect(lua.bytes(-1) == nil && lua.kind(-1) == .number)
        lua.pop()
        lua.push([0xff])
        #expect(lua.string(-1) == "\u{fffd}")
    }
}
