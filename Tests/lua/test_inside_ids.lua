-- Who one is in a user namespace of others: its root, or whom the target is, and never somebody of the host by accident.
local check = require "check"
local here = require "here"
local apart = require "apart"
local strangers = require "strangers"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")
local enter = strangers.enter
local who = { "sh", "-c", "id -u; id -g; grep -E '^(Uid|Gid|Groups):' /proc/self/status" }

-- A user namespace of uid 65534 with the maps that root writes, such as "0 1500 1"; none: it has none.
local function mapped(uid_map, gid_map)
  local target = strangers.of_nobody("-U -m")
  for name, map in pairs{ uid_map = uid_map, gid_map = gid_map } do
    local file <close> = assert(io.open(("/proc/%d/%s"):format(target.pid, name), "w"))
    file:write(map)
  end
  return target
end

-- Every way in that would run something.
local function ways(pid)
  local handle = ns.open(pid, "user")
  local all = {
    enter = function()
      local r = enter(tostring(pid), table.unpack(who))
      if not r.ok then error(r.stderr, 0) end
      return r.stdout
    end,
    run = function() return ns.run{ user = pid, mnt = pid, table.unpack(who) }:check().stdout end,
    ["run by the user namespace"] = function() return ns.run{ user = handle, table.unpack(who) }:check().stdout end,
    call = function() return ns.call(pid, function() return ns.run{ table.unpack(who) }.stdout end) end,
    ["call of a handle"] = function() return ns.call(handle, function() return ns.run{ table.unpack(who) }.stdout end) end,
    ["handle:run"] = function() return handle:run{ table.unpack(who) }:check().stdout end,
    ["handle:call"] = function() return handle:call(function() return ns.run{ table.unpack(who) }.stdout end) end,
    ["setns, and what is run then"] = function()
      return ns.call({}, function()
        ns.setns(pid)
        return ns.run{ table.unpack(who) }.stdout
      end)
    end,
    ["setns of a handle"] = function()
      return ns.call({}, function()
        ns.setns(handle)
        return ns.run{ table.unpack(who) }.stdout
      end)
    end,
  }
  return all, handle
end

tests["a user namespace that maps nobody is refused"] = function()
  local zero, other = "0 65534 1", "7 1234 1"
  for name, maps in pairs{ none = {}, ["no group"] = { zero }, ["no user"] = { nil, zero }, other = { other, other } } do
    local target <close> = mapped(maps[1], maps[2])
    local all, handle = ways(target.pid)
    for way, fn in pairs(all) do
      local ok, said = pcall(fn)
      check.eq(ok, false, name .. ": " .. way .. " ran as " .. tostring(said))
      said = tostring(said)
      local is_named = said:find("Invalid argument") or said:find("nobody to be") or said:find("no root to be")
      check.ok(is_named, name .. ": " .. way .. ": " .. said)
    end
    handle:close()
  end
end

tests["nssh itself stays where it is then"] = function()
  local target <close> = mapped()
  for _, what in ipairs{ "%d, 'user'", "ns.open(%d, 'user')" } do
    local r = ns.run{ timeout = 20, nssh, "-e", ([[
      local before = ns.inode("self", "user")
      local ok, e = pcall(ns.setns, %s)
      print(ok, e.code, ns.inode("self", "user") == before, sys.getuid())
    ]]):format(what:format(target.pid)) }:check()
    check.eq(r.stdout, "false\tEINVAL\ttrue\t0\n", what)
  end
end

tests["root of it, where it has one, with nothing of the host's"] = function()
  local target <close> = mapped("0 65534 1", "0 65534 1")
  for way, fn in pairs(ways(target.pid)) do
    local said = fn()
    check.match(said, "^0\n0\n", way)
    check.match(said, "Groups:%s*\n", way)
  end
  -- As the host sees it.
  local r = ns.clone{ user = target.pid, "sleep", "60" }
  local file <close> = assert(io.open(("/proc/%d/status"):format(r.pid)))
  local status = file:read("a")
  r:close()
  check.match(status, "Uid:\t65534\t65534\t65534\t65534\n")
  check.match(status, "Gid:\t65534\t65534\t65534\t65534\n")
