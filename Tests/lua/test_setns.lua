-- What setns(2) does to nssh itself, as LTP's setns01 and 02 and the kernel's selftests of pidfd_setns ask it. All of it in copies
-- of nssh: the runner of the tests stays where it is.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

tests["what is no namespace, or another type, cannot be joined"] = function()
  apart.call({}, function()
    local uts = ns.open("self", "uts")
    check.eq(check.fails(function() ns.setns("/etc/passwd") end).code, "ENOTTY")
    check.eq(check.fails(function() ns.setns(uts, "net") end, "is a uts namespace, not a net").code, "EINVAL")
    check.eq(check.fails(function() ns.setns(uts, { "uts", "net" }) end).code, "EINVAL")
    check.fails(function() ns.setns(uts, "nets") end, "did you mean 'net'")
    uts:close()
    local e = check.fails(function() ns.setns(uts) end, "closed")
    check.eq({ e.code, e.errno }, { "CLOSED", 9 })
    check.eq(check.fails(function() ns.setns(4194304) end).code, "ESRCH")
    check.eq(check.fails(function() ns.setns("self", "user") end).code, "EINVAL", "one's own user namespace")
  end)
end

tests["without CAP_SYS_ADMIN nothing can be joined"] = function()
  local codes = apart.without_privilege(function()
    local codes = {}
    for _, type in ipairs{ "uts", "ipc", "net", "cgroup", "mnt", "pid" } do
      local h <close> = ns.open("self", type)
      local ok, e = pcall(ns.setns, h)
      codes[type] = ok or e.code
    end
    return codes
  end)
  check.eq(codes, { uts = "EPERM", ipc = "EPERM", net = "EPERM", cgroup = "EPERM", mnt = "EPERM", pid = "EPERM" })
end

tests["joining uts shows that host name, and back again one's own"] = function()
  local there, back = apart.call({ uts = "here" }, function()
    local p <close> = ns.clone{ uts = "there" }
    local home <close> = ns.open("self", "uts")
    ns.setns(p, "uts")
    local there = sys.hostname()
    ns.setns(home)
    return there, sys.hostname()
  end)
  check.eq({ there, back }, { "there", "here" })
end

tests["joining ipc shows its queues"] = function()
  here.need_program("perl", "perl-base")
  local get = "perl -e 'print defined msgget(4711, %s) ? 1 : 0'"
  local before, after = apart.call({ ipc = true }, function()
    local p <close> = ns.clone{ ipc = true }
    p:run{ sh = get:format("0666 | 01000") }:check()
    local before = ns.run{ sh = get:format(0) }.stdout
    ns.setns(p, "ipc")
    return before, ns.run{ sh = get:format(0) }.stdout
  end)
  check.eq({ before, after }, { "0", "1" })
end

tests["a pid namespace is joined by the next children only"] = function()
  local own, child, moved = apart.call({}, function()
    local p <close> = ns.clone{ pid = true }
    local before = ns.inode("self", "pid")
    ns.setns(p, "pid")
    local child = ns.run{ sh = "echo $$" }.stdout
    local moved = ns.inode("self").pid_for_children == p:inode("pid")
    return ns.inode("self", "pid") == before, tonumber(child), moved
  end)
  check.eq({ own, moved }, { true, true })
  check.ok(child < 100, "the child's pid there is " .. tostring(child))
end

tests["all namespaces of a process are joined at once, or none"] = function()
  local all, none = apart.call({}, function()
    local p <close> = ns.clone{ uts = "there", ipc = true, net = true }
    local before = ns.inode("self")
    -- one's own user namespace makes the whole call EINVAL
    local ok, e = pcall(ns.setns, p.pid, { "uts", "user" })
    local none = not ok and e.code == "EINVAL" and ns.inode("self", "uts") == before.uts
    ns.setns(p)
    return ns.same("self", p), none
  end)
  check.eq({ all, none }, { true, true })
end

tests["joining mnt resets root and working directory"] = function()
  local before, after = apart.with_tmp({}, function()
    local p <close> = ns.clone{ mnt = true }
    sys.chdir("/tmp")
    local before = sys.getcwd()
    ns.setns(p, "mnt")
    return before, sys.getcwd()
  end)
  check.eq({ before, after }, { "/tmp", "/" })
end

tests["joining a user namespace gives its root and all its power"] = function()
  local p <close> = apart.clone{ uts = "there" }
  local uid, name = p:call(function() return sys.getuid(), sys.hostname("renamed") end)
  check.eq({ uid, name }, { 0, "renamed" })
  local pid = p.pid
  local again, capabilities = ns.call({}, function()
    ns.setns(pid, { "user", "uts" })
    return sys.hostname("again"), ns.run{ "cat", "/proc/self/status" }.stdout:match("CapEff:%s+(%x+)")
  end)
  check.eq(again, "again")
  check.ok(capabilities:match("f+$"), capabilities)
end

tests["a process that has ended cannot be joined"] = function()
  local p = apart.clone{ uts = true }
  local pid = p.pid
  p:close()
  check.eq(check.fails(function() ns.setns(p) end, "has ended").code, "ENDED")
  check.eq(check.fails(function() ns.setns(pid) end).code, "ESRCH")
end

return tests
