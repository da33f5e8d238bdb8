-- The prompt on a terminal of its own, timed from the key to the answer.
-- usage: nssh Benchmarks/prompt.lua DIRECTORY [rounds]; DIRECTORY is for copies of the programs
-- What it shall reach: a prompt within 1.5 times of `lua5.4 -i`, an answer to a key within 5 ms, ⇥ within 30 ms with 5,000 processes on the
-- machine, a table of 100,000 entries shown within 50 ms.
io.stdout:setvbuf("line")
local directory = assert(arg[1], "usage: nssh Benchmarks/prompt.lua DIRECTORY [ROUNDS]")
local rounds = tonumber(arg[2]) or 20
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local measure = require "measure"
measure.copy(directory, { sys.readlink("/proc/self/exe"), "lua5.4" })
local nssh, lua = assert(measure.find("nssh")), measure.find("lua5.4")
local sign = "nssh> "

local function median(list)
  table.sort(list)
  return list[#list // 2 + 1]
end

local function start()
  -- TERM=dumb: what is drawn is what is said.
  local p = ns.clone{ session = true, nssh, "-E", env = { TERM = "dumb", INPUTRC = "/dev/null", HOME = "/dev/null", NO_COLOR = "1" } }
  local prompt = { process = p }
  -- Reads until `what` has come, and no further.
  function prompt.expect(what)
    local last = ""
    while last ~= what do
      last = (last .. assert(p.stdout:read(1), "the prompt ended")):sub(-#what)
    end
  end
  function prompt.type(keys)
    p.stdin:write(keys)
    p.stdin:flush()
  end
  -- A line, and the next prompt after its echo.
  function prompt.enter(line)
    prompt.type(line .. "\r")
    prompt.expect("\r\n")
    prompt.expect(sign)
  end
  prompt.expect(sign)
  return prompt
end

-- Milliseconds till `what` is there after `keys`.
local function time(prompt, keys, what)
  local begin = sys.clock()
  prompt.type(keys)
  prompt.expect(what)
  return (sys.clock() - begin) * 1000
end

local function report(title, limit, times)
  local middle = median(times)
  print(("%-58s %7.2f ms, the longest of %d %7.2f ms (%d allowed)"):format(title, middle, #times, times[#times], limit))
end

-- ⇥ in a line that is then thrown away by ^C.
local function completions(prompt, line, what)
  local times = {}
  for _ = 1, rounds do
    prompt.type(line)
    prompt.expect(line)
    times[#times + 1] = time(prompt, "\t", what)
    prompt.type("\3")
    prompt.expect("^C")
    prompt.expect(sign)
  end
  return times
end

-- The second ⇥, which lists.
local function listings(prompt, line, what)
  local times = {}
  for _ = 1, rounds do
    prompt.type(line)
    prompt.expect(line)
    prompt.type("\t")
    prompt.expect("\7")
    times[#times + 1] = time(prompt, "\t", what)
    prompt.expect(line)
    prompt.type("\3")
    prompt.expect("^C")
    prompt.expect(sign)
  end
  return times
end

-- From the start of a program on a terminal of its own to its prompt, in turn.
local function starts(...)
  local programs = { ... }
  local times = {}
  for round = -2, 3 * rounds do
    for i, program in ipairs(programs) do
      local begin = sys.clock()
      local p <close> = ns.clone{ session = true, env = { TERM = "xterm", HOME = "/dev/null" }, table.unpack(program.command) }
      local last = ""
      while not last:find(program.sign, 1, true) do last = last .. assert(p.stdout:read(1), "it ended") end
      times[i] = times[i] or {}
      if round > 0 then table.insert(times[i], (sys.clock() - begin) * 1000) end
    end
  end
  return times
end

if lua then
  local times = starts({ command = { nssh, "-E" }, sign = sign }, { command = { lua, "-i" }, sign = "> " })
  local own, theirs = median(times[1]), median(times[2])
  print(("start to prompt: nssh %.2f ms, lua5.4 -i %.2f ms: %.2f of it (1.5 allowed)"):format(own, theirs, own / theirs))
else
  print("# lua5.4 is not installed: its start is left out")
end

local prompt = start()
do
  local times = {}
  for key in ("abcdefghij"):rep(rounds // 2):gmatch(".") do times[#times + 1] = time(prompt, key, key) end
  report("a key", 5, times)
  prompt.type("\3")
  prompt.expect("^C")
  prompt.expect(sign)
end
report("⇥ ns.cl → ns.clone{", 30, completions(prompt, "ns.cl", "one{"))
report("⇥ ns.clone{us → user = ", 30, completions(prompt, "ns.clone{us", "er = "))
report("⇥ sys.stat(\"/etc/pass → /etc/passwd", 30, completions(prompt, "sys.stat(\"/etc/passw", "d"))

local crowd <close> = ns.clone{ pid = true, user = "root", stdout = "pipe",
  sh = "i=0; while [ $i -lt 5000 ]; do sleep 1000 & i=$((i+1)); done; echo there; wait" }
crowd.stdout:read("l")
local count, digits = 0, {}
for _, name in ipairs(sys.readdir("/proc")) do
  local digit = name:match("^(%d)%d*$")
  if digit then
    count = count + 1
    digits[digit] = (digits[digit] or 0) + 1
  end
end
-- The digit that most of the pids start with: the longest list.
local most = "1"
for digit, number in pairs(digits) do if number > (digits[most] or 0) then most = digit end end
print(("with %d processes on the machine:"):format(count))
local line = "ns.inode(" .. most
report(("⇥⇥ %s → pids with their commands"):format(line), 30, listings(prompt, line, "more: type more of it"))
report("⇥ ns.clone{us → user = ", 30, completions(prompt, "ns.clone{us", "er = "))
crowd:close()

prompt.enter("list = {} for i = 1, 100000 do list[i] = i end")
prompt.enter("names = {} for i = 1, 100000 do names['k' .. i] = i end")
prompt.enter("records = {} for i = 1, 100000 do records[i] = { name = 'n' .. i, size = i } end")
for _, name in ipairs{ "list", "names", "records" } do
  local times = {}
  for _ = 1, rounds do
    prompt.type(name)
    prompt.expect(name)
    times[#times + 1] = time(prompt, "\r", sign)
  end
  report(("a table of 100,000 entries, %s"):format(name), 50, times)
end
prompt.process:close()
