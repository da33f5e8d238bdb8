-- ns.scan: what processes show, and what they do not. What else holds a namespace is in test_holders, test_scan_mounts, test_scan_deep.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local function by(list, key, value)
  for _, item in ipairs(list) do
    if item[key] == value then return item end
  end
end

-- Waits until `find` finds something; for what a program does after its exec.
local function eventually(find)
  for _ = 1, 200 do
    local found = find()
    if found then return found end
    sys.sleep(0.01)
  end
  error("it did not come in two seconds", 2)
end

local processes_only = { tasks = false, fds = false, sockets = false, mounts = false }

tests["shows a process with its namespaces, and each namespace with its owner"] = function()
  local p <close> = apart.clone{ uts = "box", net = true, ipc = true }
  local s = ns.scan()
  local process = by(s.processes, "pid", p.pid)
  for name, inode in pairs(ns.inode(p)) do check.eq(process.namespaces[name], inode, name) end
  check.eq(process.zombie, false)
  for _, type in ipairs{ "uts", "net", "ipc" } do
    local namespace = check.ok(by(s.namespaces, "inode", p:inode(type)), type)
    check.eq(namespace.owner, ("user:[%d]"):format(p:inode("user")))
    check.eq(namespace.initial, false)
    local h <close> = p:open(type)
    check.eq(namespace.id, (h:id()))
  end
  local user = by(s.namespaces, "inode", p:inode("user"))
  check.eq(user.uid, sys.geteuid())
  check.eq(user.parent, ("user:[%d]"):format(ns.inode("self", "user")))
end

tests["a path opens what it stands for"] = function()
  local p <close> = apart.clone{ uts = true, pid = true, mnt = true }
  local s, opened = ns.scan(), 0
  for _, namespace in ipairs(s.namespaces) do
    local ok, h = pcall(function() return ns.open(assert(namespace.path), namespace.type) end)
    -- Of what others hold, something may have gone meanwhile.
    if ok then
      if h:inode() == namespace.inode then opened = opened + 1 end
      h:close()
    end
  end
  check.ok(opened >= 8, opened .. " could be opened")
  check.ok(ns.same(by(s.namespaces, "inode", p:inode("uts")).path, p, "uts"))
end

tests["types leave out the others"] = function()
  local p <close> = apart.clone{ uts = true, ipc = true }
  local s = ns.scan{ types = { "uts" } }
  check.ok(by(s.namespaces, "inode", p:inode("uts")))
  check.eq(by(s.namespaces, "inode", p:inode("ipc")), nil)
  check.ok(by(s.namespaces, "inode", p:inode("user")), "its owner is there")
  check.eq(by(s.processes, "pid", p.pid).namespaces, { uts = p:inode("uts") })
end

