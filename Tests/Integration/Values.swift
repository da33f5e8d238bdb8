import Testing

extension Integration {
    /// Functions that run elsewhere: values over there and back, errors, results.
    @Suite struct Values {
        let leaks = LeakGuard()

        @Test(arguments: Identity.available) func valuesCrossBothWays(_ identity: Identity) {
            lua(
                #"""
                local p <close> = ns.clone(new{ uts = true })
                local function id(...) return ... end
                for _, call in ipairs{
                  function(...) return ns.call({}, ...) end, function(...) return ns.call(p, ...) end,
                  function(...) return p:call(...) end, function(...) return ns.call(new{ pid = true, net = true, time = true }, ...) end,
                } do
                  eq(select("#", call(id)), 0)
                  local r = table.pack(call(id, nil, true, false, 1, -1.5, "a\0\255", nil))
                  eq(r.n, 7); eq(r[1], nil); eq(r[2], true); eq(r[3], false); eq(r[4], 1); eq(math.type(r[4]), "integer")
                  eq(r[5], -1.5); eq(r[6], "a\0\255"); eq(r[7], nil)
                  eq(call(id, math.maxinteger), math.maxinteger); eq(call(id, math.mininteger), math.mininteger)
                  eq(call(id, 1 / 0), 1 / 0); eq(call(id, 2.0), 2.0); eq(math.type(call(id, 2.0)), "float")
                  local nan = call(id, 0 / 0) eq(nan ~= nan, true)
                end
                local shared = { 1, 2 }
                local t = { a = shared, b = shared, [3.5] = "x", [true] = "y", n = { m = {} } }
                t.self = t
                local u = p:call(id, t)
                eq(u ~= t, true); eq(u.self, u); eq(u.a, u.b); eq(u.a[2], 2); eq(u[3.5], "x"); eq(u[true], "y")
                local deep = {} for i = 1, 150 do deep = { deep } end
                eq(type(p:call(id, deep)), "table")
                local big = ("0123456789abcdef"):rep(1 << 18)
                eq(p:call(id, big) == big, true, "4 MB")
                local many = table.pack(p:call(function() return table.unpack({}, 1, 200) end))
                eq(many.n, 200)
                -- a function body has streams as a program has
                local f <close> = ns.clone{ function() for l in io.lines() do io.write(l:upper(), "\n") io.flush() end return "done" end, stdin = "pipe", stdout = "pipe" }
                f.stdin:write("a\nb\n") f.stdin:flush() eq(f.stdout:read("l"), "A") f.stdin:close() eq(f.stdout:read("a"), "B\n")
                eq(f:wait().values[1], "done")
                -- upvalues are copies
                local count = 1
                eq(ns.call({}, function() count = count + 1 return count end), 2)
                eq(count, 1)
                """#, as: identity)
        }

        @Test func whatCannotCrossIsNamed() {
            lua(
                #"""
                local function back(f) return tostring(select(2, pcall(ns.call, {}, f))) end
                has(back(function() return print end), "function")
                has(back(function() return coroutine.create(print) end), "thread")
                has(back(function() return io.stdout end), "userdata")
                has(back(function() return { a = { b = print } } end), "a.b")
                has(back(function() return ns.open("self", "uts") end), "handle")
                has(back(function() return 1, 2, { [print] = 1 } end), "result 3")
                -- arguments and upvalues are copied with the whole of nssh: anything goes
                eq(ns.call({}, function(f) return f("x") end, string.upper), "X")
                """#, as: Identity.available[0])
        }

        @Test(arguments: Identity.available) func errorsComeBackWithTheirTraceback(_ identity: Identity) {
            let result = run(
                "-e", prelude, "-e",
                #"""
                local p <close> = ns.clone(new{ uts = true })
                local function inner() error("over there") end
                local ok, e = pcall(p.call, p, function() inner() end)
                eq(ok, false); has(tostring(e), "over there")
                ok, e = pcall(ns.call, {}, function() error({ code = "MINE", 7 }) end)
                eq(type(e), "table"); eq(e.code, "MINE"); eq(e[1], 7)
                ok, e = pcall(ns.call, {}, function() error() end)
                eq(ok, false)
                ok, e = pcall(ns.call, {}, function() error(print) end)
                eq(ok, false); has(tostring(e), "function")
                fails({ code = "ENOENT", syscall = "chdir", errno = 2, target = "/no/such" }, ns.call, {}, function() sys.chdir("/no/such") end)
                fails({ code = "ENDED" , message = "ended with 3" }, ns.call, {}, function() os.exit(3) end)
                fails({ code = "ENDED" , message = "SIGKILL" }, ns.call, {}, function() ns.run{ sh = "kill -9 $PPID" } end)
                p:call(function() inner() end)
                """#, as: identity)
            #expect(result.status == 1)
            #expect(result.stderr.contains("over there"))
            #expect(
                result.stderr.contains("in upvalue 'inner'") || result.stderr.contains("in function 'inner'")
                    || result.stderr.contains("in local 'inner'"), "\(result)")
        }

        /// What a function has started ends with it, also when the function is killed; the run's own check sees what is left.
        @Test(arguments: Identity.available) func copiesLeaveNothing(_ identity: Identity) {
            lua(
                #"""
                local function start() p = ns.clone{ sh = "sleep 60 & sleep 60 & echo on; wait", stdout = "pipe" } p.stdout:read("l") end
                local function hang() start() while true do pcall(sys.sleep, 60) end end
                ns.call({}, start)
                pcall(ns.call, {}, function() start() error("x") end)
                pcall(ns.call, {}, function() start() os.exit(3) end)
                fails({ code = "TIMEOUT" }, ns.call, { timeout = 0.3 }, hang)
                fails({ code = "TIMEOUT" }, ns.call, { timeout = 0.3 }, function() ns.call({}, hang) end)
                fails({ code = "TIMEOUT" }, ns.call, new{ pid = true, timeout = 0.3 }, hang)
                local f <close> = ns.clone{ function() start() print("there") io.flush() hang() end, stdout = "pipe" }
                f.stdout:read("l")
                f:close()
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func resultsTellHowItEnded(_ identity: Identity) {
            lua(
                #"""
                local r = ns.run{ sh = "echo o; echo first >&2; echo why >&2; exit 3" }
                eq(r.ok, false); eq(r.status, 3); eq(r.signal, nil); eq(r.timed_out, false); eq(r.stdout, "o\n")
                if r.seconds < 0 or r.seconds > 10 then error("seconds " .. r.seconds) end
                local e = fails({ code = "EXIT", status = 3, message = "exited with 3: why", stderr = "first\nwhy\n" }, r.check, r)
                r = ns.run{ sh = "kill -USR1 $$" }
                eq(r.status, nil); eq(r.signal, "SIGUSR1"); eq(r.ok, false)
                fails({ code = "EXIT", signal = "SIGUSR1" }, r.check, r)
                r = ns.run{ "true" }
                eq(r.ok, true); eq(r:check(), r); eq(r.error, nil); eq(r.values, nil)
                r = ns.run{ function(a, b) print("p") return a + b, nil, "x" end, args = { 2, 3 } }
                eq(r.values[1], 5); eq(r.values[2], nil); eq(r.values[3], "x"); eq(r.values.n, 3); eq(r.stdout, "p\n"); eq(r:check(), r)
                r = ns.run{ function(...) return select("#", ...) end, args = { 1, nil, nil, n = 3 } }
                eq(r.values[1], 3)
                r = ns.run{ function() error({ code = "MINE" }) end }
                eq(r.ok, false); eq(r.status, 1); eq(r.error.code, "MINE")
                eq(select(2, pcall(r.check, r)), r.error)
                -- a result crosses, and can still be checked
                r = ns.call({}, function() return ns.run{ sh = "exit 5" } end)
                eq(r.status, 5); fails({ code = "EXIT", status = 5 }, r.check, r)
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func waitingKillingClosing(_ identity: Identity) {
            lua(
                #"""
                local p = ns.clone{ "sleep", "60" }
                local t = sys.clock()
                eq(p:wait(0.05), nil); eq(p:alive(), true); eq(p:wait(0), nil)
                eq(ns.wait{ p, timeout = 0.05 }, nil)
                p:kill("USR1")
                local r = p:wait(10)
                eq(r.signal, "SIGUSR1"); eq(p:alive(), false); eq(p:wait().signal, "SIGUSR1", "again")
                fails({ code = "ENDED" }, p.kill, p)
                p:close() p:close()
                fails({ code = "CLOSED" }, p.kill, p)
                local a <close> = ns.clone{ "sleep", "60" }
                local b <close> = ns.clone{ sh = "exit 4" }
                local c <close> = ns.clone(new{ uts = true })
                local first, how = ns.wait{ a, b, c, timeout = 10 }
                eq(first, b); eq(how.status, 4)
                a:kill(9) eq(ns.wait{ a, c }, a)
                -- a PID 1 ignores what it has no handler for; KILL and close end it
                local d <close> = ns.clone(new{ pid = true, "sleep", "60" })
                d:kill("TERM") eq(d:wait(0.05), nil) d:kill("KILL") eq(d:wait(10).signal, "SIGKILL")
                for _, options in ipairs{
                  new{ uts = true }, { "sleep", "60" }, { sh = "trap '' TERM INT HUP; sleep 60" }, new{ pid = true },
                  { function() while true do pcall(sys.sleep, 60) end end },
                } do
                  local q = ns.clone(options)
                  eq(q:alive(), true) q:close() eq(q:alive(), false)
                  eq(q:wait().signal, "SIGKILL") eq(sys.stat("/proc/" .. q.pid), nil)
                end
                if sys.clock() - t > 10 then error("late") end
                has(select(2, pcall(p.kill, c, "NOPE")), "NOPE")
                -- scope's end
                local pid
                do local q <close> = ns.clone{ "sleep", "60" } pid = q.pid end
                eq(sys.stat("/proc/" .. pid), nil)
                -- collection ends held ones only
                local held, running = ns.clone(new{ uts = true }).pid, ns.clone{ "sleep", "60" }.pid
                collectgarbage() collectgarbage()
                eq(sys.stat("/proc/" .. held), nil, "held"); eq(sys.stat("/proc/" .. running) ~= nil, true, "running")
                """#, as: identity)
        }
    }
}
