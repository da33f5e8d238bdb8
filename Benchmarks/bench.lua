-- nssh beside its peers and beside C programs that do the same with bare system calls (floors/), all in turn (A B A B …), so that a
-- machine that slows down slows them all alike. `make bench` builds the floors and runs this.
-- usage: nssh Benchmarks/bench.lua DIRECTORY [scale of the rounds, 1 if not given]; DIRECTORY has the built floors, and article
local directory = assert(arg[1], "usage: nssh Benchmarks/bench.lua DIRECTORY [SCALE]")
local floors = directory .. "/floors"
local scale = tonumber(arg[2]) or 1
local nssh = assert(sys.readlink("/proc/self/exe"))
local loops = arg[0]:gsub("bench%.lua$", "loops.lua")

-- An ordinary user needs a user namespace for everything else.
local is_root = sys.geteuid() == 0
local user_option = is_root and "" or "user='root', "

local function first_line(path)
  local file <close> = io.open(path)
  return file and file:read("l") or ""
end

local function processors()
  local names = {}
  for line in io.lines("/proc/cpuinfo") do
    names[#names + 1] = line:match("^model name%s*:%s*(.*)") or line:match("^CPU part%s*:%s*(.*)")
  end
  return ("%d × %s"):format(math.max(#names, 1), names[1] or "processor")
end

local function find(program)
  for place in (sys.env("PATH") or ""):gmatch("[^:]+") do
    local path = place .. "/" .. program
    -- The shims of version managers are scripts that start slower than what they start.
    if not place:find("shims", 1, true) and sys.stat(path) then return path end
  end
end

-- ---- measuring --------------------------------------------------------------------------------------------------

-- Microseconds of a whole command.
local function command(argv)
  return function()
    local start = sys.clock()
    local result = ns.run{ stdout = "null", stderr = "null", table.unpack(argv) }
    local time = (sys.clock() - start) * 1e6
    if not result.ok then error(("%s: %s"):format(table.concat(argv, " "), result), 0) end
    return time
  end
end

-- Microseconds of one operation, as the command has measured them itself.
local function loop(argv)
  return function() return assert(tonumber(ns.run(argv):check().stdout)) end
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

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return sorted[#sorted // 2 + 1], sorted[1]
end

-- Runs all in turn; a list of the values of each. The first round warms the caches and does not count.
local function in_turn(rounds, runs)
  local values = {}
  for i in ipairs(runs) do values[i] = {} end
  for round = 0, rounds do
    for i, run in ipairs(runs) do
      local value = run()
      if round > 0 then table.insert(values[i], value) end
    end
  end
  return values
end

-- ---- printing ---------------------------------------------------------------------------------------------------

local reached, missed = 0, 0

-- A group: nssh first, then the others, each with the ratio that is to be reached, if any. The ratio of medians decides; that of the
-- least, which a busy machine blurs less, stands beside it.
local function measure(title, unit, rounds, rows)
  local runs = {}
  for i, row in ipairs(rows) do runs[i] = row.run end
  local values = in_turn(math.max(3, math.floor(rounds * scale)), runs)
  print(title)
  local own, own_least = median(values[1])
  for i, row in ipairs(rows) do
    local theirs, least = median(values[i])
    local line = ("  %-34s %9.1f %s  (least %.1f)"):format(row.name, theirs, unit, least)
    if i > 1 then
      local ratio, ratio_of_least = own / theirs, own_least / least
      line = line .. ("   nssh is %.2f of it (%.2f)"):format(ratio, ratio_of_least)
      if row.target then
        local is_reached = ratio <= row.target
        reached, missed = reached + (is_reached and 1 or 0), missed + (is_reached and 0 or 1)
        line = line .. (", at most %.1f: %s"):format(row.target, is_reached and "reached" or "missed")
      end
    end
    print(line)
  end
end

-- A peer's row; nil, and a line that says so, where the peer is not there or cannot do it here.
local function peer(argv, target, name)
  local path = find(argv[1])
  if not path then
    print(("# %s is not installed: left out"):format(argv[1]))
    return nil
  end
  local complete = table.move(argv, 2, #argv, 2, { path })
  local result = ns.run{ stdin = "null", table.unpack(complete) }
  if not result.ok then
    print(("# %s: left out: %s"):format(table.concat(argv, " "), (result.stderr:match("[^\n]+") or tostring(result))))
    return nil
  end
  return { name = name or table.concat(argv, " "), run = command(complete), target = target }
end

local function rows(...)
  local list = {}
  for i = 1, select("#", ...) do list[#list + 1] = (select(i, ...)) end
  return list
end

-- ---- what is measured -------------------------------------------------------------------------------------------

print(("# %s, Linux %s, load %s, %s"):format(
  processors(), first_line("/proc/sys/kernel/osrelease"), first_line("/proc/loadavg"):match("%S+"),
  is_root and "as root" or "as an ordinary user, with a user namespace for everything"))

local whole = 150
measure("start-up", "µs", whole, rows(
  { name = "nssh -e ''", run = command{ nssh, "-e", "" } },
  peer({ "lua5.4", "-e", "" }, 1.2),
  peer{ "python3", "-S", "-c", "" }))

local map = not is_root and "--map-root-user" or nil
local unshare = { "unshare", "--uts", "true" }
if map then table.insert(unshare, 2, map) end
local python = find("python3")
local has_unshare = python and ns.run{ python, "-S", "-c", "import os; os.unshare" }.ok
if python and not has_unshare then print("# python3 has no os.unshare (3.12 has): left out") end
local article = directory .. "/article"
if not sys.stat(article) then
  print("# the article's Go program: left out, go is not installed")
  article = nil
end
measure("true in a new uts namespace, the whole command", "µs", whole, rows(
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
  measure("true in a uts namespace that exists, the whole command", "µs", whole, rows(
    { name = "nssh -e 'ns.run{uts=PID,\"true\"}'",
      run = command{ nssh, "-e", is_root and ("ns.run{uts=%d,'true'}"):format(box.pid)
        or ("ns.run{user=%d,uts=%d,'true'}"):format(box.pid, box.pid) } },
    peer(enter)))
end

for _, megabytes in ipairs{ 0, 200 } do
  local with = megabytes > 0 and (", with %d MB of data"):format(megabytes) or ""
  measure("1,000 × ns.run{uts=true,\"true\"}" .. with .. ", each", "µs", megabytes > 0 and 5 or 10, {
    { name = "nssh", run = nssh_loop("run", 100, megabytes) },
    { name = "C: clone, exec, wait", run = floor("run", 100, megabytes), target = 1.1 },
    { name = "C, what it writes captured too", run = floor("run_captured", 100, megabytes) },
  })
end

measure("held and closed: ns.clone{uts=true}:close()", "µs", 15, {
  { name = "nssh", run = nssh_loop("held", 300) },
  { name = "C: clone, execveat, kill, wait", run = floor("held", 300), target = 1.3 },
})

measure("a function's value back: ns.call({}, fn)", "µs", 15, {
  { name = "nssh", run = nssh_loop("call", 100) },
  { name = "C: fork, pipe, wait", run = floor("call", 100), target = 1.3 },
  { name = "C, 2 MB resident", run = floor("call", 100, 2) },
})
measure("a function's value back, with 200 MB of data", "µs", 3, {
  { name = "nssh", run = nssh_loop("call", 20, 200) },
  { name = "C: fork, pipe, wait", run = floor("call", 20, 200), target = 1.3 },
})

measure("all inode numbers of a process: ns.inode(pid)", "µs", 15, {
  { name = "nssh", run = nssh_loop("inodes", 3000) },
  { name = "C: openat, readlinkat", run = floor("inodes", 3000), target = 1.3 },
})

measure("ns.setns there and back", "µs", 15, {
  { name = "nssh", run = nssh_loop("setns", 10000) },
  { name = "C: setns, setns", run = floor("setns", 10000), target = 2 },
})

local lua = find("lua5.4")
local status = "for l in io.lines('/proc/self/status') do local n = l:match('^VmRSS:%s*(%d+)') if n then print(n) end end"
measure("resident memory after start", "KB", 3, rows(
  { name = "nssh", run = resident{ nssh, "-e", status } },
  lua and { name = "lua5.4", run = resident{ lua, "-e", status }, target = 2 }))

print(("# reached: %d, missed: %d"):format(reached, missed))
