-- nssh driver.lua CASE: makes one launch of cases.lua when told to, and then says what came of it and what was left behind.
-- injection.lua attaches strace(1) in between.
local directory = arg[0]:match("^(.*)/") or "."
package.path = directory .. "/?.lua;" .. package.path
local case = require "cases"[arg[1]]

local function say(...) io.write(table.concat({ ... }, "\t"), "\n") io.flush() end

local function descriptors()
  local list = {}
  for _, name in ipairs(sys.readdir("/proc/self/fd")) do
    local target = sys.readlink("/proc/self/fd/" .. name)
    -- what nssh opens once and keeps: its pidfd, /proc, the held image, the empty root
    local kept = target and (target:find("pidfd") or target == "/proc" or target:find("memfd:nssh") or target == "/" or target:find("/fd$"))
    if target and not kept then list[#list + 1] = name .. "=" .. target end
  end
  return table.concat(list, " ")
end

local prepared = case.prepare and case.prepare()
if case.cold then ns.ledger() else case.run(prepared) end
collectgarbage()
collectgarbage()
local before, open = ns.ledger(), descriptors()
-- Waits for a line. The read that strace interrupts when it comes may be the one that is to fail.
local function wait_for_line()
  for _ = 1, 3 do
    if io.read() then return end
  end
  os.exit(false)
end

say("ready", sys.getpid())
wait_for_line()

-- strace counts the calls of each process for itself. These put nssh's counts of what every process does beyond those of its
-- children. What is injected here is no harm.
for _ = 1, 40 do
  local file = io.open("/dev/null", "r+")
  if file then
    file:setvbuf("no")
    file:read(1)
    file:write("x")
    file:close()
  end
end
sys.readlink("/nssh-begin")
local function tell(worked, raised)
  sys.readlink("/nssh-end")
  if worked then return say("worked") end
  if type(raised) ~= "table" then return say("text", (tostring(raised):gsub("[\n\t]", " "))) end
  local parts = { "raised" }
  for _, key in ipairs{ "code", "errno", "syscall", "stage", "message" } do parts[#parts + 1] = tostring(raised[key]) end
  say(table.unpack(parts))
end
tell(pcall(case.run, prepared))
wait_for_line()

-- strace is gone. Whatever went wrong, the next launch works, and nothing is left.
collectgarbage()
collectgarbage()
local left = ns.ledger():since(before)
local problems = {}
for _, item in ipairs(left) do
  if item.certain and item.kind ~= "descriptor" then problems[#problems + 1] = item.kind .. " " .. item.name end
end
local now = descriptors()
if now ~= open then problems[#problems + 1] = "descriptors " .. open .. " -> " .. now end
local again, why = pcall(function()
  case.run(prepared)
  ns.run{ "/bin/true" }:check()
end)
if not again then problems[#problems + 1] = "the next launch fails: " .. tostring(why) end
say(#problems == 0 and "clean" or table.concat(problems, "; "))
