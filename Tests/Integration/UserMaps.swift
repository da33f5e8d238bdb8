import Testing

extension Integration {
    /// Who one is in a new user namespace.
    @Suite struct UserMaps {
        let leaks = LeakGuard()

        @Test(arguments: Identity.available) func theFourMaps(_ identity: Identity) {
            lua(
                """
                local uid, gid = sys.getuid(), sys.getgid()
                local overflow = tonumber(io.open("/proc/sys/kernel/overflowuid"):read("a"))
                local function who(user) return ns.call({ user = user }, function() return sys.getuid(), sys.getgid(), io.open("/proc/self/uid_map"):read("a") end) end
                local function ids(user) return ns.run{ user = user, sh = "echo $(id -u) $(id -g); cat /proc/self/uid_map /proc/self/gid_map" }:check().stdout end
                local function map(text) return (text:gsub(" +", " "):gsub("\\n ", "\\n")) end
                local u, g, m = who(true)
                eq(u, overflow); eq(g, overflow); eq(m, "")
                eq(ids(true), ("%d %d\\n"):format(overflow, overflow))
                u, g, m = who("root")
                eq(u, 0); eq(g, 0); eq(map(m), (" 0 %d 1\\n"):format(uid))
                eq(map(ids("root")), ("0 0\\n0 %d 1\\n0 %d 1\\n"):format(uid, gid))
                u, g, m = who("self")
                eq(u, uid); eq(g, gid); eq(map(m), (" %d %d 1\\n"):format(uid, uid))
                eq(map(ids("self")), ("%d %d\\n%d %d 1\\n%d %d 1\\n"):format(uid, gid, uid, uid, gid, gid))
                local one = { uid = { { 5, uid, 1 } }, gid = { { 7, gid, 1 } } }
                u, g, m = who(one)
                eq(u, 5); eq(g, 7)
                eq(map(ids(one)), ("5 7\\n5 %d 1\\n7 %d 1\\n"):format(uid, gid))
                local only = { uid = { { 0, uid, 1 } } }
                u, g = who(only)
                eq(u, 0); eq(g, overflow)
                -- a held one has the map too
                local p <close> = ns.clone{ user = one }
                has(map(io.open("/proc/" .. p.pid .. "/uid_map"):read("a")), ("5 %d 1"):format(uid))
                """, as: identity)
        }

        @Test(.enabled(if: Identity.available.contains(.root))) func rootMapsRanges() {
            lua(
                """
                local t = { user = { uid = { { 0, 100000, 1000 }, { 5000, 0, 1 } }, gid = { { 0, 200000, 65536 } } } }
                local function with(o) for k, v in pairs(t) do o[k] = v end return o end
                eq(ns.run(with{ uid = 0, gid = 0, sh = "echo $(id -u) $(id -g)" }):check().stdout, "0 0\\n")
                eq(ns.run(with{ uid = 5, gid = 6, groups = { 8, 7 }, sh = "echo $(id -u) $(id -g) $(id -G)" }):check().stdout, "5 6 6 7 8\\n")
                eq(ns.call(with{ uid = 5, gid = 6 }, sys.getuid), 5)
                local p <close> = ns.clone(with{ uid = 3, gid = 4 })
                local status = io.open("/proc/" .. p.pid .. "/status"):read("a")
                eq(status:match("Uid:%s+(%d+)"), "100003")
                eq(status:match("Gid:%s+(%d+)"), "200004")
                eq(p:run{ sh = "id -u; cat /proc/self/setgroups" }:check().stdout, "0\\nallow\\n")
                eq(p:run{ uid = 9, "id", "-u" }:check().stdout, "9\\n")
                -- nothing of the host's root is left
                eq(ns.run(with{ uid = 0, gid = 0, groups = {}, sh = "cat /etc/shadow" }).ok, false)
                t.user.setgroups = "deny"
                eq(ns.run(with{ sh = "cat /proc/self/setgroups" }):check().stdout, "deny\\n")
                """, as: .root)
        }

        @Test(.enabled(if: Identity.available.contains(.root))) func rootBecomesAnybody() {
            lua(
                """
                eq(ns.run{ uid = 12, gid = 34, groups = { 56 }, sh = "echo $(id -u) $(id -g) $(id -G)" }:check().stdout, "12 34 34 56\\n")
                eq(ns.call({ uid = 12, gid = 34, groups = {} }, function() return sys.getuid() * 100 + sys.getgid() + #sys.getgroups() end), 1234)
                eq(sys.getuid(), 0)
                -- the child's change of ids must not make nssh undumpable: it shares its memory with the child
                eq(sys.stat("/proc/self/environ").uid, 0)
                local p <close> = ns.clone{ uid = 65534, gid = 65534, uts = true }
                has(io.open("/proc/" .. p.pid .. "/status"):read("a"), "Uid:\\t65534\\t65534\\t65534\\t65534")
                """, as: .root)
        }

        @Test(arguments: [Identity.user]) func aUserMapsNobodyElse(_ identity: Identity) {
            lua(
                """
                local t = { user = { uid = { { 0, 0, 1 } }, gid = { { 0, 0, 1 } } }, "true" }
                fails({ code = "EPERM", errno = 1 }, ns.run, t)
                has(select(2, pcall(ns.run, t)).stage, "_map")
                t = { user = { uid = { { 0, sys.getuid(), 2 } } }, "true" }
                fails({ code = "EPERM", stage = "write uid_map" }, ns.run, t)
                fails({ code = "EPERM", stage = "write uid_map" }, ns.clone, { user = t.user })
                fails({ code = "EPERM", stage = "write uid_map" }, ns.call, { user = t.user }, sys.getpid)
                """, as: identity)
        }

        @Test func lapsesAreNamed() {
            lua(
                """
                local function wrong(part, user) has(select(2, pcall(ns.run, { user = user, "true" })), part) end
                wrong("user.uid[1]", { uid = { { 0, 1 } } })
                wrong("user.uid[2]", { uid = { { 0, 0, 1 }, { 0, 0, 0 } } })
                wrong("user.gid[1]", { gid = { { -1, 0, 1 } } })
                wrong("user.gid[1]", { gid = { { 0, 0, 1 << 32 } } })
                wrong("root", "rot")
                """, as: Identity.available[0])
        }

        @Test(arguments: Identity.available) func ownFilesStayReadable(_ identity: Identity) {
            // A child that shares nssh's memory and changes its ids would make nssh undumpable.
            lua(
                """
                local function look(what)
                  for _, name in ipairs{ "environ", "uid_map", "setgroups", "timens_offsets", "maps", "auxv" } do
                    local f, why = io.open("/proc/self/" .. name)
                    if not f or not f:read(1) and name ~= "timens_offsets" and name ~= "uid_map" then error(what .. ": " .. name .. ": " .. tostring(why)) end
                    f:close()
                  end
                  if sys.readlink("/proc/self/exe") == nil then error(what .. ": exe") end
                end
                look("at first")
                local p <close> = ns.clone{ user = "root", uts = true, pid = true }
                look("after clone")
                p:run{ "true" }:check()
                look("after p:run")
                p:call(sys.getpid)
                look("after p:call")
                ns.run{ user = "root", "true" }:check()
                look("after run")
                pcall(ns.run, { user = "root", cwd = "/no/such", "true" })
                look("after a failure")
                pcall(ns.run, { user = true, uid = 77, "true" })
                look("after another")
                """, as: identity)
        }
    }
}
