-- ns.why: what a namespace is held by, in words and in a table; the holders that nssh itself can make. The others: test_holders.lua.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local function weak_of(p, type)
  local h <close> = p:open(type)
  return ns.weak(h)
end

local function link(p, type) return ("%s:[%d]"):format(type, p:inode(type)) end

local function dies(weak) apart.eventually(function() return not weak:alive() end, tostring(weak) .. ": it lives on") end

-- Does what `release` says: commands of sh(1), of nssh itself too.
local function release(commands)
  local own = sys.readlink("/proc/self/exe")
  for _, command in ipairs(commands) do ns.run{ sh = ("nssh() { %s \"$@\"; }; %s"):format(own, command) }:check() end
end

-- The kinds of what certainly holds a namespace, with how many there are.
local function kinds(why)
  local found = {}
  for _, holder in ipairs(why.certain) do found[holder.kind] = (found[holder.kind] or 0) + 1 end
  return found
end

tests["a process, of each type"] = function()
  for _, type in ipairs{ "uts", "ipc", "net", "mnt", "cgroup", "pid", "time" } do
    local p <close> = apart.clone{ [type] = true }
    local weak = weak_of(p, type)
    local why = ns.why(p, type)
    check.eq({ why.alive, why.explained, why.initial, why.namespace }, { true, true, false, link(p, type) })
    check.eq(kinds(why).process, 1, tostring(why))
    check.eq(why.certain[1].pid, p.pid)
    check.match(tostring(why), "^" .. type .. ":%[%d+%] is alive%.\nHeld for certain by:?%s+process " .. p.pid .. " %(.-%), which is in it")
    check.eq(why.release, { (type == "pid" and "kill -9 " or "kill ") .. p.pid })
    release(why.release)
    check.ok(p:wait(5))
    dies(weak)
  end
end

tests["nssh's own handle counts, and what why itself opens does not"] = function()
  local p <close> = apart.clone{ uts = true }
  local h <close> = p:open("uts")
  local weak = ns.weak(h)
  p:close()
  for _, subject in ipairs{ h, weak, ("uts:[%d]"):format(h:inode()), h:inode() } do
    local why = ns.why(subject)
    check.eq(kinds(why), { descriptor = 1 }, tostring(why))
    check.match(why.certain[1].text, "^descriptor %d+ of this nssh$")
    check.eq(why.release, { ("close descriptor %d of this nssh"):format(why.certain[1].fd) })
  end
  h:close()
  dies(weak)
end

tests["a pid namespace that nobody was born in yet"] = function()
  here.need_program("unshare", "util-linux")
  local p <close> = apart.clone{ mnt = true, stdin = "pipe", "unshare", "--pid", "cat" }
  if not here.has("pidfd_namespaces") then
    -- Nothing leads to it. That it may be there is said of every pid namespace.
    return apart.eventually(function()
      local unseen = "\n" .. table.concat(ns.why("self", "pid").unseen, "\n")
      return unseen:match("\nnamespaces of [^\n]*process " .. p.pid .. " [^\n]*: Inappropriate ioctl for device")
    end, "nothing says that a pid namespace may be missing")
  end
  local why = apart.eventually(function()
    for _, namespace in ipairs(ns.scan{ types = "pid", fds = false, mounts = false }.namespaces) do
      local found = ns.why(namespace.link)
      if kinds(found).for_children and found.certain[1].pid == p.pid then return found end
    end
  end)
  check.eq(kinds(why), { for_children = 1 }, tostring(why))
  check.match(tostring(why), "whose next children will be in it")
  check.eq(why.release, { "kill " .. p.pid })
  local h = ns.open(why.namespace)
  local weak = ns.weak(h)
  h:close()
  check.eq(weak:alive(), true)
  release(why.release)
  p:wait(5)
  dies(weak)
end

-- By /proc: to ask whether a namespace lives may take a child, and nssh reaps what has ended when it starts one.
local function becomes_zombie(p)
  apart.eventually(function()
    local stat <close> = io.open(("/proc/%d/stat"):format(p.pid))
    return stat:read("a"):match("^%d+ %b() Z")
  end)
end

tests["a zombie keeps its user and pid namespaces until it is reaped"] = function()
  local p <close> = apart.clone{ pid = true, uts = true, stdin = "pipe", "cat" }
  local user, pid, uts = weak_of(p, "user"), weak_of(p, "pid"), weak_of(p, "uts")
  p.stdin:close()
  becomes_zombie(p)
  for _, weak in ipairs{ user, pid } do
    local why = ns.why(weak)
    check.eq(kinds(why).zombie, 1, tostring(why))
    check.match(tostring(why), "zombie " .. p.pid .. ", until this nssh reaps it")
    check.match(table.concat(why.release, "; "), "wait for process " .. p.pid .. " in this nssh")
  end
  check.ok(p:wait(5).ok)
  -- In this order: without file handles of namespaces, a weak reference holds the owner until it knows for certain.
  dies(uts)
  dies(pid)
  dies(user)
