import Testing

@testable import LuaKit

@Suite struct TracebackTests {
    @Test func itShowsTheScriptsFrames() throws {
        let state = try makeState(binding("fail") { _ throws(LuaError) in throw .message("failed") })
        let text = state.failure(
            """
            local function inner() t.fail() end
            function outer() inner() end
            outer()
            """, traceback: true)
        #expect(
            text == """
                test:1: failed
                stack traceback:
                \t[C]: in function 't.fail'
                \ttest:1: in upvalue 'inner'
                \ttest:2: in global 'outer'
                \ttest:3: in main chunk
                """)
    }

    @Test func ownChunksAreLeftOut() throws {
        let state = try makeState()
        let lua = state.lua
        try lua.load(Array("local f = ... f()".utf8), name: "=nssh:library")
        try lua.load(Array("error('here')".utf8), name: "=mine")
        do throws(LuaError) { try lua.call(arguments: 1, traceback: true) } catch {
            let text = state.text(error)
            #expect(text.hasPrefix("mine:1: here\nstack traceback:\n"))
            #expect(text.contains("\n\tmine:1: in "))
            #expect(!text.contains("nssh"))
            #expect(!text.contains("traceback'"))
        }
    }

    /// It comes from a copy of nssh, where the place is that matters.
    @Test func aTextThatHasATracebackGetsNoOther() throws {
        let state = try makeState()
        let text = "there\nstack traceback:\n\tthere:1: in main chunk"
        try state.lua.load(Array("error(..., 0)".utf8), name: "=here")
        state.lua.push(text)
        do throws(LuaError) { try state.lua.call(arguments: 1, traceback: true) } catch {
            #expect(state.text(error) == text)
            return
        }
        Issue.record("it raised nothing")
    }

    @Test func anErrorTableKeepsItsIdentity() throws {
        let state = try makeState()
        let lua = state.lua
        _ = state.run("e = { message = 'm' }")
        try lua.load(Array("error(e)".utf8), name: "=test")
        do throws(LuaError) { try lua.call(arguments: 0, traceback: true) } catch {
            lua.pushGlobals()
            lua.rawGet(-1, "e")
            lua.push(error)
            #expect(try lua.equals(-1, -2))
            lua.pop(3)
        }
        #expect(state.run("return e.traceback").hasPrefix("\nstack traceback:\n\t"))
        #expect(lua.top == 0)
    }

    @Test func manyFramesAreShortened() throws {
        let state = try makeState()
        let text = state.failure(
            "local function f(n) if n == 0 then error('deep') end f(n - 1) return 1 end f(100)", traceback: true)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2 + 11 + 1 + 11)
        #expect(lines.contains { $0.contains("skipping") && $0.contains("levels") })
        #expect(lines.last == "\ttest:1: in main chunk")
        let deeper = state.failure(
            "local function f(n) if n == 0 then error('deep') end f(n - 1) return 1 end f(150000)", traceback: true)
        #expect(deeper.split(separator: "\n").count == lines.count)
        #expect(deeper.hasSuffix("test:1: in main chunk"))
        let tail = state.failure(
            "local function f(n) if n == 0 then error('x') end return f(n - 1) end f(3)", traceback: true)
        #expect(tail.contains("(...tail calls...)"))
    }
}
