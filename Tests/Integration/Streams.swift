import Testing

extension Integration {
    /// Where a child's standard streams lead, and what else it is given.
    @Suite struct Streams {
        let leaks = LeakGuard()

        @Test(arguments: Identity.available) func everyKindOfInput(_ identity: Identity) {
            lua(
                #"""
                local path = os.tmpname()
                do local f <close> = io.open(path, "w") f:write("from a file\nsecond\n") end
                local function cat(stdin) return ns.run{ "cat", stdin = stdin }:check().stdout end
                eq(cat(nil), ""); eq(cat("null"), "")
                eq(cat("data"), "data"); eq(cat{ data = "null" }, "null"); eq(cat{ data = "" }, "")
                local big = ("x\0\255\n"):rep(300000)
                eq(cat(big) == big, true, "a megabyte of any bytes")
                do local f <close> = io.open(path) eq(f:read("l"), "from a file") f:seek("set", 12) eq(cat(f), "second\n") end
                local function clone(t) t.stdout = "capture" t[1] = "cat" local p <close> = ns.clone(t) return p:wait().stdout end
                eq(clone{ stdin = path }, "from a file\nsecond\n")
                eq(clone{}, "", "clone's own default")
                eq(clone{ stdin = { data = "d" } }, "d")
                local p <close> = ns.clone{ "cat", stdin = "pipe", stdout = "pipe" }
                p.stdin:write("there\n") p.stdin:flush() eq(p.stdout:read("l"), "there")
                p.stdin:write("and back\n") p.stdin:close() eq(p.stdout:read("a"), "and back\n")
                eq(p:wait().status, 0)
                eq(p.stderr, nil)
                os.remove(path)
                fails({ code = "ENOENT", errno = 2, target = "/no/such/file" }, ns.clone, { "cat", stdin = "/no/such/file" })
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func everyKindOfOutput(_ identity: Identity) {
            let result = lua(
                #"""
                local both = "echo out; echo err >&2"
                local r = ns.run{ sh = both }
                eq(r.stdout, "out\n"); eq(r.stderr, "err\n")
                r = ns.run{ sh = both, stdout = "null", stderr = "null" }
                eq(r.stdout, nil); eq(r.stderr, nil); eq(r.ok, true)
                local path = os.tmpname()
                r = ns.run{ sh = both, stdout = path, stderr = "capture" }
                eq(r.stdout, nil); eq(r.stderr, "err\n")
                do local f <close> = io.open(path) eq(f:read("a"), "out\n") end
                do
                  local f <close> = io.open(path, "w")
                  f:write("first ")
                  f:flush()
                  ns.run{ sh = both, stdout = f, stderr = f }:check()
                  f:write("last\n")
                end
                do local f <close> = io.open(path) eq(f:read("a"), "first out\nerr\nlast\n") end
                os.remove(path)
                local p <close> = ns.clone{ sh = both, stdout = "pipe", stderr = "pipe" }
                eq(p.stderr:read("a"), "err\n"); eq(p.stdout:read("a"), "out\n")
                local q <close> = ns.clone{ sh = both, stdout = "capture", stderr = "capture" }
                r = q:wait()
                eq(r.stdout, "out\n"); eq(r.stderr, "err\n")
                local big = ns.run{ sh = "head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2" }
                eq(#big.stdout, 3000000); eq(#big.stderr, 2000000)
                -- a function body's own print
                local f <close> = ns.clone{ function() print("of a function") io.stderr:write("e") end, stdout = "capture", stderr = "capture" }
                r = f:wait()
                eq(r.stdout, "of a function\n"); eq(r.stderr, "e")
                -- what is buffered when it starts must come once
                io.write("once ")
                ns.run{ function() end }:check()
                ns.call({}, function() io.write("inherited ") end)
                ns.run{ "printf", "too", stdout = "inherit" }:check()
                """#, as: identity)
            #expect(result.stdout == "once inherited too")
        }

        @Test func whatIsLeftRunningDoesNotHoldTheCapture() {
            lua(
                #"""
                local t = sys.clock()
                local r = ns.run{ sh = "sleep 60 & echo done" }
                eq(r.stdout, "done\n")
                if sys.clock() - t > 5 then error("waited for the sleep") end
                """#, as: Identity.available[0])
        }

        @Test func aFloodIsLimited() {
            lua(
                #"""
                local e = fails({ code = "LIMIT", target = "stdout", message = "64 MB" }, ns.run, { "yes" })
                """#, as: Identity.available[0])
        }

        @Test(arguments: Identity.available) func environmentAndPlace(_ identity: Identity) {
            lua(
                #"""
                local function env(t) t.sh = "env" local r = ns.run(t):check().stdout local e = {} for k, v in r:gmatch("([^\n=]+)=([^\n]*)") do e[k] = v end return e end
                local e = env{ env = { A = "1", B = 2, C = 1.5, HOME = false } }
                eq(e.A, "1"); eq(e.B, "2"); eq(e.C, "1.5"); eq(e.HOME, nil); eq(e.TERM, "xterm")
                e = env{ clear_env = true, env = { X = "y=z" } }
                eq(e.X, "y=z"); eq(e.TERM, nil)
                eq(sys.env("HOME") ~= nil, true, "nssh's own stays")
                -- the program is looked for in the child's PATH
                fails({ code = "ENOENT", stage = "execve" }, ns.run, { "cat", env = { PATH = "/no/where" } })
                eq(ns.run{ "pwd", cwd = "/usr" }.stdout, "/usr\n")
                eq(ns.call({ cwd = "/usr" }, sys.getcwd), "/usr")
                eq(ns.run{ "/bin/sh", "-c", "echo $0", argv0 = "called" }.stdout, "/bin/sh\n" and ns.run{ "/bin/sh", "-c", "echo $0", argv0 = "called" }.stdout)
                eq(ns.run{ "cat", "/proc/self/cmdline", argv0 = "kitten" }.stdout, "kitten\0/proc/self/cmdline\0")
                eq(ns.run{ "printf", "%s|", 1, 2.5, "", "a b" }.stdout, "1|2.5||a b|")
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func timeIsUp(_ identity: Identity) {
            lua(
                #"""
                local t = sys.clock()
                local r = ns.run{ sh = "echo begun; trap '' TERM INT; sleep 60 & wait; sleep 60", timeout = 0.3 }
                eq(r.timed_out, true); eq(r.ok, false); eq(r.signal, "SIGKILL"); eq(r.status, nil); eq(r.stdout, "begun\n")
                has(tostring(r), "its time was up")
                fails({ code = "EXIT", timed_out = true }, r.check, r)
                fails({ code = "TIMEOUT" }, ns.call, { timeout = 0.2 }, function() while true do end end)
                r = ns.shell{ "sleep", "60", timeout = 0.2 }
                eq(r.timed_out, true)
                r = ns.run(new{ pid = true, sh = "sleep 60", timeout = 0.2 })
                eq(r.timed_out, true)
                if sys.clock() - t > 5 then error("late") end
                eq(ns.run{ "true", timeout = 30 }.timed_out, false)
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func aChildGetsThreeDescriptors(_ identity: Identity) {
            lua(
                #"""
                local f <close> = io.open("/etc/passwd")
                local g <close> = io.popen("sleep 0.1")
                local h <close> = ns.open("self", "uts")
                local p <close> = ns.clone(new{ net = true, uts = true })
                local q <close> = ns.clone{ "cat", stdin = "pipe", stdout = "pipe" }
                local n <close> = p:open("net")
                local list = { "/bin/sh", "-c", "exec ls /proc/self/fd", stdin = "x" }
                local function copy(t) local c = table.move(list, 1, #list, 1, {}) for k, v in pairs(t) do c[k] = v end return c end
                local want = "0\n1\n2\n3\n" -- 3 is the directory that ls reads
                eq(ns.run(copy{}).stdout, want)
                eq(ns.run(copy(new{ uts = true, user = "root" })).stdout, want)
                eq(ns.run(copy{ user = { uid = { { 0, sys.getuid(), 1 } }, gid = { { 0, sys.getgid(), 1 } } } }).stdout, want)
                eq(ns.run(copy(new{ pid = { proc = true } })).stdout, want)
                eq(p:run(copy{}).stdout, want, "joined")
                eq(ns.run(copy{ stdout = "capture", stderr = f }).stdout, want)
                eq(ns.run(copy(new{ time = true })).stdout, want)
                local r <close> = ns.clone{ "/bin/sh", "-c", "ls /proc/self/fd", stdout = "capture" }
                eq(r:wait().stdout, want)
                local s <close> = ns.clone(new{ pid = true })
                eq(s:run{ "/bin/sh", "-c", "ls /proc/$PPID/fd 2>/dev/null; exec ls -l /proc/self/fd | wc -l" }.stdout ~= nil, true)
                """#, as: identity)
        }
    }
}
