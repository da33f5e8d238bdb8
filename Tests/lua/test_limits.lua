-- ns.limits: /proc/sys/user of any user namespace that can be joined. Nothing here changes the machine's own.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

tests["what is shown is what the file says"] = function()
  local limits = ns.limits()
  for _, type in ipairs(ns.types()) do
    if type.supported then
      local name = "max_" .. type.name .. "_namespaces"
      local file <close> = io.open("/proc/sys/user/" .. name)
      check.eq(limits[name], file and file:read("n"), name)
    end
  end
end

tests["a limit that is set in a process's user namespace holds there, and is given back as it was"] = function()
  local p <close> = apart.clone{ user = "root", uts = true }
  local own = ns.limits()
  local old = ns.limits(p, { uts = 1, max_net_namespaces = 5 })
  check.eq(old.max_ipc_namespaces, nil)
  check.ok(old.max_uts_namespaces > 1 and old.max_net_namespaces > 5)
  check.eq(ns.limits(p).max_uts_namespaces, 1)
  check.eq(ns.limits(p).max_net_namespaces, 5)
  check.eq(ns.limits(), own, "nssh's own limits")
  local e = check.fails(function() ns.run{ user = p, uts = true, "true" } end, "limit of /proc/sys/user")
  check.eq(e.code, "ENOSPC")
  check.eq(ns.limits(p, old), { max_uts_namespaces = 1, max_net_namespaces = 5 })
  check.ok(ns.run{ user = p, uts = true, "true" }.ok)
  check.eq(ns.limits(p).max_net_namespaces, old.max_net_namespaces)
end

tests["a handle stands for its owner"] = function()
  local p <close> = apart.clone{ user = "root", uts = true }
  local h <close> = p:open("uts")
  ns.limits(h, { ipc = 3 })
  check.eq(ns.limits(p).max_ipc_namespaces, 3)
  local user <close> = p:open("user")
  check.eq(ns.limits(user).max_ipc_namespaces, 3)
end

tests["inside, the limits are one's own"] = function()
  apart.clone{ user = "root" }:close()
  local before, after = ns.call({ user = "root" }, function() return ns.limits{ mount = 7 }, ns.limits() end)
  check.ok(before.max_mnt_namespaces > 7)
  check.eq(after.max_mnt_namespaces, 7)
end

tests["the whole machine's are changed only on purpose"] = function()
  here.need_first_user_namespace()
  local old = ns.limits()
  local e = check.fails(function() ns.limits{ uts = old.max_uts_namespaces } end, "whole machine")
  check.eq(e.code, "EPERM")
  check.match(e.message, "machine = true")
  -- The same values again: nothing changes.
  local ok, raised = pcall(ns.limits, { uts = old.max_uts_namespaces, machine = true })
  -- Not every root has CAP_SYS_RESOURCE.
  if ok then check.eq(raised, { max_uts_namespaces = old.max_uts_namespaces })
  else check.match(tostring(raised), "CAP_SYS_RESOURCE") end
  check.eq(ns.limits(), old)
end

tests["when one limit cannot be set, the others are as they were"] = function()
  here.need_user_namespaces()
  -- The limit of net can be read, and not be written.
  local r = ns.run{ user = "root", mnt = true, argv0 = sys.readlink("/proc/self/exe"), timeout = 20, sh = [[
    mount -t tmpfs none /mnt && echo 50 >/mnt/limit && mount -o remount,bind,ro /mnt &&
    mount --bind /mnt/limit /proc/sys/user/max_net_namespaces && exec "$0" -e '
      local before = ns.limits()
      local ok, e = pcall(ns.limits, { mnt = 11, uts = 12, net = 13, cgroup = 14 })
      print(ok, e.code, e.stage)
      local after = ns.limits()
      for name, value in pairs(before) do
        if after[name] ~= value then print(name, value, after[name]) end
      end']] }
  check.eq(r.stdout, "false\tEROFS\twrite max_net_namespaces\n", r.stderr)
end

tests["bad values are named, and nothing is set"] = function()
  local p <close> = apart.clone{ user = "root" }
  check.fails(function() ns.limits(p, { uts = -1 }) end, "uts: 0 to 2147483647 expected, got %-1")
  check.fails(function() ns.limits(p, { uts = 1, max_uts_namespaces = 1 }) end, "are the same")
  check.fails(function() ns.limits(p, { utz = 1 }) end, "did you mean 'uts'")
  check.fails(function() ns.limits(p, {}) end, "no limit given")
  check.fails(function() ns.limits({ uts = 1 }, { uts = 1 }) end, "argument 1 already")
  check.fails(function() ns.limits(4194304) end, "no process")
  check.ok(ns.limits(p).max_uts_namespaces > 1)
end

return tests
