import Testing

extension Integration {
    /// Running and calling in namespaces that exist, and handles on them.
    @Suite struct Joining {
        let leaks = LeakGuard()

        @Test(arguments: ["uts", "ipc", "pid", "mnt", "user", "net", "cgroup", "time"], Identity.available)
        func aProcessOfEveryTypeIsJoined(_ type: String, _ identity: Identity) {
            lua(
                #"""
                local T = "\#(type)"
                local p <close> = ns.clone(new{ [T] = true })
                local inode, own = p:inode(T), ns.inode("self", T)
                local here = T == "pid" and "pid_for_children" or T
                local function which(t) return ns.inode("self", t) end
                for _, there in ipairs{ p, p.pid } do
                  -- by a new child of the function, since the old /proc does not show a new pid namespace
                  if T == "pid" then
                    -- p's init sees the joiner as a child of nobody
                    eq(ns.call(there, sys.getppid), 0)
                    eq(ns.call(there, sys.getpid) > 1, true)
                  else
                    eq(ns.call(there, which, T), inode)
                  end
                end
                if T == "pid" then
                  has(p:run{ sh = "echo $$" }:check().stdout, "\n")
                  eq(tonumber(p:run{ sh = "echo $$" }.stdout) < 20, true)
                else
                  has(p:run{ "readlink", "/proc/self/ns/" .. T }:check().stdout, tostring(inode))
                  has(p:shell{ "readlink", "/proc/self/ns/" .. T, } and "ok", "ok")
                end
                -- one namespace by a handle
                local h <close> = p:open(T)
                eq(h:type(), T); eq(h:inode(), inode)
                if is_root or T == "user" then
                  if T == "pid" then
                    eq(h:call(sys.getppid), 0)
                    eq(tonumber(h:run{ sh = "echo $$" }:check().stdout) < 30, true)
                  else
                    eq(h:call(which, T), inode)
                    has(h:run{ "readlink", "/proc/self/ns/" .. T }:check().stdout, tostring(inode))
                  end
                  if T ~= "user" then eq(h:call(which, "user"), ns.inode("self", "user")) end
                else
                  fails({ code = "EPERM", syscall = "setns" }, h.call, h, which, T)
                  fails({ code = "EPERM", syscall = "setns" }, h.run, h, { "true" })
                end
                eq(ns.inode("self", T), own)
                """#, as: identity)
        }

        /// In a user namespace that denies setgroups(2) there are no groups that root could drop.
        @Test(arguments: Identity.available) func fromInsideAUserNamespace(_ identity: Identity) {
            lua(
                #"""
                local function inside()
                  local q <close> = ns.clone{ user = "root", uts = "box" }
                  return q:run{ "hostname" }:check().stdout .. q:call(sys.hostname)
                end
                eq(ns.call({ user = "root" }, inside), "box\nbox")
                ns.unshare{ user = "root" }
                eq(inside(), "box\nbox")
                eq(ns.run{ "id", "-u", uid = 0 }:check().stdout, "0\n")
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func theJoinersEyesAreTheTargets(_ identity: Identity) {
            lua(
                #"""
                local p <close> = ns.clone(new{ mnt = true, stdout = "pipe", stdin = "pipe", "/bin/sh", "-c",
                  "mount -t tmpfs none /mnt && mkdir -p /mnt/new/sub; cd /mnt/new; echo on; read x" })
                eq(p.stdout:read("l"), "on")
                -- root and working directory come with its mnt namespace
                eq(p:run{ "pwd" }:check().stdout, "/mnt/new\n")
                eq(p:call(sys.getcwd), "/mnt/new")
                eq(p:run{ "ls" }.stdout, "sub\n")
                eq(p:run{ "pwd", cwd = "/mnt" }.stdout, "/mnt\n")
                eq(p:run{ "pwd", cwd = "sub" }.stdout, "/mnt/new/sub\n")
                eq(sys.stat("/mnt/new"), nil)
                -- of a process with our mnt namespace they do not
                sys.chdir("/usr")
                local q <close> = ns.clone(new{ uts = "box", cwd = "/etc", "sleep", "60" })
                eq(q:run{ "pwd" }.stdout, "/usr\n"); eq(q:call(sys.getcwd), "/usr")
                -- a process of the same namespaces all over is no trouble
                local r <close> = ns.clone{ "sleep", "60" }
                eq(r:call(sys.getcwd), "/usr"); eq(r:run{ "true" }.ok, true)
                eq(ns.call("self", sys.getcwd), "/usr"); eq(ns.call(sys.getpid(), sys.getcwd), "/usr")
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func theJoinerIsRootWhereOneIsMapped(_ identity: Identity) {
            lua(
                #"""
                local p <close> = ns.clone{ user = "root", uts = true }
                eq(p:run{ sh = "id -u; id -g; hostname joined && hostname" }:check().stdout, "0\n0\njoined\n")
                eq(p:call(sys.getuid), 0)
                local q <close> = ns.clone{ user = "self", uts = true }
                eq(q:call(sys.getuid), sys.getuid())
                local r <close> = ns.clone{ user = true, uts = true }
                eq(r:call(sys.getuid), tonumber(io.open("/proc/sys/kernel/overflowuid"):read("a")))
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func aFunctionOfItsOwnTellsFromOthers(_ identity: Identity) {
            lua(
                #"""
                -- two at once, and a joiner while others live in the pid namespace
                local p <close> = ns.clone(new{ pid = true, uts = "one" })
                local q <close> = ns.clone(new{ pid = true, uts = "two" })
                for i = 1, 5 do eq(p:call(sys.hostname) .. q:call(sys.hostname), "onetwo") end
                -- an init does not end before a joiner has been reaped: close must not hang
                local s = ns.clone(new{ pid = true })
                s:run{ sh = "sleep 60 & true" }
                s:call(function() return sys.getpid() end)
                s:close()
                eq(s:alive(), false)
                fails({ code = "ENDED" }, s.run, s, { "true" })
                fails({ code = "ENDED" }, s.call, s, print)
                -- inside a function, children are its own; those of nssh are not
                local r <close> = ns.clone(new{ uts = "outer" })
                eq(ns.call({}, function()
                  local inner <close> = ns.clone(new{ uts = "inner" })
                  return inner:call(sys.hostname)
                end), "inner")
                fails({ code = "FOREIGN" }, ns.call, {}, function() r:wait(0) end)
                eq(r:alive(), true)
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func handles(_ identity: Identity) {
            lua(
                #"""
                local p <close> = ns.clone{ user = "root", uts = true, pid = true }
                local a, b = ns.open(p, "uts"), p:open("uts")
                eq(a, b); eq(a ~= ns.open("self", "uts"), true); eq(a == ns.open(p, "user"), false)
                eq(a:inode(), ns.inode(p, "uts")); eq(a:type(), "uts")
                local link = ("uts:[%d]"):format(a:inode())
                eq(ns.open(link), a); eq(ns.open(link, "uts"), a); eq(ns.open(a:inode()), a); eq(ns.open("/proc/" .. p.pid .. "/ns/uts"), a)
                eq(ns.open(a), a); eq(ns.open(p.pid, "uts"), a)
                has(tostring(a), link)
                eq(type(a:id()) == "number" or a:id() == nil, true)
                local owner = a:userns()
                eq(owner:type(), "user"); eq(owner, p:open("user")); eq(owner:owner_uid(), sys.geteuid())
                eq(p:open("user"):parent(), ns.open("self", "user"))
                eq(p:open("pid"):parent(), ns.open("self", "pid"))
                local parent, why = ns.open("self", "user"):parent()
                if parent == nil then eq(type(why), "string") end
                fails({ syscall = "ioctl" }, a.parent, a)
                fails({ syscall = "ioctl" }, a.owner_uid, a)
                a:close() a:close()
                has(tostring(a), "closed")
                for _, name in ipairs{ "inode", "type", "id", "parent", "userns", "owner_uid" } do fails({ code = "CLOSED" }, a[name], a) end
                fails({ code = "CLOSED" }, a.run, a, { "true" })
                fails({ code = "CLOSED" }, a.call, a, print)
                fails({ code = "CLOSED" }, ns.setns, a)
                -- a handle keeps the namespace alive when the process is gone
                local n = b:inode()
                p:close()
                eq(b:inode(), n); eq(b:type(), "uts")
                fails({ code = "ENDED" }, ns.open, p, "uts")
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func wrongTargetsAreNamed(_ identity: Identity) {
            lua(
                #"""
                fails({ errno = 2, target = nil, message = "there is no process 4194303" }, ns.inode, 4194303, "uts")
                fails({ message = "4194303" }, ns.call, 4194303, print)
                fails({ message = "4194303" }, ns.open, 4194303, "uts")
                fails({ message = "4194303" }, ns.setns, 4194303)
                fails({ code = "ENOENT", message = "4026530000" }, ns.open, 4026530000)
                fails({ code = "EINVAL", message = "uts namespace, not a net" }, ns.open, "/proc/self/ns/uts", "net")
                fails({ code = "EINVAL" }, ns.open, "uts:[" .. ns.inode("self", "uts") .. "]", "net")
                fails({ code = "EINVAL", message = "say which" }, ns.open, "self")
                fails({ message = "/etc/passwd" }, ns.open, "/etc/passwd")
                fails({ code = "ENOENT", target = "/no/such" }, ns.open, "/no/such")
                fails({ code = "EINVAL", message = "nonsense" }, ns.open, "nonsense")
                fails({ code = "EINVAL" }, ns.inode, 0, "uts")
                fails({ code = "EINVAL" }, ns.inode, -1, "uts")
                has(select(2, pcall(ns.inode, "self", "utz")), "uts")
                has(select(2, pcall(ns.clone, { utz = true })), "did you mean 'uts'")
                local h <close> = ns.open("self", "uts")
                fails({ code = "EINVAL" }, ns.setns, h, "net")
                local p <close> = ns.clone{ "true" }
                p:wait()
                fails({ code = "ENDED" }, ns.inode, p, "uts")
                fails({ code = "ENDED" }, p.inode, p, "uts")
                fails({ code = "ENDED" }, p.open, p, "uts")
                fails({ code = "ENDED" }, ns.call, p, print)
                fails({ code = "ENDED" }, ns.setns, p)
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func nsshMovesItself(_ identity: Identity) {
            lua(
                #"""
                local host, before = sys.hostname(), inodes()
                local p <close> = ns.clone{ user = "root", uts = "there", net = true }
                ns.setns(p)
                eq(sys.hostname(), "there"); eq(ns.inode("self", "net"), ns.inode(p, "net")); eq(ns.same("self", p), true)
                eq(ns.same("self", p, "user"), true)
                fails({ code = "EINVAL", syscall = "setns" }, ns.setns, p, "user")
                """#, as: identity)
            lua(
                #"""
                -- What is refused leaves nssh as it was: the files below its /proc are its own, and it can write maps.
                fails({ code = "EINVAL", syscall = "setns" }, ns.setns, "self", "user")
                eq(sys.stat("/proc/self").uid, sys.geteuid())
                eq(ns.run{ user = "root", uts = "box", "hostname" }:check().stdout, "box\n")
                """#, as: identity)
            lua(
                #"""
                local before = inodes()
                ns.unshare{ user = "root", uts = "moved", ipc = true, net = { lo = true }, mnt = true }
                eq(sys.hostname(), "moved"); eq(sys.getuid(), 0)
                local now = inodes()
                for _, t in ipairs(all_types) do
                  eq(now[t] ~= before[t], t == "user" or t == "uts" or t == "ipc" or t == "net" or t == "mnt", t)
                end
                eq(ns.run{ "hostname" }.stdout, "moved\n")
                local p <close> = ns.clone{ uts = "inner" }
                eq(p:call(sys.hostname), "inner"); eq(sys.hostname(), "moved")
                """#, as: identity)
            lua(
                #"""
                -- pid and time: the next children
                ns.unshare{ user = "root", pid = true, time = { boottime = 1e6 } }
                local own = sys.getpid()
                local up = tonumber(ns.run{ "cat", "/proc/uptime" }:check().stdout:match("%d+"))
                if up < 1e6 then error(up) end
                eq(sys.getpid(), own)
                """#, as: identity)
            lua(
                #"""
                ns.unshare{ user = "root", pid = true }
                local init <close> = ns.clone{ pid = nil }
                eq(init.inner_pid, 1)
                eq(tonumber(ns.run{ sh = "echo $$" }:check().stdout) > 1, true)
                eq(ns.call({}, sys.getpid) > 1, true)
                fails({ code = "EINVAL", syscall = "unshare" }, ns.unshare, { pid = true })
                """#, as: identity)
            lua(
                #"""
                local ok, e = pcall(ns.unshare, { uts = true, "true" })
                eq(ok, false); has(e, "ns.run")
                ok, e = pcall(ns.unshare, { uts = true, sh = "true" })
                eq(ok, false); has(e, "ns.run")
                fails({ code = "EPERM", syscall = "unshare" }, ns.call, { user = "self" }, function()
                  ns.unshare{ user = true }
                  ns.unshare{ user = "root" }
                end)
                """#, as: identity)
        }

        @Test(.enabled(if: Identity.available.contains(.root))) func rootComesBack() {
            lua(
                #"""
                local host = sys.hostname()
                for _, t in ipairs{ "uts", "ipc", "net", "cgroup", "mnt", "pid", "time" } do
                  local home <close> = ns.open("self", t)
                  local cwd = sys.getcwd()
                  ns.unshare{ [t] = true }
                  if t ~= "pid" and t ~= "time" then eq(ns.inode("self", t) ~= home:inode(), true, t) end
                  eq(sys.getcwd(), cwd, t)
                  ns.setns(home, t)
                  eq(ns.inode("self", t), home:inode(), t)
                  eq(ns.run{ "true" }.ok, true, t)
                  eq(ns.call({}, function() return 1 end), 1, t)
                end
                local p <close> = ns.clone{ uts = "a", net = true, ipc = true }
                ns.setns(p, { "uts", "ipc" })
                eq(sys.hostname(), "a"); eq(ns.same("self", p, "ipc"), true); eq(ns.same("self", p, "net"), false)
                """#, as: .root)
        }

        @Test(arguments: Identity.available) func theLedgerNamesWhatIsNew(_ identity: Identity) {
            lua(
                #"""
                local before = ns.ledger()
                eq(#ns.ledger():since(before), 0)
                local p <close> = ns.clone(new{ uts = true })
                local f <close> = io.open("/etc/passwd")
                local kinds, text = {}, tostring(ns.ledger():since(before))
                for _, item in ipairs(ns.ledger():since(before)) do kinds[item.kind] = (kinds[item.kind] or 0) + 1 end
                eq(kinds.process, 1); eq(kinds.descriptor >= 1, true)
                has(text, tostring(p.pid)); has(text, "/etc/passwd")
                p:close() f:close()
                ns.call(new{ mnt = true, net = true, ipc = true }, function()
                  local b = ns.ledger()
                  sys.mount{ source = "none", target = "/mnt", type = "tmpfs" }
                  ns.run{ sh = "ipcmk -Q; ip link add name dum0 type veth peer name dum1" }
                  local kinds = {}
                  for _, item in ipairs(ns.ledger():since(b)) do kinds[item.kind] = (kinds[item.kind] or 0) + 1 end
                  eq(kinds.mount, 1); eq(kinds.link, 2)
                end)
                """#, as: identity)
        }
    }
}