end

-- A daemon that is root makes the user namespaces of its containers, so that root's own are not all one's own.
local function made_by_root(uid_map, gid_map)
  here.need_root("it takes root to map others")
  local target = strangers.start("echo $$; exec unshare -U -m sleep 60")
  for name, map in pairs{ uid_map = uid_map, gid_map = gid_map or uid_map } do
    local file <close> = assert(io.open(("/proc/%d/%s"):format(target.pid, name), "w"))
    file:write(map)
  end
  return target
end

tests["a user namespace that root has made for others is not one's own"] = function()
  local target <close> = made_by_root("0 100000 10")
  local all, handle <close> = ways(target.pid)
  -- Whoever had stayed uid 0 of the host would be 65534.
  for way, fn in pairs(all) do check.match(fn(), "^0\n0\n", way) end
  for _, types in ipairs{ { "user" }, { "user", "mnt" } } do
    local said = ns.call({}, function()
      ns.setns(target.pid, types)
      return ns.run{ table.unpack(who) }.stdout
    end)
    check.match(said, "^0\n0\n", table.concat(types, " "))
  end
  local path = ("/proc/%d/ns/user"):format(target.pid)
  check.match(ns.run{ user = path, table.unpack(who) }:check().stdout, "^0\n0\n")
  local other <close> = made_by_root("1000 100000 10")
  local ways_of_other, its <close> = ways(other.pid)
  for way, fn in pairs(ways_of_other) do
    local ok, said = pcall(fn)
    check.ok(not ok, way .. " ran as " .. tostring(said))
  end
  check.eq(handle:inode() ~= its:inode(), true)
end

tests["without a user namespace of theirs a uid takes a gid along, too, and groups stay out"] = function()
  here.need_root("there are others' ids for root only")
  local target <close> = strangers.boxed()
  local t = tostring(target.pid)
  check.eq(enter("-S", "5", t, "true").status, 125)
  check.fails(function() ns.run{ mnt = target.pid, uid = 5, "true" } end, "say gid, too")
  check.match(enter("-S", "5", "-G", "6", t, table.unpack(who)):check().stdout, "^5\n6\n")
  local r = ns.run{ "setpriv", "--groups", "4,27", nssh, "enter", t, "id", "-G" }:check()
  check.eq(r.stdout, "0\n")
end

tests["whom the target is, where there is no root"] = function()
  local target <close> = mapped("1000 65534 1", "1001 65534 1")
  local t = tostring(target.pid)
  local r = enter(t, table.unpack(who)):check()
  check.match(r.stdout, "^1000\n1001\nUid:%s+1000%s+1000%s+1000%s+1000\nGid:%s+1001%s+1001%s+1001%s+1001\nGroups:%s*\n")
  check.match(r.stderr, "uid 1000 and gid 1001")
  local uid, gid = ns.call(target.pid, function() return sys.getuid(), sys.getgid() end)
  check.eq({ uid, gid }, { 1000, 1001 })
  check.match(ns.run{ user = target.pid, table.unpack(who) }:check().stdout, "^1000\n1001\n")
  check.match(table.concat(ns.shell(target.pid, { "true" }).notes, ";"), "uid 1000 and gid 1001")
  -- One of them is not enough, and a uid takes a gid along.
  check.match(enter("-S", "1000", t, table.unpack(who)):check().stdout, "^1000\n1001\n")
  local half <close> = mapped("1000 65534 1", "0 65534 1")
  check.match(enter(tostring(half.pid), table.unpack(who)):check().stdout, "^1000\n0\n")
end

