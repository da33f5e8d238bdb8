-- What a user namespace changes, as LTP's userns01 to 08 ask it.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local function status(key)
  for line in io.lines("/proc/self/status") do
    local value = line:match("^" .. key .. ":%s*(.*)")
    if value then return value end
  end
end

local function map(path)
  local numbers = {}
  for number in io.open(path):read("a"):gmatch("%d+") do numbers[#numbers + 1] = tonumber(number) end
  return numbers
end

-- CapEff with all that this kernel has.
local function every_capability() return ("%016x"):format((2 << io.open("/proc/sys/kernel/cap_last_cap"):read("n")) - 1) end

local function overflow(kind) return io.open("/proc/sys/kernel/overflow" .. kind):read("n") end

tests["without maps one is nobody, with every capability"] = function()
  local uid, gid, capabilities = apart.call({ user = true }, function() return sys.getuid(), sys.getgid(), status("CapEff") end)
  check.eq({ uid, gid }, { overflow("uid"), overflow("gid") })
  check.eq(capabilities, every_capability())
end

tests["root's map makes one 0, the identity oneself"] = function()
  local function ids() return { sys.getuid(), sys.geteuid(), sys.getgid(), sys.getegid() } end
  check.eq(apart.call({ user = "root" }, ids), { 0, 0, 0, 0 })
  check.eq(apart.call({ user = "self" }, ids), ids())
  check.eq(apart.output(apart.run{ user = "root", sh = "id -u; id -g" }), "0\n0")
end

tests["a map reads in the ids of who opens it"] = function()
  local uid = sys.geteuid()
  local outer <close> = apart.clone{}
  check.eq(map("/proc/" .. outer.pid .. "/uid_map"), { 0, uid, 1 })
  -- inside one where uid is 0: a namespace that maps 5 to this 0, and a sibling that maps 7 to it
  local seen = apart.call({}, function()
    local five <close> = ns.clone{ user = { uid = { { 5, 0, 1 } }, gid = { { 5, 0, 1 } } }, mnt = true }
    local path = "/proc/" .. five.pid .. "/uid_map"
    return {
      outside = map(path),
      inside = five:call(function() return map("/proc/self/uid_map") end),
      sibling = ns.call({ user = { uid = { { 7, 0, 1 } } } }, function() return map(path) end),
    }
  end)
  check.eq(seen, { outside = { 5, 0, 1 }, inside = { 5, 0, 1 }, sibling = { 5, 7, 1 } })
end

tests["a user namespace that is not below one's own cannot be joined"] = function()
  local a <close> = apart.clone{}
  local pid = a.pid
  local e = ns.call({ user = "root" }, function() return select(2, pcall(ns.setns, pid, "user")) end)
  check.ok(e.code == "EPERM" or e.code == "EACCES", e.code)
  check.eq(ns.call({}, function()
    ns.setns(pid, "user")
    return sys.getuid()
  end), 0, "nssh itself is above it")
end

tests["two of them are different, and joining one gives its ids"] = function()
  local a <close> = apart.clone{}
  local b <close> = apart.clone{ user = "self" }
  check.ne(a:inode("user"), b:inode("user"))
  check.ne(a:inode("user"), ns.inode("self", "user"))
  check.eq(a:call(sys.getuid), 0)
  check.eq(b:call(sys.getuid), sys.geteuid())
end

tests["exec keeps all capabilities for root inside, and none for others"] = function()
  local function effective(user) return apart.run{ user = user, "cat", "/proc/self/status" }.stdout:match("CapEff:%s*(%x+)") end
  check.eq(effective("root"), every_capability())
  check.eq(tonumber(effective(true), 16), 0, "nobody")
  check.eq(tonumber(effective{ uid = { { 5, sys.geteuid(), 1 } } }, 16), 0, "uid 5")
end

tests["32 levels can be nested, and the next one is refused"] = function()
  local depth, code = apart.call({}, function()
    local function nest(depth)
      local result = table.pack(pcall(ns.call, { user = "root" }, function() return nest(depth + 1) end))
      if result[1] then return table.unpack(result, 2, result.n) end
      return depth, result[2].code
    end
    return nest(0)
  end)
  -- As many as unshare(1) can: this process may be nested itself.
  check.eq(depth, here.depth("--user --map-root-user", "--user --map-root-user"))
  check.ok(code == "ENOSPC" or code == "EUSERS", code) -- user_namespaces(7) says EUSERS
end

-- More than five lines are kept in another form by the kernel, which once sorted only one of the two directions (CVE-2018-18955).
tests["a map of more than five lines, nested, maps both ways"] = function()
  here.need_root("more than one id can be mapped by root only")
  local lines = {}
  for i = 0, 6 do lines[i + 1] = { i * 10, 100000 + (6 - i) * 10, 10 } end
  local result = ns.call({ user = { uid = lines, gid = lines }, uid = 0, gid = 0 }, function()
    local inner = {}
    for i = 0, 6 do inner[i + 1] = { (6 - i) * 10, i * 10, 10 } end
    return ns.call({ user = { uid = inner, gid = inner }, uid = 3 }, function()
      local info = sys.stat("/")
      return { sys.getuid(), info.uid == overflow("uid"), io.open("/etc/shadow") ~= nil }
    end)
  end)
  check.eq(result, { 3, true, false })
end

tests["maps that the kernel refuses are refused with their step"] = function()
  local function code(user)
    local e = check.fails(function() apart.clone{ user = user } end)
    return { e.code, e.stage }
  end
  check.eq(code{ uid = { { 0, 0, 1 }, { 0, 1, 1 } } }[2], "write uid_map")
  check.eq(code{ gid = { { 0, 0, 1 }, { 0, 1, 1 } } }[2], "write gid_map")
  if sys.geteuid() ~= 0 then
    check.eq(code{ uid = { { 0, 0, 1 } } }, { "EPERM", "write uid_map" })
    check.eq(code{ uid = { { 0, sys.geteuid(), 2 } } }, { "EPERM", "write uid_map" })
  end
end

tests["setgroups is denied where the kernel wants it, or it is asked for"] = function()
  local function read() return io.open("/proc/self/setgroups"):read("l") end
  local denied = { uid = { { 0, sys.geteuid(), 1 } }, gid = { { 0, sys.getegid(), 1 } }, setgroups = "deny" }
  check.eq(apart.call({ user = denied }, read), "deny")
  check.eq(apart.call({ user = "root" }, read), sys.geteuid() == 0 and "allow" or "deny")
end

return tests
