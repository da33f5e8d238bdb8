-- nssh beside its peers and beside C programs that do the same with bare system calls (floors/), all in turn (A B A B …), so that a
-- machine that slows down slows them all alike. `make bench` builds the floors and runs this.
-- usage: nssh Benchmarks/bench.lua DIRECTORY [scale of the rounds, 1 if not given]; DIRECTORY has the built floors, and article
local directory = assert(arg[1], "usage: nssh Benchmarks/bench.lua DIRECTORY [SCALE]")
local scale = tonumber(arg[2]) or 1
local here = arg[0]:match("^(.*)/") or "."
local loops = here .. "/loops.lua"
package.path = here .. "/?.lua;" .. package.path
local measure = require "measure"
measure.scale = scale
local command, loop, peer, rows, find, first_line =
  measure.command, measure.loop, measure.peer, measure.rows, measure.find, measure.first_line
measure.copy(directory, { sys.readlink("/proc/self/exe"), directory .. "/floors", directory .. "/article",
  "lua5.4", "python3", "unshare", "nsenter", "bwrap" })
local nssh, floors = assert(find("nssh")), assert(find("floors"))

-- An ordinary user needs a user namespace for everything else.
local is_root = sys.geteuid() == 0
local user_option = is_root and "" or "user='root', "

