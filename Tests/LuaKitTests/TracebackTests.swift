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

    @Test(arguments: [
        ("error('timeout', 0)", "return e == 'timeout'"), ("error(42)", "return math.type(e) == 'integer' and e == 42"),
        ("error('here')", "return e == 'test:1: here'"), ("error({ message = 'm' })", "return e.message == 'm' and e.traceback == nil"),
        ("error()", "return e == nil"), ("local f = function() error('deep', 0) end f()", "return e == 'deep'"),
    ])
    func anErrorCanStayWhatItIs(source: String, check: String) throws {
        let state = try makeState(
            binding("note") { call throws(LuaError) in
                var traceback: String?
                do throws(LuaError) { try call.lua.call(arguments: 0, noting: &traceback) } catch {
                    call.lua.push(error)
                    call.lua.push(traceback ?? "none")
                    return 2
                }
                return 0
            })
        let lua = state.lua
        try lua.load(Array(source.utf8), name: "=test")
        lua.pushGlobals()
        lua.insert(-2)
        lua.rawSet(-2, "f")
        lua.pop()
        _ = state.run("(function() e, traceback = t.note(f) end)()")
        #expect(state.run(check) == "true")
        let text = state.run("return traceback")
        #expect(text.hasPrefix("stack traceback:\n\t[C]: in global 'error'\n\ttest:1: in "))
        // The frames of whoever calls are none of its.
        #expect(!text.contains("t.note"))
        #expect(state.noting == nil)
        #expect(lua.top == 0)
    }

    /// Where an error of another process ends, its traceback there comes first.
    @Test func anErrorFromOutsideIsShownWithBoth() throws {
        let state = try makeState(
            binding("fail") { call throws(LuaError) in
                call.lua.push("there:1: no")
                call.lua.noteErrorFromOutside(traceback: "stack traceback:\n\tthere:1: in main chunk")
                throw .value(LuaReference(call.lua))
            })
        let there = "there:1: no\nstack traceback in the function's process:\n\tthere:1: in main chunk\nstack traceback:\n\t[C]: in "
        #expect(state.failure("t.fail()", traceback: true).hasPrefix(there + "function 't.fail'\n\ttest:1: in main chunk"))
        // Caught, it is what was raised; raised again, both are there.
        #expect(state.run("return select(2, pcall(t.fail))") == "there:1: no")
        #expect(state.failure("local _, e = pcall(t.fail) error(e, 0)", traceback: true).hasPrefix(there + "global 'error'"))
        #expect(!state.failure("pcall(t.fail) error('another', 0)", traceback: true).contains("process"))
        // One with the same text, after that one has ended.
        #expect(!state.failure("error('there:1: no', 0)", traceback: true).contains("process"))
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
