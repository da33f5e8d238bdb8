import Glibc
import Testing

@testable import LuaKit

nonisolated(unsafe) private var thread = pthread_self()
nonisolated(unsafe) private var running: LuaState?
nonisolated(unsafe) private var ticks = 0

/// Runs `body` with a timer that interrupts `state` soon, as ^C would.
private func interrupting(_ state: LuaState, _ body: () -> Void) {
    var action = sigaction()
    var before = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
        // The signal may reach any thread of the test process; Lua belongs to one.
        guard pthread_equal(pthread_self(), thread) != 0 else {
            pthread_kill(thread, signal)
            return
        }
        ticks += 1
        // Better an end than a test that never ends.
        if ticks > 20 { abort() }
        running?.interrupt()
    }
    thread = pthread_self()
    running = state
    ticks = 0
    sigaction(SIGALRM, &action, &before)
    // The threads that tests run on block signals.
    var alarm = sigset_t()
    var mask = sigset_t()
    sigemptyset(&alarm)
    sigaddset(&alarm, SIGALRM)
    pthread_sigmask(SIG_UNBLOCK, &alarm, &mask)
    var timer = itimerval(it_interval: timeval(tv_sec: 2, tv_usec: 0), it_value: timeval(tv_sec: 0, tv_usec: 10_000))
    setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    body()
    timer = itimerval()
    setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    pthread_sigmask(SIG_SETMASK, &mask, nil)
    sigaction(SIGALRM, &before, nil)
    running = nil
}

@Suite(.serialized) struct InterruptTests {
    private func newState() throws -> LuaState {
        try makeState(
            callingBinding(),
            binding("interrupt") { call throws(LuaError) in
                call.lua.state.interrupt()
                return 0
            },
            LuaFunction("t.take", [LuaField("table", .map(.any), "")], "") { _ throws(LuaError) in 0 })
    }

    private static let loops = [
        "while true do end",
        "coroutine.wrap(function() while true do end end)()",
        "coroutine.resume(coroutine.create(function() while true do end end)) while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do pcall(function() while true do t.take({ a = 1 }) end end) end",
        "while true do xpcall(function() while true do end end, function(e) return e end) end",
        "while true do coroutine.wrap(function() end)() end",
        "while true do local f = coroutine.wrap(function() coroutine.yield() end) f() f() end",
        "while true do pcall(coroutine.wrap(function() while true do end end)) end",
        """
        local function nest(n)
            while true do
                pcall(coroutine.wrap(function() if n > 0 then nest(n - 1) end while true do end end))
                coroutine.resume(coroutine.create(function() while true do end end))
            end
        end
        nest(5)
        """,
        "t.call(function() while true do end end)",
        "while true do pcall(t.call, coroutine.wrap(function() t.call(function() while true do end end) end)) end",
        "while true do t.call(function() end) end",
        "string.gsub('x', 'x', function() while true do end end)",
        "table.sort({ 1, 2, 3 }, function() while true do end end)",
        "local x <close> = setmetatable({}, { __close = function() while true do end end })",
        """
        local co = coroutine.create(function()
            local x <close> = setmetatable({}, { __close = function() while true do end end })
            coroutine.yield()
        end)
        coroutine.resume(co)
        error(select(2, coroutine.close(co)), 0)
        """,
        "local f = coroutine.wrap(function() local x <close> = setmetatable({}, { __close = function() while true do end end }) error('x') end) f()",
        "while true do collectgarbage() end",
        "for i = 1, math.huge do setmetatable({}, { __gc = function() pcall(error) end }) end",
    ]

    @Test(arguments: loops) func aTimerStops(loop: String) throws {
        let state = try newState()
        for _ in 1...2 {
            interrupting(state) { #expect(state.failure(loop).hasPrefix("interrupted!")) }
            #expect(state.isInterrupted)
            #expect(ticks <= 3)
            state.clearInterrupt()
            #expect(!state.isInterrupted)
            #expect(state.run("local n = 0 for i = 1, 100000 do n = n + 1 end return n") == "100000")
            #expect(state.run("return coroutine.wrap(function() for i = 1, 100000 do end return 'ran' end)()") == "ran")
        }
    }

    @Test func aBindingCanInterrupt() throws {
        let state = try newState()
        #expect(state.failure("t.interrupt() reached = 1 for i = 1, 100 do end reached = 2") == "interrupted!")
        #expect(state.failure("while true do end") == "interrupted!")
        state.clearInterrupt()
        #expect(state.run("return reached") == "nil")
        #expect(state.failure("pcall(pcall, coroutine.wrap(t.interrupt)) for i = 1, 1e9 do end") == "interrupted!")
        state.clearInterrupt()
        #expect(state.run("return 'alive'") == "alive")
    }

    @Test func cleanUpRuns() throws {
        let state = try newState()
        let source = """
            closed = {}
            local function guard(name, clean)
                return setmetatable({}, { __close = function(_, e) if clean then clean() end closed[name] = tostring(e) end })
            end
            local a <close> = guard('outer', function() for i = 1, 1000 do end end)
            local co <close> = guard('calls', function()
                for i = 1, 10 do t.take({ x = 1, y = 2 }) t.call(math.abs, 1) end
                coroutine.wrap(function() for i = 1, 100 do end end)()
            end)
            coroutine.wrap(function()
                local b <close> = guard('inner')
                t.call(function()
                    local c <close> = guard('call')
                    while true do end
                end)
            end)()
            """
        interrupting(state) { #expect(state.failure(source) == "interrupted!") }
        state.clearInterrupt()
        let result = state.run("return closed.outer, closed.calls, closed.inner, closed.call")
        #expect(result == "interrupted! interrupted! interrupted! interrupted!")
    }

    @Test func aCaughtInterruptIsRaisedAgain() throws {
        let state = try newState()
        let source = """
            caught = 0
            while caught < 100000 do
                local ok = pcall(function() while true do end end)
                if not ok then caught = caught + 1 end
            end
            """
        interrupting(state) { #expect(state.failure(source) == "interrupted!") }
        state.clearInterrupt()
        #expect(try #require(Int(state.run("return caught"))) < 20)
    }

    @Test func otherHooksWorkBefore() throws {
        let state = try newState()
        #expect(
            state.run(
                "local n = 0 debug.sethook(function() n = n + 1 end, '', 100) for i = 1, 1e5 do end debug.sethook() return n > 100"
            ) == "true")
        #expect(
            state.failure("debug.sethook(function() end, 'crl', 1) t.interrupt() while true do end") == "interrupted!")
        state.clearInterrupt()
        #expect(state.run("return debug.gethook()") == "nil")
    }

    @Test func aClosedStateIgnoresIt() throws {
        let state = try newState()
        state.close()
        state.interrupt()
        #expect(state.raw == nil)
    }
}
