-- Joining existing namespaces by the options of clone, run and call, mixed with new ones. Nothing here needs root.
local check = require "check"
local apart = require "apart"
local tests = {}

tests["a process gives the namespaces that are asked of it, others are new"] = function()
  local a <close> = apart.clone{ uts = "aaa", net = true, ipc = true }
  local b <close> = ns.clone{ user = a, uts = a, net = { join = a }, ipc = true }
  check.eq(b:inode("uts"), a:inode("uts"))
  check.eq(b:inode("net"), a:inode("net"))
  check.eq(b:inode("user"), a:inode("user"))
  check.ne(b:inode("ipc"), a:inode("ipc"))
  check.ne(b:inode("ipc"), ns.inode("self", "ipc"))
end

tests["pid and time are joined by the child"] = function()
  local a <close> = apart.clone{ pid = true, time = { monotonic = 1000 } }
  local b <close> = ns.clone{ user = a, pid = a, time = a }
  check.eq(b:inode("pid"), a:inode("pid"))
  check.eq(b:inode("time"), a:inode("time"))
  check.ok(b.inner_pid > 1)
  local r = ns.run{ user = a, pid = a, time = a, sh = "echo $$; cut -d. -f1 /proc/uptime" }
  check.ok(tonumber(r.stdout:match("^%d+")) > 1, r.stdout)
end

tests["handles, pids and paths are joined, by functions too"] = function()
  local a <close> = apart.clone{ uts = "aaa", net = true }
  local net <close> = a:open("net")
  check.eq(ns.run{ user = a.pid, uts = "/proc/" .. a.pid .. "/ns/uts", "hostname" }.stdout, "aaa\n")
  local inode, uid = ns.call({ user = a, net = net }, function() return ns.inode("self", "net"), sys.getuid() end)
  check.eq(inode, a:inode("net"))
  check.eq(uid, 0)
end

tests["what is new belongs to the user namespace that was joined"] = function()
  local a <close> = apart.clone{}
  local r = ns.run{ user = a, uts = "new", pid = { proc = true }, sh = "hostname; ls /proc | grep -c '^[0-9]'" }
  check.eq(r.stdout:match("^new\n%d+\n$") and r.ok, true, r.stdout .. r.stderr)
  local b <close> = ns.clone{ user = a, uts = true }
  local uts <close> = b:open("uts")
  local owner <close> = uts:userns()
  check.eq(owner:inode(), a:inode("user"))
end

tests["programs run beside what nssh keeps in the mnt namespace of others"] = function()
  local a <close> = apart.clone{ mnt = true }
  -- As root's, these two have a root that leads nowhere.
  local held <close> = ns.clone{ user = a, mnt = a, uts = "held" }
  local init <close> = ns.clone{ user = a, mnt = a, uts = "init", pid = { init = true }, "sleep", "60" }
  for name, p in pairs{ held = held, init = init } do
    check.eq(p:run{ "hostname" }:check().stdout, name .. "\n")
    check.eq(p:call(function() return sys.hostname() .. ns.inode("self", "mnt") end), name .. a:inode("mnt"))
    local r = ns.run{ sys.readlink("/proc/self/exe"), "enter", tostring(p.pid), "hostname" }
    check.eq(r:check().stdout, name .. "\n")
  end
end

tests["a name of one's own is joined by it, and nobody else's"] = function()
  local name = "nssh-joined-test"
  -- Root's own are those of uid 0 in its own user namespace.
  local is_root = sys.geteuid() == 0
  local p <close> = (is_root and ns.clone or apart.clone){ net = true, argv0 = name, "sleep", "60" }
  local user = not is_root and p or nil
  apart.eventually(function() return pcall(ns.run, { user = user, net = name, "true" }) end)
  check.eq(ns.run{ user = user, net = name, "readlink", "/proc/self/ns/net" }:check().stdout, ("net:[%d]\n"):format(p:inode("net")))
  check.fails(function() ns.run{ user = user, net = "nssh-no-such-name", "true" } end, "nothing is called")
  if is_root then
    local boxed <close> = apart.clone{ net = true, argv0 = name .. "-boxed", "sleep", "60" }
    apart.eventually(function() return #ns.find(name .. "-boxed") > 0 end)
    check.fails(function() ns.run{ net = name .. "-boxed", "true" } end, "nobody vouches")
    check.eq(boxed:alive(), true)
  end
  -- Of the other two a string has a meaning of its own.
  check.eq(apart.run{ uts = name, "hostname" }:check().stdout, name .. "\n")
end

tests["joining where nssh is changes nothing"] = function()
  local r = ns.run{ uts = "/proc/self/ns/uts", ipc = sys.getpid(), "true" }
  check.ok(r.ok, r.stderr)
end

tests["what cannot be joined is named"] = function()
  local a <close> = apart.clone{ uts = true }
  local function wrong(part, options) check.fails(function() ns.clone(options) end, part) end
  wrong("is a net namespace, not a uts namespace", { uts = "/proc/self/ns/net" })
  wrong("nothing is called", { net = "nssh-no-such-name" })
  wrong("did you mean 'root'", { user = "rot" })
  wrong("join is for one that exists", { uts = { join = a, hostname = "x" } })
  wrong("there is no process", { uts = 4194304 })
  check.fails(function() ns.unshare{ uts = a } end, "ns.setns joins existing ones")
  a:close()
  wrong("has ended", { uts = a })
end

return tests
