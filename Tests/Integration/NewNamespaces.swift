import Testing

extension Integration {
    /// New namespaces of every type, with every kind of body: they differ inside, and nothing changes outside.
    @Suite struct NewNamespaces {
        let leaks = LeakGuard()

        @Test(arguments: ["uts", "ipc", "pid", "mnt", "user", "net", "cgroup", "time"], Identity.available)
        func everyBodyIsInIts(_ type: String, _ identity: Identity) {
            lua(
                """
                local T, before = "\(type)", inodes()
                local function options(t) t[T] = true; return new(t) end
                local function check(there, what)
                  for _, type in ipairs(all_types) do
                    local differs = there[type] ~= before[type]
                    eq(differs, (type == T or type == "user" and not is_root), what .. ": " .. type .. " differs")
                  end
                end
                local link = "for t in uts ipc pid mnt user net cgroup time; do readlink /proc/self/ns/$t; done"
                local function parse(text)
                  local there = {}
                  for name, inode in text:gmatch("(%a+):%[(%d+)%]") do there[name] = math.tointeger(inode) end
                  return there
                end
                -- held
                local p <close> = ns.clone(options{})
                check(ns.inode(p), "held")
                eq(p:inode(T), ns.inode(p.pid, T), "by pid")
                -- a program, asked itself; with a pid namespace /proc/self has no meaning in the old /proc
                local q <close> = ns.clone(options{ "sleep", "60" })
                check(ns.inode(q), "program")
                if T ~= "pid" then check(parse(ns.run(options{ sh = link }):check().stdout), "sh") end
                local there = parse(ns.run(options{ pid = T == "pid" and { proc = true } or nil, sh = link }):check().stdout)
                eq(there[T] ~= before[T], true, "sh sees itself")
                -- a function
                if T == "pid" then
                  eq(ns.call(options{}, sys.getpid), 1, "pid")
                else
                  check(ns.call(options{}, inodes), "function")
                end
                local f <close> = ns.clone(options{ function() sys.sleep(60) end })
                check(ns.inode(f), "function body")
                for type, inode in pairs(before) do eq(ns.inode("self", type), inode, "outside " .. type) end
                """, as: identity)
        }

        @Test(arguments: Identity.available) func allEightAtOnce(_ identity: Identity) {
            lua(
                """
                local t = { user = "root", uts = "box", ipc = true, pid = { proc = true }, mnt = true, net = { lo = true }, cgroup = true, time = true }
                local p <close> = ns.clone(t)
                local n = 0
                for type in pairs(ns.diff("self", p)) do n = n + 1 end
                eq(n, 8, "types that differ")
                eq(ns.same("self", p), false)
                local r = p:run{ sh = "hostname; id -u; echo $$; cat /sys/class/net/lo/operstate 2>/dev/null; ls /proc | grep -c '^[0-9]'" }:check()
                has(r.stdout, "box\\n0\\n")
                t[1] = "/bin/sh"; t[2] = "-c"; t[3] = "echo $$ $(hostname) $(id -u)"
                eq(ns.run(t):check().stdout, "1 box 0\\n")
                """, as: identity)
        }

        @Test(arguments: Identity.available) func namesAreSetInsideOnly(_ identity: Identity) {
            lua(
                """
                local host, domain = sys.hostname(), sys.domainname()
                local p <close> = ns.clone(new{ uts = { hostname = "in.side", domainname = "do.main" } })
                local h, d = p:call(function() return sys.hostname(), sys.domainname() end)
                eq(h, "in.side"); eq(d, "do.main")
                eq(ns.run(new{ uts = "box", "hostname" }).stdout, "box\\n")
                eq(ns.call(new{ uts = { domainname = "x" } }, sys.hostname), host, "the name stays when not given")
                local long = ("n"):rep(64)
                eq(ns.call(new{ uts = long }, sys.hostname), long)
                eq(ns.call(new{ uts = "" }, sys.hostname), "")
                eq(ns.call(new{ uts = true }, function() return sys.hostname("later") end), "later")
                eq(sys.hostname(), host); eq(sys.domainname(), domain)
                """, as: identity)
        }

        @Test(arguments: Identity.available) func clocksAreOffset(_ identity: Identity) {
            lua(
                """
                local function offsets(t) t.time = t.time or true
                  return ns.call(new(t), function() return sys.clock("monotonic"), sys.clock("boottime") end) end
                for _, offset in ipairs{ 0, 1000, 86400.5, -0.5, 3600.25, -2.75 } do
                  local m, b = sys.clock("monotonic"), sys.clock("boottime")
                  local m2, b2 = offsets{ time = { monotonic = offset, boottime = offset * 2 } }
                  if math.abs(m2 - m - offset) > 0.2 then error("monotonic: " .. (m2 - m) .. " for " .. offset) end
                  if math.abs(b2 - b - offset * 2) > 0.2 then error("boottime: " .. (b2 - b) .. " for " .. offset) end
                end
                local m = sys.clock("monotonic")
                if math.abs(offsets{ time = true } - m) > 0.2 then error("true changes the clock") end
                -- a program and what joins a held one see it as well
                local p <close> = ns.clone(new{ time = { boottime = 1e6, monotonic = -1 } })
                local up = ns.run(new{ time = { boottime = 1e6 }, "cat", "/proc/uptime" }):check().stdout:match("^%d+")
                if tonumber(up) < 1e6 then error("uptime " .. up) end
                local there = p:call(function() return sys.clock("boottime") end)
                if there < 1e6 then error("joined: " .. there) end
                up = p:run{ "cat", "/proc/uptime" }:check().stdout:match("^%d+")
                if tonumber(up) < 1e6 then error("run there: " .. up) end
                fails({ errno = 34, code = "ERANGE", stage = "write timens_offsets" },
                  ns.run, new{ time = { monotonic = -1e9 }, "true" })
                fails({ errno = 34 }, ns.call, new{ time = { monotonic = -1e9 } }, sys.getpid)
                local ok, e = pcall(ns.run, new{ time = { monotonic = 5e9 }, "true" })
                has(e, "time.monotonic")
                """, as: identity)
        }

