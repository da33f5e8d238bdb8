import Glibc
import Testing

extension Integration {
    /// ^C: nssh ends with 130 within a second, whatever it is doing, and leaves nothing.
    @Suite struct Interrupts {
        let leaks = LeakGuard()

        static let chunks = [
            "while true do end",
            "local function f() return f() end f()",
            "while true do pcall(function() while true do end end) end",
            "while true do pcall(error) end",
            "coroutine.wrap(function() while true do end end)()",
            "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
            "local t <close> = setmetatable({}, { __close = function() end }) while true do end",
            "sys.sleep(60)",
            "while true do pcall(sys.sleep, 60) end",
            "ns.run{ 'sleep', '60' }",
            "ns.run{ sh = \"trap '' INT TERM HUP; sleep 60 & while :; do sleep 60; done\" }",
            "ns.run{ 'yes', stdout = 'null' }",
            "while true do pcall(ns.run, { 'sleep', '60' }) end",
            "while true do ns.run{ 'true' } end",
            "while true do ns.clone{ 'true' }:close() end",
            "ns.run(new{ pid = true, sh = 'setsid sleep 60 & sleep 60' })",
            "ns.call({}, sys.sleep, 60)",
            "ns.call({}, function() while true do pcall(sys.sleep, 60) end end)",
            "ns.call({}, function() ns.run{ sh = 'sleep 60 & sleep 60' } end)",
            "ns.call({}, function() ns.call({}, function() ns.run{ sh = 'sleep 60 & sleep 60' } end) end)",
            "ns.call(new{ pid = true, uts = true }, function() while true do end end)",
            "while true do ns.call({}, function() end) end",
            "local p <close> = ns.clone(new{ uts = true }) p:wait()",
            "local p = ns.clone{ sh = \"trap '' INT; sleep 60\" } p:wait(60)",
            "local p <close> = ns.clone(new{ uts = true }) ns.wait{ p, timeout = 60 }",
            "local p <close> = ns.clone(new{ pid = true }) p:call(sys.sleep, 60)",
            "local p <close> = ns.clone(new{ uts = true }) p:run{ sh = 'sleep 60 & sleep 60' }",
            "ns.shell{ 'sleep', '60' }",
        ]

        @Test(arguments: chunks, Identity.available) func stop(_ chunk: String, _ identity: Identity) {
            let running = Running(
                Start(arguments: ["-e", prelude, "-e", "print('on') io.flush()", "-e", chunk], identity: identity))
            running.expect("on\n")
            // Into the middle of it, most of the time; at its beginning it has to work as well.
            usleep(UInt32.random(in: 0..<60_000))
            running.kill(SIGINT)
            let sent = now()
            let result = running.end(timeout: 5)
            #expect(result.status == 130, "\(result)")
            #expect(now() - sent < 1)
            #expect(result.stderr.hasSuffix("nssh: interrupted\n"), "\(result)")
        }

        @Test func aFloodThatIsCaptured() {
            let running = Running(Start(arguments: ["-e", "print('on') io.flush() ns.run{ sh = 'while :; do echo xxxxxxxx; done' }"]))
            running.expect("on\n")
            usleep(50_000)
            running.kill(SIGINT)
            #expect(running.end(timeout: 5).status == 130)
        }

        @Test func pipesAreReadThrough() {
            let running = Running(
                Start(arguments: [
                    "-e",
                    "local p <close> = ns.clone{ 'sleep', '60', stdout = 'pipe' } print('on') io.flush() p.stdout:read('l') while true do end",
                ]))
            running.expect("on\n")
            running.kill(SIGINT)
            #expect(running.end(timeout: 5).status == 130)
        }
    }
}