tests["costs say what was looked through"] = function()
  local function sources(options)
    local names = {}
    for _, cost in ipairs(ns.scan(options).costs) do
      check.ok(cost.seconds >= 0)
      names[#names + 1] = cost.source
    end
    return names
  end
  check.eq(sources{}, { "processes", "tasks", "fds", "sockets", "mounts", "relations" })
  check.eq(sources(processes_only), { "processes", "relations" })
  local s = ns.scan(processes_only)
  check.eq(s.costs[1].looked, #s.processes)
end

tests["names=false names only who is elsewhere, or is the first in its namespace"] = function()
  local p <close> = apart.clone{ uts = true }
  local options = table.move({}, 1, 0, 1, { names = false })
  for key, value in pairs(processes_only) do options[key] = value end
  local q <close> = ns.clone{}
  local s = ns.scan(options)
  check.ok(by(s.processes, "pid", p.pid).name)
  check.eq(by(s.processes, "pid", p.pid).uid, sys.getuid())
  local other = by(s.processes, "pid", q.pid)
  -- Where numbers have begun again, it may be the first that an ordinary user sees.
  if q.pid > sys.getpid() then check.eq(other.name, nil) end
  check.eq(other.namespaces.uts, ns.inode("self", "uts"))
  check.ok(by(ns.scan(processes_only).processes, "pid", q.pid).name)
end

tests["an unborn pid namespace: its process has unshared, and has no child yet"] = function()
  local p <close> = apart.clone{ "unshare", "--pid", "sleep", "60" }
  if not here.has("pidfd_namespaces") then
    -- Nothing leads to it, and that is said.
    local missing = eventually(function()
      local target = ("/proc/%d/ns/pid_for_children"):format(p.pid)
      return by(ns.scan(processes_only).unreadable, "target", target)
    end)
    return check.eq({ missing.pid, missing.source, missing.code }, { p.pid, "processes", "ENOTTY" })
  end
  local process = eventually(function()
    local process = by(ns.scan(processes_only).processes, "pid", p.pid)
    return process and process.namespaces.pid_for_children ~= process.namespaces.pid and process
  end)
  local inode = check.ok(process.namespaces.pid_for_children, "it is not told")
  check.eq(ns.inode(p).pid_for_children, nil, "/proc has no link")
  local namespace = by(ns.scan(processes_only).namespaces, "inode", inode)
  check.eq(namespace.type, "pid")
  check.eq(namespace.parent, ("pid:[%d]"):format(ns.inode("self", "pid")))
  check.eq(namespace.path, nil)
  local h <close> = ns.open(inode)
  check.eq(h:type(), "pid")
  p:close()
end

tests["a zombie has its user and pid namespaces, and no others"] = function()
  local p <close> = apart.clone{ pid = true, uts = true, "perl", "-e",
    'fork or exit; sleep 60' }
  local zombie = eventually(function()
    for _, process in ipairs(ns.scan(processes_only).processes) do
      if process.zombie and process.parent == p.pid then return process end
    end
  end)
  check.eq(zombie.namespaces, { user = p:inode("user"), pid = p:inode("pid") })
  check.eq(#zombie.pids, 2)
end

tests["pids from nssh's pid namespace down"] = function()
  local p <close> = apart.clone{ pid = true }
  check.eq(by(ns.scan(processes_only).processes, "pid", p.pid).pids, { p.pid, 1 })
end

tests["inside a pid namespace pids are those of the inside"] = function()
  local own, first, count, others, known = apart.call({ pid = true }, function()
    local p <close> = ns.clone{ uts = true }
    local s = ns.scan{}
    local strangers = 0
    for _, item in ipairs(s.unreadable) do strangers = strangers + (item.code == "ESRCH" and 1 or 0) end
    local seen = false
    for _, process in ipairs(s.processes) do
      seen = seen or process.pid == p.pid and process.parent == 1 and process.namespaces.uts == p:inode("uts")
    end
    return sys.getpid(), s.processes[1].pid, #s.processes, strangers, seen
  end)
  check.eq(own, 1)
  check.eq(first, 1)
  check.eq(count, 2)
  check.ok(known, "the child is missing")
  check.ok(others > 0, "processes outside are not said to be out of sight")
end

tests["what cannot be read is listed with the reason"] = function()
  local s = ns.scan(processes_only)
  local refused = {}
  for _, item in ipairs(s.unreadable) do
    check.match(item.code, "^E%u+$")
    check.eq(item.source, "processes")
    refused[item.pid] = item
  end
  for _, process in ipairs(s.processes) do
    local ok, e = pcall(ns.inode, process.pid, "uts")
    if not ok and e.code == "EACCES" then check.ok(refused[process.pid], "silence about process " .. process.pid) end
  end
end

tests["processes that end meanwhile are no error, and the others are always there"] = function()
  local marker <close> = apart.clone{ uts = true }
  local inode = marker:inode("uts")
  local known = {}
  for _, item in ipairs(ns.scan().unreadable) do known[item.target] = true end
  local churn <close> = ns.clone{ "sh", "-c", "while :; do /bin/true & /bin/true; done" }
  for _ = 1, 60 do
    local s = ns.scan()
    check.eq(by(s.processes, "pid", marker.pid).namespaces.uts, inode)
    -- Other users' processes may come and go, which only root can read; and somebody's mounts that are too many.
    for _, item in ipairs(s.unreadable) do
      check.ok(known[item.target] or item.code == "E2BIG" or sys.geteuid() ~= 0, item.message)
    end
    -- No half record: who is neither refused nor a zombie has all its links.
    for _, process in ipairs(s.processes) do
      if next(process.namespaces) and not process.zombie then check.ok(process.namespaces.mnt, "process " .. process.pid) end
    end
  end
  churn:close()
end

tests["ns.open finds by the inode number what only a descriptor or a socket holds"] = function()
  local p = apart.clone{ uts = true }
  local kept = p:open("uts")
  local inode = kept:inode()
  p:close()
  local h <close> = ns.open(inode)
  check.ok(h == kept)
  kept:close()
  local script = '$^F = 100; socket(S, 2, 2, 0) or die; socket(T, 2, 2, 0) or die; <STDIN>; exec "unshare", "--net", "sleep", "60"'
  local q <close> = apart.clone{ net = true, stdin = "pipe", "perl", "-e", script }
  local old = q:inode("net")
  q.stdin:write("\n")
  q.stdin:close()
  eventually(function() return q:inode("net") ~= old end)
  local net <close> = ns.open(old, "net")
  check.eq(net:inode(), old)
  local holders = ns.scan{ fds = false }:holders(old)
  local socket = check.ok(by(holders, "kind", "socket"))
  check.eq(socket.pid, q.pid)
  check.eq(socket.detail, "the first of 2")
end

return tests
