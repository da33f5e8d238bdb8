-- ns.holders and ns.why, asked about every kind of thing that keeps a namespace alive: each is made for real, seen to be the only one,
-- let go of as `release` says, and the namespace dies. And about what is said to hold one, and does not.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local directory = arg[0]:match("^(.*)/") or "."
local source = assert(io.open(directory .. "/holder.c")):read("a")

-- Starts holder.c in namespaces of its own, and waits until it is in the namespace that it is about to hold in its way.
local function start(name, options)
  here.need_program("cc", "gcc")
  if name == "tun" then
    local file, reason = io.open("/dev/net/tun", "r+")
    if not file then check.skip(reason) end
    file:close()
  end
  local path = os.tmpname()
  local built = ns.run{ "cc", "-x", "c", "-O1", "-pthread", "-o", path, "-", stdin = { data = source } }
  options = options or {}
  options.stdin, options.stdout = "pipe", "pipe"
  for _, type in ipairs{ "uts", "ipc", "net", "mnt", "cgroup" } do options[type] = true end
  options[1], options[2] = path, name
  local ok, p = pcall(apart.clone, options)
  os.remove(path)
  built:check()
  if not ok then error(p, 0) end
  check.eq(p.stdout:read("l"), "in")
  return p
end

-- Tells it to go on, and waits until its way of holding is all that is left.
local function hold(p)
  p.stdin:write("\n")
  p.stdin:flush()
  local word = p.stdout:read("l")
  if word == "refused" then check.skip("the kernel refuses a user namespace such a file system: a container's?") end
  check.eq(word, "held")
end

-- A weak reference to what a path of /proc leads to.
local function weak_of(path, type)
  local h <close> = ns.open(path, type)
  return ns.weak(h)
end

local function dies(weak) apart.eventually(function() return not weak:alive() end, tostring(weak) .. ": it lives on") end