local function processors()
  local names = {}
  for line in io.lines("/proc/cpuinfo") do
    names[#names + 1] = line:match("^model name%s*:%s*(.*)") or line:match("^CPU part%s*:%s*(.*)")
  end
  return ("%d × %s"):format(math.max(#names, 1), names[1] or "processor")
end

local function nssh_loop(name, count, megabytes)
  return loop{ nssh, loops, name, tostring(count), tostring(megabytes or 0), is_root and "root" or "user" }
end
local function floor(name, count, megabytes)
  return loop{ floors, name, tostring(count), tostring(megabytes or 0), is_root and "root" or "user" }
end

-- Kilobytes resident in a process that has just started.
local function resident(argv)
  return function() return assert(tonumber(ns.run(argv):check().stdout)) end
end

-- ---- what is measured -------------------------------------------------------------------------------------------

print(("# %s, Linux %s, load %s, %s"):format(
  processors(), first_line("/proc/sys/kernel/osrelease"), first_line("/proc/loadavg"):match("%S+"),
  is_root and "as root" or "as an ordinary user, with a user namespace for everything"))

local whole = 150
measure.group("start-up", "µs", whole, rows(
  { name = "nssh -e ''", run = command{ nssh, "-e", "" } },
  peer({ "lua5.4", "-e", "" }, 1.3),
  peer{ "python3", "-S", "-c", "" }))

local map = not is_root and "--map-root-user" or nil
local unshare = { "unshare", "--uts", "true" }
if map then table.insert(unshare, 2, map) end
local python = find("python3")
local has_unshare = python and ns.run{ python, "-S", "-c", "import os; os.unshare" }.ok
if python and not has_unshare then print("# python3 has no os.unshare (3.12 has): left out") end
local article = find("article")
if not article then print("# the article's Go program: left out, go is not installed") end
measure.group("true in a new uts namespace, the whole command", "µs", whole, rows(
  { name = "nssh -e 'ns.run{uts=true,\"true\"}'", run = command{ nssh, "-e", ("ns.run{%suts=true,'true'}"):format(user_option) } },
  peer(unshare, 1.2),
  peer{ "bwrap", "--bind", "/", "/", "--unshare-uts", "true" },
  article and { name = "the article's Go program", run = command{ article, "true" }, target = 1 },
  has_unshare and peer({ "python3", "-S", "-c", ("import os; os.unshare(%sos.CLONE_NEWUTS); os.execvp('true', ['true'])")
    :format(is_root and "" or "os.CLONE_NEWUSER|") }, nil, "python3 os.unshare, execvp") or nil))

do
  local box <close> = ns.clone{ user = not is_root and "root" or nil, uts = true }
  local enter = { "nsenter", "--target", tostring(box.pid), "--uts", "true" }
  if not is_root then
    table.insert(enter, 4, "--user")
    table.insert(enter, 5, "--preserve-credentials")
  end
  measure.group("true in a uts namespace that exists, the whole command", "µs", whole, rows(
    { name = "nssh -e 'ns.run{uts=PID,\"true\"}'",
      run = command{ nssh, "-e", is_root and ("ns.run{uts=%d,'true'}"):format(box.pid)
        or ("ns.run{user=%d,uts=%d,'true'}"):format(box.pid, box.pid) } },
    peer(enter)))
end

-- A process that nssh does not know, with files of its own, and, as root, with a cgroup of its own in a hierarchy.
local function measure_entering(about, kind)
  local line = ("unshare %s sleep 600 & echo $!; wait"):format(is_root and "--mount" or "--map-root-user --mount")
  local shell <close> = ns.clone{ stdout = "pipe", "sh", "-c", line }
  local pid = shell.stdout:read("l")
  repeat sys.sleep(0.01) until sys.readlink(("/proc/%s/ns/mnt"):format(pid)) ~= sys.readlink("/proc/self/ns/mnt")
  local group
  if kind then
    for _, mount in ipairs(sys.mounts()) do
      local name = mount.type == "cgroup" and mount.target:match("[^/]*$") or mount.type
      if name == kind then group = mount.target .. "/nssh-bench" end
    end
    if not group or not os.execute(("mkdir '%s' 2>/dev/null && echo %s >'%s/cgroup.procs'"):format(group, pid, group)) then
      return print(("# no %s hierarchy in which a cgroup can be made: left out"):format(kind))
    end
  end
  local enter = { "nsenter", "--target", pid, "--mount", "true" }
  if not is_root then table.insert(enter, 4, "--user") end
  measure.group("true in a process" .. about .. ", the whole command", "µs", whole // 2, rows(
    { name = "nssh enter PID true", run = command{ nssh, "enter", pid, "true" } },
    { name = "nssh enter --privileged PID true", run = command{ nssh, "enter", "--privileged", pid, "true" } },
    peer(enter)))
  shell:close()
  if group then os.remove(group) end
end
measure_entering(" with a mnt namespace of its own")
if is_root then
  measure_entering(" with a cgroup of version 2 of its own", "cgroup2")
  measure_entering(" with a cgroup of version 1 of its own (pids)", "pids")
end

for _, megabytes in ipairs{ 0, 200 } do
  local with = megabytes > 0 and (", with %d MB of data"):format(megabytes) or ""
  measure.group("1,000 × ns.run{uts=true,\"true\"}" .. with .. ", each", "µs", megabytes > 0 and 5 or 10, {
    { name = "nssh", run = nssh_loop("run", 100, megabytes) },
    { name = "C: clone, exec, wait", run = floor("run", 100, megabytes), target = 1.1 },
    { name = "C, what it writes captured too", run = floor("run_captured", 100, megabytes) },
  })
end

measure.group("held and closed: ns.clone{uts=true}:close()", "µs", 15, {
  { name = "nssh", run = nssh_loop("held", 300) },
  { name = "C: clone, execveat, kill, wait", run = floor("held", 300), target = 1.3 },
})

measure.group("a function's value back: ns.call({}, fn)", "µs", 15, {
  { name = "nssh", run = nssh_loop("call", 100) },
  { name = "C: fork, pipe, wait", run = floor("call", 100), target = 1.3 },
  { name = "C, 2 MB resident", run = floor("call", 100, 2) },
})
measure.group("a function's value back, with 200 MB of data", "µs", 3, {
  { name = "nssh", run = nssh_loop("call", 20, 200) },
  { name = "C: fork, pipe, wait", run = floor("call", 20, 200), target = 1.3 },
})

measure.group("all inode numbers of a process: ns.inode(pid)", "µs", 15, {
  { name = "nssh", run = nssh_loop("inodes", 3000) },
  { name = "C: openat, readlinkat", run = floor("inodes", 3000), target = 1.3 },
})

measure.group("ns.setns there and back", "µs", 15, {
  { name = "nssh", run = nssh_loop("setns", 10000) },
  { name = "C: setns, setns", run = floor("setns", 10000), target = 2 },
})

local lua = find("lua5.4")
local status = "for l in io.lines('/proc/self/status') do local n = l:match('^VmRSS:%s*(%d+)') if n then print(n) end end"
measure.group("resident memory after start", "KB", 3, rows(
  { name = "nssh", run = resident{ nssh, "-e", status } },
  lua and { name = "lua5.4", run = resident{ lua, "-e", status }, target = 2 }))

measure.close()