tests["a uid alone takes a gid of there"] = function()
  local target <close> = mapped("0 65534 1", "0 65534 1")
  check.match(ns.run{ user = target.pid, uid = 0, table.unpack(who) }:check().stdout, "^0\n0\n")
  check.match(enter("-S", "0", tostring(target.pid), table.unpack(who)):check().stdout, "^0\n0\n")
  local half <close> = mapped("0 65534 1")
  check.fails(function() return ns.run{ user = half.pid, uid = 0, "id" } end, "nobody to be")
  check.eq(enter("-S", "0", tostring(half.pid), "id").status, 125)
  -- Who says so stays who he is.
  check.eq(enter("--preserve-credentials", "-U", tostring(half.pid), "true").status, 0)
end

tests["the caller's groups stay behind"] = function()
  local target <close> = mapped("0 65534 1", "0 65534 1")
  local before = { "setpriv", "--groups", "4242,4243", nssh }
  local function groups(...)
    local r = ns.run{ timeout = 20, table.unpack(table.move({ ... }, 1, select("#", ...), #before + 1, { table.unpack(before) })) }:check()
    return r.stdout:match("Groups:[ \t]*([%d ]-) *\n")
  end
  check.match(groups("-e", "io.write(ns.run{ 'cat', '/proc/self/status' }.stdout)"), "4242 4243", "the control")
  check.eq(groups("enter", tostring(target.pid), "cat", "/proc/self/status"), "")
  local box <close> = ns.clone{ uts = true }
  check.eq(groups("enter", "-u", "-G", "2345", tostring(box.pid), "cat", "/proc/self/status"), "", "-G")
  local chunk = "local f = io.open('/proc/self/status') return f:read('a')"
  check.eq(groups("-e", ("io.write(ns.call(%d, load(%q)))"):format(target.pid, chunk)), "")
  check.eq(groups("-e", ("io.write(ns.run{ user = %d, 'cat', '/proc/self/status' }.stdout)"):format(target.pid)), "")
  check.eq(groups("-e", ("ns.setns(%d, 'user') io.write(io.open('/proc/self/status'):read('a'))"):format(target.pid)), "")
end

tests["nothing runs as somebody else than was meant, whatever the kernel has said"] = function()
  here.need_strace()
  local target <close> = mapped("0 65534 1", "0 65534 1")
  -- strace(1) says that a call has worked, and it was not made.
  for _, call in ipairs{ "setresuid", "setresgid", "setgroups" } do
    local r = ns.run{ timeout = 20, "setpriv", "--groups", "4242",
      "strace", "-f", "-o", "/dev/null", "-e", "trace=" .. call, "-e", "inject=" .. call .. ":retval=0",
      nssh, "enter", tostring(target.pid), "echo", "in" }
    check.eq({ r.status, r.stdout }, { 125, "" }, call)
    check.match(r.stderr, "the ids are not those that were asked for: nothing was run", call)
  end
end

tests["a box of one's own with other ids is entered as they are"] = function()
  here.need_root("other ids take root")
  local map = { { 1000, 65534, 1 } }
  local box <close> = ns.clone{ user = { uid = map, gid = map }, uid = 1000, gid = 1000, uts = "box" }
  check.match(box:run{ table.unpack(who) }:check().stdout, "^1000\n1000\n")
  check.match(ns.run{ user = box.pid, table.unpack(who) }:check().stdout, "^1000\n1000\n")
end

tests["a box of one's own keeps the ids"] = function()
  here.need_user_namespaces()
  local box <close> = ns.clone{ user = true, uts = "box" }
  local uid = box:run{ "id", "-u" }:check().stdout
  check.eq(uid, "65534\n")
  check.eq(ns.call(box, sys.hostname), "box")
  local same <close> = ns.clone{ user = "self", uts = "box" }
  check.eq(same:run{ "id", "-u" }:check().stdout, sys.geteuid() .. "\n")
  check.eq(ns.run{ user = same, uts = same, "id", "-u" }:check().stdout, sys.geteuid() .. "\n")
  local root <close> = apart.clone{}
  check.eq(root:run{ "id", "-u" }:check().stdout, "0\n")
end

return tests