-- Of what nothing shows, ns.why tells life and death where the kernel has file handles of namespaces. Without them it may be either, and
-- that is said; but for the only one of its type in a user namespace, of which the limit tells. (The holder has two of most types.)
local function check_unseen(weak, alive, is_only)
  local why = ns.why(weak)
  check.eq({ why.explained, #why.certain, #why.release }, { false, 0, 0 }, tostring(why))
  if not here.has("ns_handles") and not is_only then
    check.eq(why.alive, nil, tostring(why))
    check.match(tostring(why), "^%w+:%[%d+%] was not found: it is dead, or held by something that could not be seen%.")
  else
    check.eq(why.alive, alive, tostring(why))
    check.match(tostring(why), alive and "^%w+:%[%d+%] is alive%." or "^%w+:%[%d+%] is no longer alive%.$")
    if alive then check.match(tostring(why), "Nothing that could be seen holds it for certain") end
  end
  return why
end

-- Does what a `release` says: a command of sh(1), of nssh itself too.
local function release(command)
  local own = sys.readlink("/proc/self/exe")
  ns.run{ sh = ("nssh() { %s \"$@\"; }; %s"):format(own, command) }:check()
end

-- The namespace is held by one thing of a kind, and dies when that is let go.
local function check_only_holder(weak, expected)
  check.eq(weak:alive(), true)
  local holders = ns.holders(weak)
  local holder = holders[1]
  check.eq(#holders, 1, tostring(holders))
  for key, value in pairs(expected) do check.eq(holder[key], value, key) end
  local why = ns.why(weak)
  check.eq({ why.alive, why.explained, #why.certain }, { true, true, 1 }, tostring(why))
  check.eq(why.certain[1].text, holder.text)
  check.eq(why.release, { holder.release })
  check.match(tostring(why), "is alive%.\nHeld for certain by: " .. holder.text:gsub("%p", "%%%0"))
  release(holder.release)
  dies(weak)
  check_unseen(weak, false)
  check.eq(#ns.holders(weak), 0)
end

-- The ways of holder.c that are certain: the type, the kind, and what else the record says.
local certain = {
  descriptor = { type = "uts", kind = "descriptor" },
  path_descriptor = { type = "uts", kind = "descriptor", detail = "O_PATH" },
  socket = { type = "net", kind = "socket" },
  tun = { type = "net", kind = "tun" },
  in_flight = { type = "uts", kind = "in_flight" },
  in_flight_in_flight = { type = "uts", kind = "in_flight" },
  io_uring = { type = "uts", kind = "io_uring" },
}

for name, way in pairs(certain) do
  tests[name .. " holds a namespace of " .. way.type] = function()
    local p <close> = start(name)
    local weak = weak_of(("/proc/%d/ns/%s"):format(p.pid, way.type), way.type)
    hold(p)
    check_only_holder(weak, { kind = way.kind, certain = true, pid = p.pid, detail = way.detail })
  end
end

-- A weak reference to the uts namespace of a process's second thread, and the thread.
local function weak_of_thread(p)
  for _, tid in ipairs(sys.readdir(("/proc/%d/task"):format(p.pid))) do
    if tid ~= tostring(p.pid) then return weak_of(("/proc/%d/task/%s/ns/uts"):format(p.pid, tid), "uts"), math.tointeger(tid) end
  end
end

tests["thread holds a namespace that its process is not in"] = function()
  local p <close> = start("thread")
  local weak, thread = weak_of_thread(p)
  hold(p)
  check_only_holder(weak, { kind = "thread", certain = true, pid = p.pid, tid = thread })
end

tests["thread with descriptors of its own holds a namespace by one"] = function()
  local p <close> = start("thread_descriptor")
  local weak, thread = weak_of_thread(p)
  hold(p)
  check_only_holder(weak, { kind = "descriptor", certain = true, pid = p.pid, tid = thread })
end

tests["thread that outlives the first one holds a namespace by a descriptor, and its process is no zombie"] = function()
  local p <close> = start("later_thread")
  local weak, thread = weak_of_thread(p)
  apart.eventually(function() return io.open(("/proc/%d/status"):format(p.pid)):read("a"):find("State:\tZ") end)
  hold(p)
  local of_user = ns.holders(p, "user")[1]
  check.eq({ of_user.kind, of_user.pid, of_user.release }, { "process", p.pid, "kill " .. p.pid }, of_user.text)
  check_only_holder(weak, { kind = "descriptor", certain = true, pid = p.pid, tid = thread })
end

tests["a socket in which a descriptor waits is a holder by each process that has it"] = function()
  local p <close> = apart.clone{ uts = true }
  local weak = weak_of(("/proc/%d/ns/uts"):format(p.pid), "uts")
  local near, far = sys.socketpair()
  local namespace <close> = ns.open(p, "uts")
  ns.send(near, namespace)
  namespace:close()
  near:close()
  p:close()
  local first <close> = ns.clone{ "sleep", "60", fds = { [3] = far } }
  local second <close> = ns.clone{ "sleep", "60", fds = { [3] = far } }
  far:close()
  local pids = {}
  for _, holder in ipairs(ns.holders(weak)) do
    check.eq({ holder.kind, holder.certain, holder.fd }, { "in_flight", true, 3 }, holder.text)
    pids[#pids + 1] = holder.pid
  end
  check.eq(pids, { first.pid, second.pid })
  for _, command in ipairs(ns.why(weak).release) do release(command) end
  dies(weak)
end

tests["time_for_children holds a namespace of time"] = function()
  local p <close> = start("time_for_children", { time = true })
  local weak = weak_of(("/proc/%d/ns/time_for_children"):format(p.pid), "time")
  hold(p)
  check_only_holder(weak, { kind = "for_children", certain = true, pid = p.pid })
end

-- Where nothing tells the namespace, it is alive and not explained.
local suspected = {
  fs_context = { type = "net", link = "net" },
  -- The file's inode number tells the namespace only where there is another way to that.
  proc_net = { type = "net", link = "net", kind = "proc_file" },
  shared_memory = { type = "ipc", link = "ipc" },
  pidfd = { type = "pid", link = "pid_for_children", options = { pid = true } },
  in_backlog = { type = "uts", link = "uts", kind = "in_flight" },
  sysvipc = { type = "ipc", link = "ipc", kind = "proc_file" },
  cgroup_file = { type = "cgroup", link = "cgroup" },
}

local function need_cgroup_file()
  local file = io.open("/sys/fs/cgroup/cgroup.procs") or io.open("/sys/fs/cgroup/unified/cgroup.procs")
  if not file then check.skip("no cgroup2 is mounted below /sys/fs/cgroup") end
  file:close()
end

-- The namespace lives, and only may be held by this.
local function check_suspect(weak, kind, pid, is_only)
  local why = check_unseen(weak, true, is_only)
  local found
  for _, holder in ipairs(why.suspects) do
    check.eq(holder.certain, false)
    if holder.pid == pid and holder.kind == kind then found = holder end
  end
  check.ok(found, tostring(why))
  check.match(tostring(why), "May be held by")
  release(found.release)
  dies(weak)
end

for name, way in pairs(suspected) do
  tests[name .. " is a suspect"] = function()
    if name == "cgroup_file" then need_cgroup_file() end
    local p <close> = start(name, way.options)
    local weak = weak_of(("/proc/%d/ns/%s"):format(p.pid, way.link), way.type)
    hold(p)
    check_suspect(weak, way.kind or name, p.pid)
  end
end

tests["mountinfo holds a namespace of mnt; which one shows to who may walk over all"] = function()
  local p <close> = start("mountinfo")
  local weak = weak_of(("/proc/%d/ns/mnt"):format(p.pid), "mnt")
  hold(p)
  if ns.why(weak).explained then
    check_only_holder(weak, { kind = "proc_file", certain = true, pid = p.pid })
  else
    check_suspect(weak, "proc_file", p.pid)
  end
end

-- A weak reference to a namespace of the holder's child.
local function weak_of_child(p, type)
  local children <close> = io.open(("/proc/%d/task/%d/children"):format(p.pid, p.pid))
  return weak_of(("/proc/%d/ns/%s"):format(children:read("n"), type), type)
end

-- Files of a child that has been reaped, which was alone in its pid namespace.
for name, type in pairs{ file_of_ended = "pid", uid_map = "user" } do
  tests[name .. " is a suspect"] = function()
    local p <close> = start(name)
    local weak = weak_of_child(p, type)
    hold(p)
    check_suspect(weak, "proc_file", p.pid, type == "pid")
  end
end

-- What nothing shows is said: the type, the child's or the holder's own, and the words.
local invisible = {
  credentials = { "user", "files that were opened in a user namespace hold it by their credentials" },
  file_system = { "user", "file systems that were mounted in a user namespace hold it" },
  peer = { "user", "unix sockets hold the user namespace of who connected them" },
  connection = { "net", "TCP connections that are not at their end", own = true },
}

for name, way in pairs(invisible) do
  tests[name .. " holds a namespace of " .. way[1] .. ", which nothing shows"] = function()
    local p <close> = start(name)
    local weak = way.own and weak_of(("/proc/%d/ns/%s"):format(p.pid, way[1]), way[1]) or weak_of_child(p, way[1])
    hold(p)
    local why = check_unseen(weak, true)
    check.match(table.concat(why.unseen, "\n"), way[2])
    p:close()
    dies(weak)
  end
end

-- What does not hold one, whatever is said.
local not_holders = {
  link = "uts", proc_net_directory = "net", queue = "ipc", sysfs = "net", mqueue = "ipc", cgroup2 = "cgroup", key = "net",
}

for name, type in pairs(not_holders) do
  tests[name .. " does not hold a namespace of " .. type] = function()
    local p <close> = start(name)
    local weak = weak_of(("/proc/%d/ns/%s"):format(p.pid, type), type)
    hold(p)
    dies(weak)
    check_unseen(weak, false)
    check.eq(#ns.holders(weak), 0)
    check.ok(p:alive())
  end
end

return tests
