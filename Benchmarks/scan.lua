-- ns.scan and ns.why on a machine with many processes, beside lsns(8) and a C program that reads the same links.
-- usage: nssh Benchmarks/scan.lua DIRECTORY [scale of the rounds, 1 if not given]; DIRECTORY has the built floors
local directory = assert(arg[1], "usage: nssh Benchmarks/scan.lua DIRECTORY [SCALE]")
local here = arg[0]:match("^(.*)/") or "."
package.path = here .. "/?.lua;" .. package.path
local measure = require "measure"
measure.scale = tonumber(arg[2]) or 1
measure.copy(directory, { sys.readlink("/proc/self/exe"), directory .. "/floors", "lsns" })
local nssh, floors, loops = assert(measure.find("nssh")), assert(measure.find("floors")), here .. "/loops.lua"
local as = sys.geteuid() == 0 and "root" or "user"

local function nssh_loop(name, count) return measure.loop{ nssh, loops, name, tostring(count), "0", as } end

local processes_only = "tasks=false, fds=false, sockets=false, mounts=false, names=false"

-- So many processes more that sleep; nil where this user may not have so many.
local function sleepers(count)
  local process = ns.clone{ stdin = "pipe", stdout = "pipe", stderr = "null", floors, "sleepers", tostring(count) }
  if process.stdout:read("l") == "ready" then return process end
  process:close()
  print(("# %d processes more: left out, this user may not have so many"):format(count))
end

-- Kilobytes that a scan of processes adds to nssh while its snapshot is kept.
local function kept()
  local script = ([[
    local function resident()
      for line in io.lines("/proc/self/status") do local n = line:match("^VmRSS:%%s*(%%d+)") if n then return tonumber(n) end end
    end
    ns.scan{types={"uts"}, %s}
    local before = resident()
    local s = ns.scan{tasks=false, fds=false, sockets=false, mounts=false}
    print(resident() - before)
    assert(#s.unreadable >= 0)]]):format(processes_only)
  return measure.loop{ nssh, "-e", script }()
end

local memory = {}
for _, count in ipairs{ 1000, 5000 } do
  local crowd <close> = sleepers(count)
  if crowd then
    local rounds = count == 1000 and 15 or 5
    measure.group(("%d processes more: who is where"):format(count), "µs", rounds, measure.rows(
      { name = "ns.scan, processes only", run = nssh_loop("scan", 10000 // count) },
      { name = "C: getdents64, openat, readlinkat", run = measure.loop{ floors, "scan", tostring(10000 // count) }, target = 1.3 }))
    measure.group(("%d processes more: who is where, the whole command"):format(count), "µs", rounds, measure.rows(
      { name = "nssh -e 'ns.scan{…}'", run = measure.command{ nssh, "-e", ("ns.scan{%s}"):format(processes_only) } },
      measure.peer({ "lsns" }, 0.2)))
    measure.group(("%d processes more: all that can be seen, the whole command"):format(count), "µs", rounds, measure.rows(
      { name = "nssh -e 'ns.scan()'", run = measure.command{ nssh, "-e", "ns.scan()" } },
      measure.peer({ "lsns" }, 0.5)))
    measure.group(("%d processes more: why one namespace is alive"):format(count), "µs", rounds, measure.rows(
      { name = "ns.why", run = nssh_loop("why", 10000 // count) },
      { name = "ns.scan()", run = nssh_loop("scan_all", 10000 // count), target = 2 }))
    memory[count] = kept()
  end
end
if memory[1000] and memory[5000] then
  print("memory that a snapshot takes")
  measure.line("for each process, of 4,000", (memory[5000] - memory[1000]) * 1024 / 4000, "bytes", 1024)
end

print("what a process costs")
for _, count in ipairs{ 100, 1000, 5000, 20000 } do
  local crowd <close> = sleepers(count)
  if crowd then
    local only, all = nssh_loop("scan", 1 + 10000 // count), nssh_loop("scan_all", 1 + 5000 // count)
    local processes = #ns.scan{ tasks = false, fds = false, sockets = false, mounts = false, names = false }.processes
    measure.line(("of %d processes"):format(processes), measure.median(3, only) / processes, "µs, processes only")
    measure.line("", measure.median(3, all) / processes, "µs, all that can be seen")
  end
end
measure.close()
