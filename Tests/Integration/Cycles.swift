import Testing

extension Integration {
    /// A thousand of each body, made and closed: descriptors, children, zombies and memory stay where they were.
    @Suite struct Cycles {
        let leaks = LeakGuard()

        /// Checks itself: after a warm-up, nothing may grow by the number of rounds.
        private func cycle(_ identity: Identity, _ body: String, _ rounds: Int = 1000, setUp: String = "") {
            lua(
                #"""
                \#(setUp)
                local function round() \#(body) end
                local function count(dir) return #sys.readdir(dir) end
                local function children() local n = 0 for _ in io.open("/proc/self/task/" .. sys.getpid() .. "/children"):read("a"):gmatch("%d+") do n = n + 1 end return n end
                local function rss() for line in io.lines("/proc/self/status") do local kb = line:match("^VmRSS:%s*(%d+)") if kb then return tonumber(kb) end end end
                local function maps() local n = 0 for _ in io.lines("/proc/self/maps") do n = n + 1 end return n end
                for i = 1, 100 do round() end
                collectgarbage() collectgarbage()
                local fds, kids, memory, areas = count("/proc/self/fd"), children(), rss(), maps()
                for i = 1, \#(rounds) do round() end
                collectgarbage() collectgarbage()
                eq(count("/proc/self/fd"), fds, "descriptors"); eq(children(), kids, "children")
                if rss() > memory + 600 then error(("memory: %d kB, was %d"):format(rss(), memory)) end
                if maps() > areas + 8 then error(("areas of memory: %d, were %d"):format(maps(), areas)) end
                """#, as: identity, timeout: 120)
        }

        @Test(arguments: Identity.available) func held(_ identity: Identity) {
            cycle(identity, "ns.clone(new{ uts = true, ipc = true, pid = true }):close()")
        }

        @Test func heldAndCollected() {
            cycle(Identity.available[0], "ns.clone{ user = 'root' } if math.random(10) == 1 then collectgarbage() end", 500)
        }

        @Test(arguments: Identity.available) func programs(_ identity: Identity) {
            cycle(identity, "ns.clone(new{ uts = true, 'sleep', '60' }):close()")
        }

        @Test func lines() { cycle(Identity.available[0], "local p <close> = ns.clone{ sh = 'exit 3' } assert(p:wait().status == 3)", 500) }

        @Test(arguments: Identity.available) func functions(_ identity: Identity) {
            cycle(identity, "ns.clone(new{ uts = true, function() sys.sleep(60) end }):close()")
        }

        @Test(arguments: Identity.available) func captures(_ identity: Identity) {
            cycle(identity, "assert(#ns.run(new{ 'head', '-c', '100000', '/dev/zero', stdin = 'data' }).stdout == 100000)", 300)
        }

        @Test func pipes() {
            cycle(
                Identity.available[0],
                "local p <close> = ns.clone{ 'cat', stdin = 'pipe', stdout = 'pipe', stderr = 'pipe' } p.stdin:write('x') p.stdin:close() assert(p.stdout:read('a') == 'x') p.stdout:close() p.stderr:close()",
                300)
        }

        @Test(arguments: Identity.available) func calls(_ identity: Identity) {
            cycle(identity, "assert(#ns.call({}, function(t) return t end, { ('x'):rep(1000), {} })[1] == 1000)")
        }

        @Test(arguments: Identity.available) func joins(_ identity: Identity) {
            cycle(
                identity,
                "assert(p:call(sys.hostname) == 'box') assert(p:run{ 'true' }.ok) local h <close> = p:open('uts') assert(h:type() == 'uts')",
                200,
                setUp: "local p <close> = ns.clone{ user = 'root', uts = 'box', pid = true, time = true, mnt = true }")
        }

        @Test(arguments: Identity.available) func failures(_ identity: Identity) {
            cycle(
                identity,
                """
                pcall(ns.clone, new{ uts = ('x'):rep(65) }) pcall(ns.run, { '/no/such' }) pcall(ns.call, { cwd = '/no' }, print)
                pcall(ns.call, {}, error, { {} }) pcall(ns.inode, 4194303) pcall(ns.clone, { 'cat', stdin = '/no/such' })
                pcall(ns.run, { user = { uid = { { 0, 0, 1 }, { 0, 1, 1 } } }, 'true' })
                """, 300)
        }

        @Test func timeouts() { cycle(Identity.available[0], "assert(ns.run{ 'sleep', '60', timeout = 0.001 }.timed_out)", 200) }
    }
}