end

tests["a zombie of an nssh that is PID 1 is for it to reap"] = function()
  local lines, pid = apart.call({ pid = { proc = true } }, function()
    local p <close> = ns.clone{ user = "root", stdin = "pipe", "cat" }
    local weak = weak_of(p, "user")
    p.stdin:close()
    becomes_zombie(p)
    return ns.why(weak).release, p.pid
  end)
  check.eq(lines, { ("wait for process %d in this nssh"):format(pid) })
end

tests["a zombie of another process: its parent has to go, or to reap it"] = function()
  here.need_program("perl", "perl-base")
  -- The parent stays in the outer user namespace; the child is in one of its own when it ends.
  local code = [[$| = 1; my $pid = fork // die; if (!$pid) { exec 'unshare', '-U', 'sh', '-c', 'echo; read x' } print "$pid\n"; sleep 60]]
  local p <close> = apart.clone{ stdin = "pipe", stdout = "pipe", "perl", "-e", code }
  -- Its number, and the empty line of a child that is there, in either order.
  local first, second = p.stdout:read("l", "l")
  local child = math.tointeger(first) or math.tointeger(second)
  local h = ns.open(child, "user")
  local weak = ns.weak(h)
  h:close()
  p.stdin:close()
  local why = apart.eventually(function()
    local found = ns.why(weak)
    return kinds(found).zombie and found
  end)
  check.match(tostring(why), ("zombie %d, until process %d %%(perl%%) reaps it"):format(child, p.pid))
  check.match(why.certain[1].release, ("^kill %d  # or let it reap %d$"):format(p.pid, child))
  release(why.release)
  p:wait(5)
  dies(weak)
end

-- A process in mnt and other namespaces, with a tmpfs at /tmp, and there a new uts namespace that is bound to a path, by a weak reference.
local function pinned(path)
  local p = apart.clone{ mnt = true }
  p:call(sys.mount, { source = "none", target = "/tmp", type = "tmpfs" })
  local name = p:call(function(file)
    local child <close> = ns.clone{ uts = true }
    local h <close> = child:open("uts")
    h:pin(file)
    return ("uts:[%d]"):format(h:inode())
  end, path)
  local h = ns.open(name)
  local weak = ns.weak(h)
  h:close()
  return p, weak
end

tests["a bind mount in another mnt namespace, undone there"] = function()
  local p, weak = pinned("/tmp/a box")
  local closing <close> = p
  local why = ns.why(weak)
  check.eq(kinds(why), { mount = 1 }, tostring(why))
  local holder = why.certain[1]
  check.eq({ holder.path, holder.mnt }, { "/tmp/a box", link(p, "mnt") })
  check.eq(holder.text, "the bind mount /tmp/a box in " .. link(p, "mnt"))
  check.eq(why.release, { ("nssh enter %d -mU -- umount '/tmp/a box'"):format(p.pid) })
  release(why.release)
  dies(weak)
  check.ok(closing:alive())
end

tests["a bind mount in nssh's own mnt namespace"] = function()
  local text, releases, alive = apart.with_tmp({}, function()
    local child = ns.clone{ uts = true }
    local h = child:open("uts")
    local weak = ns.weak(h)
    h:pin("/tmp/box")
    child:close()
    h:close()
    local why = ns.why("/tmp/box")
    for _, command in ipairs(why.release) do ns.run{ sh = command }:check() end
    local alive
    for _ = 1, 200 do
      alive = weak:alive()
      if not alive then break end
      sys.sleep(0.01)
    end
    return tostring(why), why.release, alive
  end)
  check.match(text, "Held for certain by: the bind mount /tmp/box%.")
  check.eq(releases, { "umount /tmp/box" })
  check.eq(alive, false)
end

tests["a bind mount in a mnt namespace without a process: that one has to go first"] = function()
  local p, weak = pinned("/tmp/box")
  local h <close> = p:open("mnt")
  p:close()
  local why = ns.why(weak)
  if here.has("mntns_walk") and here.has("statmount") then
    check.eq(kinds(why), { mount = 1 }, tostring(why))
    check.eq(why.certain[1].release, nil)
    check.eq(#why.release, 1)
    check.match(why.release[1], "^close descriptor %d+ of this nssh$")
  else
    check.eq({ why.explained, #why.certain, #why.release }, { false, 0, 0 }, tostring(why))
    check.match(tostring(why), "Not seen[^.]*mounts of mnt namespaces without a process")
  end
  h:close()
  dies(weak)
end

tests["a mount that is covered says so"] = function()
  local p, weak = pinned("/tmp/box")
  local closing <close> = p
  p:run{ "mount", "-t", "tmpfs", "none", "/tmp" }:check()
  local why = ns.why(weak)
  check.match(tostring(why), "the bind mount /tmp/box in mnt:%[%d+%] %(over%-mounted%)")
  check.match(why.release[1], "^umount what covers /tmp/box in mnt:%[%d+%], then ")
  closing:run{ sh = "umount /tmp && umount /tmp/box" }:check()
  dies(weak)
end

-- The pid of a process's only child.
local function child_of(p)
  local file <close> = io.open(("/proc/%d/task/%d/children"):format(p.pid, p.pid))
  return file:read("n")
end

-- A handle on the namespace that a process's only child is in, when it is another than the process's own.
local function of_child(p, type)
  return apart.eventually(function()
    local ok, h = pcall(ns.open, child_of(p) or p.pid, type)
    if ok and h:inode() ~= p:inode(type) then return h end
    if ok then h:close() end
  end)
end

tests["an owner lives as long as what it owns, which is let go of first"] = function()
  local p <close> = apart.clone{ net = true }
  local h, weak, name = p:open("net"), weak_of(p, "user"), link(p, "net")
  local why = ns.why(weak)
  check.eq(kinds(why), { process = 1, owned = 1 }, tostring(why))
  p:close()
  why = ns.why(weak)
  check.eq(kinds(why), { owned = 1 }, tostring(why))
  check.eq(why.certain[1].namespace, name)
  check.match(tostring(why), ("%s, which it owns, held by descriptor %%d+ of this nssh"):format(name:gsub("%p", "%%%0")))
  check.eq(why.release, ns.why(h).release)
  h:close()
  dies(weak)
end

tests["a parent lives as long as its child: user"] = function()
  here.need_program("unshare", "util-linux")
  local p <close> = apart.clone{ stdin = "pipe", "sh", "-c", "unshare -U cat; :" }
  local h, weak = of_child(p, "user"), weak_of(p, "user")
  p:close()
  local why = apart.eventually(function()
    local found = ns.why(weak)
    return not kinds(found).process and not kinds(found).zombie and found
  end)
  check.eq(kinds(why), { child = 1 }, tostring(why))
  check.eq(why.certain[1].namespace, ("user:[%d]"):format(h:inode()))
  check.match(tostring(why), "its child user:%[%d+%], held by descriptor %d+ of this nssh")
  h:close()
  dies(weak)
end

tests["a parent lives as long as its child: pid"] = function()
  here.need_program("unshare", "util-linux")
  local p <close> = apart.clone{ pid = true, stdin = "pipe", "unshare", "--pid", "--fork", "cat" }
  local h, weak = of_child(p, "pid"), weak_of(p, "pid")
  local why = ns.why(weak)
  check.eq(kinds(why), { process = 1, child = 1 }, tostring(why))
  check.eq(#why.release, 3, "the child's PID 1, its own, nssh's handle: " .. table.concat(why.release, ", "))
  check.match(why.release[1], "^kill %-9 %d+$")
  check.ne(why.release[1], "kill -9 " .. p.pid)
  p:close()
  why = ns.why(weak)
  check.eq(kinds(why), { child = 1 }, tostring(why))
  check.match(tostring(why), "its child pid:%[%d+%], held by descriptor %d+ of this nssh")
  h:close()
  dies(weak)
end

tests["a procfs that is mounted, of a pid namespace"] = function()
  here.need_program("unshare", "util-linux")
  -- PID 1 mounts its /proc and ends; its parent stays in the same mnt namespace.
  local p <close> = apart.clone{
    mnt = true, stdin = "pipe", stdout = "pipe",
    "sh", "-c", "mount -t tmpfs none /tmp; mkdir /tmp/proc; unshare --pid --fork sh -c 'mount -t proc none /tmp/proc; echo; read x'; cat",
  }
  p.stdout:read("l")
  local h = ns.open(("/proc/%d/ns/pid_for_children"):format(child_of(p)))
  local weak = ns.weak(h)
  h:close()
  local why = ns.why(weak)
  check.eq(kinds(why), { process = 1, for_children = 1, procfs = 1 }, tostring(why))
  check.match(tostring(why), "the procfs /tmp/proc in mnt:%[%d+%]")
  local at = ("nssh enter %d -mU -- umount /tmp/proc"):format(p.pid)
  check.eq(why.release[1], at)
  p.stdin:write("\n")
  p.stdin:flush()
  -- Without its PID 1, a procfs does not tell which pid namespace it shows. unshare ends a moment after it.
  why = apart.eventually(function()
    local found = ns.why(weak)
    local others = kinds(found)
    return not (others.process or others.zombie or others.for_children) and found
  end)
  check.eq(why.alive, true)
  local found
  for _, list in ipairs{ why.certain, why.suspects } do
    for _, holder in ipairs(list) do found = found or holder.kind == "procfs" and holder.path == "/tmp/proc" and holder end
  end
  check.ok(found, tostring(why))
  release{ found.release }
  dies(weak)
end

tests["an initial namespace needs no holder"] = function()
  here.need_first_user_namespace()
  local why = ns.why("user:[4026531837]")
  check.eq({ why.alive, why.explained, why.initial, #why.release }, { true, true, true, 0 })
  check.match(tostring(why), "made it at boot, as the first user namespace; it lives until the machine ends")
end

tests["what was not found may live all the same, and what was not looked at is said"] = function()
  local p <close> = apart.clone{ uts = true }
  local inode = p:inode("uts")
  p:close()
  local why = apart.eventually(function()
    local found = ns.why(("uts:[%d]"):format(inode))
    return found.alive == nil and found
  end)
  check.eq({ why.explained, why.namespace, #why.certain, #why.release }, { false, ("uts:[%d]"):format(inode), 0, 0 })
  check.match(tostring(why), "^uts:%[%d+%] was not found: it is dead, or held by something that could not be seen%.")
  local less = ns.why(("uts:[%d]"):format(inode), nil, { tasks = false, fds = false, mounts = false, deep = false })
  for _, source in ipairs{ "threads", "descriptors", "mounts", "descriptors in flight" } do
    check.match(table.concat(less.unseen, "\n"), source .. "[^\n]* were not looked at")
  end
  check.ok(not table.concat(why.unseen, "\n"):find("threads were not looked at"))
end

tests["without privilege, what could not be read is said"] = function()
  -- Processes that only root may look into, where an ordinary user or a container has no others: of a program that may not be read.
  local path = os.tmpname()
  ns.run{ "sh", "-c", 'cp "$(command -v sleep)" "$0" && chmod 0111 "$0"', path }:check()
  local kept <close> = setmetatable({}, { __close = function(all) for _, p in ipairs(all) do p:close() end end })
  for _ = 1, 5 do kept[#kept + 1] = ns.clone{ path, "60" } end
  os.remove(path)
  local unseen = apart.without_privilege(function() return ns.why("self", "uts").unseen end)
  local text = table.concat(unseen, "\n")
  check.match(text, "namespaces of [^\n]*process %d+[^\n]*: Permission denied")
  check.match(text, "descriptors of [^\n]*process %d+[^\n]*: Permission denied")
end

tests["PID 1 of one's own pid namespace is not to be killed"] = function()
  local command = sys.readlink("/proc/self/exe") .. " why self:uts; true"
  local text = apart.output(apart.run{ pid = true, uts = true, sh = command })
  check.match(text, "process 1 %(sh%) has to let go of it\n")
  check.ok(not (text .. "\n"):find("kill 1\n"), text)
end

tests["arguments that are wrong"] = function()
  check.fails(function() ns.why("self") end, "in a namespace of each type.*second argument")
  check.fails(function() ns.why("uts:[1]", "net") end, "no net namespace")
  check.fails(function() ns.why("self", "nets") end, "net")
  check.fails(function() ns.why("/etc/passwd") end, "/etc/passwd")
  check.fails(function() ns.why(1 << 22, "uts") end, "no process")
end

tests["a snapshot answers for its own moment"] = function()
  local p <close> = apart.clone{ uts = true }
  local name, pid = link(p, "uts"), p.pid
  local snapshot = ns.scan{ types = "uts" }
  p:close()
  for _, subject in ipairs{ { name }, { pid, "uts" } } do
    local why = snapshot:why(table.unpack(subject))
    check.eq({ why.alive, why.explained, why.namespace }, { true, true, name })
    check.eq(snapshot:holders(table.unpack(subject))[1].pid, pid)
  end
  check.fails(function() snapshot:why(pid, "net") end, "no net namespace of process " .. pid)
  check.fails(function() snapshot:why("/no/such/pin") end, "bound to /no/such/pin")
  check.eq(snapshot:why("uts:[1]").alive, nil)
end

-- What holds a namespace holds the user namespace that owns it.
tests["what may hold any namespace of a type may hold its owner, too"] = function()
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write('{"format":"nssh snapshot","version":1,"time":0,"host":"","kernel":"","uid":0,"own_pid":1,"types":["net","user","uts"],'
    .. '"users":{},"costs":[],"suspects":[{"types":["net"],"holder":{"kind":"io_uring","certain":false,"pid":7,"fd":8}}],"processes":[],'
    .. '"namespaces":[{"type":"uts","inode":3},{"type":"net","inode":4},{"type":"user","inode":5}]}')
  file:close()
  local snapshot = ns.load(path)
  os.remove(path)
  for name, count in pairs{ ["uts:[3]"] = 0, ["net:[4]"] = 1, ["user:[5]"] = 1 } do check.eq(#snapshot:why(name).suspects, count, name) end
end

return tests
