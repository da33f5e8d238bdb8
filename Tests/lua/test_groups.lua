-- Root's supplementary groups, which may open what nobody else may, go nowhere unasked. nssh is started with some: there may be none.
local check = require "check"
local here = require "here"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")

-- What nssh prints, started by root with groups.
local function with_groups(...)
  here.need("setpriv --groups 0,4,24 true", "only root can have other groups")
  return ns.run{ timeout = 20, "setpriv", "--groups", "0,4,24", nssh, ... }:check().stdout
end

tests["the control: the groups are there"] = function()
  check.eq(with_groups("-e", [[io.write(ns.run{ "id", "-G" }.stdout)]]), "0 4 24\n")
end

tests["another user does not get them"] = function()
  check.eq(with_groups("-e", [[io.write(ns.run{ uid = 1234, gid = 1234, "id", "-G" }.stdout)]]), "1234\n")
  check.eq(with_groups("-e", [[io.write(ns.run{ uts = true, uid = 1234, gid = 1234, "id", "-G" }.stdout)]]), "1234\n")
  check.eq(with_groups("-e", [[print(ns.call({ uid = 1234, gid = 1234 }, function() return #sys.getgroups() end))]]), "0\n")
  -- Unless they are asked for.
  check.eq(with_groups("-e", [[io.write(ns.run{ uid = 1234, gid = 1234, groups = { 4 }, "id", "-G" }.stdout)]]), "1234 4\n")
end

tests["whoever joins a user namespace does not take them there"] = function()
  local look = [[local box <close> = ns.clone{ user = "root", uts = true }
    local r = box:run{ sh = "id -G; grep ^Groups: /proc/self/status" }
    io.write((r.stdout:gsub("%s+", " ")))]]
  check.eq(with_groups("-e", look), "0 Groups: ")
  local call = [[local box <close> = ns.clone{ user = "root", uts = true }
    print(box:call(function() return #sys.getgroups() end))]]
  check.eq(with_groups("-e", call), "0\n")
end

tests["enter with a gid drops them"] = function()
  here.need_root("only root can have other groups")
  local p <close> = ns.clone{ net = true }
  check.eq(with_groups("enter", "-n", "-G", "2345", tostring(p.pid), "id", "-G"), "2345\n")
  check.eq(with_groups("enter", "-n", "-S", "1234", "-G", "2345", tostring(p.pid), "id", "-G"), "2345\n")
  -- The control: without ids they are the caller's.
  check.eq(with_groups("enter", "-n", tostring(p.pid), "id", "-G"), "0 4 24\n")
end

tests["enter with a uid of a user namespace takes its gid 0"] = function()
  here.need_root("only root can make a map in which its own gid is not 0")
  local map = { { 0, 100000, 1000 } }
  local p <close> = ns.clone{ user = { uid = map, gid = map } }
  local r = ns.run{ timeout = 20, nssh, "enter", "-U", "-S", "0", tostring(p.pid), "sh", "-c", "id -u; id -g; id -G" }
  check.eq({ r.stdout, r.stderr }, { "0\n0\n0\n", "" })
  r = ns.run{ timeout = 20, nssh, "enter", "-U", "-S", "7", "-G", "8", tostring(p.pid), "sh", "-c", "id -u; id -g; id -G" }
  check.eq({ r.stdout, r.stderr }, { "7\n8\n8\n", "" })
end

return tests
