-- loops.lua NAME COUNT [MEGABYTES] [user]: repeats an operation in this nssh and prints the microseconds that one takes.
-- The floors (floors/main.c) do the same with bare system calls; bench.lua compares them.
local name, count, megabytes, as = arg[1], tonumber(arg[2]), tonumber(arg[3]) or 0, arg[4]
local user = as == "user" and "root" or nil

-- Strings of 1,000 bytes, as much as is wanted.
local data = {}
for i = 1, megabytes * 1024 do data[i] = ("x"):rep(990) .. i end

local loops = {}

function loops.run()
  return function() assert(ns.run{ uts = true, user = user, "true" }.ok) end
end

function loops.held()
  return function() ns.clone{ uts = true, user = user }:close() end
end

function loops.call()
  local options = { user = user }
  return function() assert(ns.call(options, function() return 42 end) == 42) end
end

function loops.inodes()
  local pid = sys.getpid()
  return function() return ns.inode(pid) end
end

function loops.setns()
  if user then ns.unshare{ user = user, uts = true } end
  local here = ns.open("self", "uts")
  ns.unshare{ uts = true }
  local there = ns.open("self", "uts")
  return function()
    ns.setns(there)
    ns.setns(here)
  end
end

-- Who is where, and nothing else.
local processes_only = { tasks = false, fds = false, sockets = false, mounts = false, names = false }

function loops.scan()
  return function() return ns.scan(processes_only) end
end

function loops.scan_all()
  return function() return ns.scan() end
end

function loops.why()
  local p = ns.clone{ uts = true, user = user }
  return function() return ns.why(p, "uts") end
end

local operation = assert(loops[name], "no such loop")()
for _ = 0, count // 10 do operation() end
local start = sys.clock()
for _ = 1, count do operation() end
print(("%.3f"):format((sys.clock() - start) * 1e6 / count))
assert(#data == megabytes * 1024)  -- it was there all the time