        @Test(arguments: Identity.available) func mountsStayInside(_ identity: Identity) {
            lua(
                """
                local count = #sys.mounts()
                local function tmpfs() sys.mount{ source = "none", target = "/mnt", type = "tmpfs" } return #sys.mounts() end
                eq(ns.call(new{ mnt = true }, tmpfs), count + 1)
                eq(ns.call(new{ mount = true }, tmpfs), count + 1, "by its other name")
                eq(#sys.mounts(), count)
                local function kinds() local t = {} for _, m in ipairs(sys.mounts()) do t[m.propagation:match("%a*")] = true end return t end
                local function propagation(p) return ns.call(new{ mnt = { propagation = p } }, kinds) end
                for _, p in ipairs{ "private", "slave", "shared" } do
                  local seen = propagation(p)
                  if p == "shared" then eq(seen.shared, true) else eq(seen.shared, nil, p) end
                end
                local r = ns.run(new{ mnt = { proc = true }, pid = true, sh = "mount -t tmpfs none /mnt && ls -A /mnt | wc -l; echo $$; readlink /proc/self" })
                has(r:check().stdout, "0\\n1\\n")
                eq(#sys.mounts(), count)
                local p <close> = ns.clone(new{ mnt = true })
                p:run{ sh = "mount -t tmpfs none /mnt && echo hello > /mnt/file" }:check()
                eq(p:run{ "cat", "/mnt/file" }.stdout, "hello\\n")
                eq(p:call(function() return io.open("/mnt/file"):read("a") end), "hello\\n")
                eq(sys.stat("/mnt/file"), nil)
                """, as: identity)
        }

        @Test(.enabled(if: Identity.available.contains(.root))) func propagationUnchangedIsWhatTheKernelDoes() {
            lua(
                """
                -- In an outer mnt namespace whose mounts are shared, a copy of it is a peer unless made private.
                ns.call({ mnt = { propagation = "shared" } }, function()
                  local function tmpfs() sys.mount{ source = "none", target = "/mnt", type = "tmpfs" } end
                  local count = #sys.mounts()
                  ns.call({ mnt = true }, tmpfs)
                  eq(#sys.mounts(), count, "private")
                  ns.call({ mnt = { propagation = "slave" } }, tmpfs)
                  eq(#sys.mounts(), count, "slave")
                  ns.call({ mnt = { propagation = "unchanged" } }, tmpfs)
                  eq(#sys.mounts(), count + 1, "unchanged")
                end)
                """, as: .root)
        }

        @Test(arguments: Identity.available) func aPidNamespaceCountsFromOne(_ identity: Identity) {
            lua(
                """
                local p <close> = ns.clone(new{ pid = { proc = true } })
                eq(p.inner_pid, 1)
                eq(p.pid ~= 1, true)
                eq(p:run{ sh = "readlink /proc/1/exe | grep -c memfd; ls -d /proc/[0-9]* | head -1" }:check().stdout, "1\\n/proc/1\\n")
                eq(ns.call(new{ pid = { proc = true } }, function() return sys.getpid(), sys.readlink("/proc/self") end), 1)
                eq(select(2, ns.call(new{ pid = { proc = true } }, function() return sys.getpid(), sys.readlink("/proc/self") end)), "1")
                eq(ns.call(new{ pid = true }, function() return sys.getppid() end), 0)
                -- everything in it dies with its init
                local q <close> = ns.clone(new{ pid = true, stdout = "pipe", sh = "setsid sleep 60 & sleep 60 & echo on; wait" })
                eq(q.stdout:read("l"), "on")
                q:close()
                eq(q:alive(), false)
                """, as: identity)
        }

        @Test(arguments: Identity.available) func theLoopbackIsDownUntilAskedFor(_ identity: Identity) {
            lua(
                """
                local show = "ip -o link show lo | grep -c '[<,]UP'"
                eq(ns.call(new{ net = true }, function() return #net.links() >= 1 end), true)
                eq(ns.run(new{ net = true, sh = show }).stdout, "0\\n")
                eq(ns.run(new{ net = { lo = true }, sh = show }).stdout, "1\\n")
                eq(ns.run(new{ net = { lo = false }, sh = show }).stdout, "0\\n")
                local p <close> = ns.clone(new{ net = true })
                eq(p:run{ sh = show }.stdout, "0\\n")
                p:call(function() net.up("lo") end)
                eq(p:run{ sh = show }.stdout, "1\\n")
                """, as: identity)
        }

        @Test(arguments: Identity.available) func queuesStayInside(_ identity: Identity) {
            lua(
                """
                local r = ns.run(new{ ipc = true, sh = "ipcmk -Q >/dev/null && ipcs -q | grep -c 0x" }):check()
                eq(r.stdout, "1\\n")
                local p <close> = ns.clone(new{ ipc = true })
                p:run{ "ipcmk", "-M", "4096" }:check()
                eq(p:run{ sh = "ipcs -m | grep -c 0x" }.stdout, "1\\n")
                """, as: identity)
        }
    }
}
