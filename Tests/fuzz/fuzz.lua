-- nssh fuzz.lua [seed [calls [batch]]]: random calls of every binding with random arguments. It must not crash, hang, leave
-- processes, descriptors or mounts, or grow. Everything runs as nobody in a sandbox of new namespaces with a /tmp of its own. A
-- failure tells the seed, the batch and the last calls; with the batch's number only that batch is run.
local directory = arg[0]:match("^(.*)/") or "."
package.path = directory .. "/?.lua;" .. package.path

local generate = require "generate" -- before the sandbox, which has another /tmp and may not read this directory

local seed = math.tointeger(arg[1]) or os.time()
local calls = math.tointeger(arg[2]) or 100000
local only = math.tointeger(arg[3])
local STILL, MOVING = 1000, 100 -- calls of a batch; one in four may move
local LOG, ERRORS = "/tmp/fuzz.log", "/tmp/fuzz.err"

-- These move nssh itself, or change its mounts or limits: they are called in batches of their own, which are not compared with before.
local moving = {
  ["ns.unshare"] = true, ["ns.setns"] = true, ["sys.mount"] = true, ["sys.umount"] = true, ["ns.unpin"] = true, ["handle:pin"] = true,
  ["sys.chdir"] = true, ["sys.chroot"] = true, ["ns.limits"] = true,
}
local function cut_seconds(a, i)
  if a[i] == nil or math.type(a[i]) and a[i] > 0.02 then
    a[i] = 0.01
    a.n = math.max(a.n, i)
  end
end
-- These would wait for ever, or for long, as they are asked to: the time is cut. Every other call is made as it comes.
local cut = {
  ["sys.sleep"] = function(a) if type(a[1]) == "number" and a[1] > 0.002 then a[1] = 0.002 end end,
  ["process:wait"] = function(a) cut_seconds(a, 2) end,
  ["socket:receive"] = function(a) cut_seconds(a, 2) end,
  ["socket:send"] = function(a) cut_seconds(a, 3) end,
  ["ns.receive"] = function(a) cut_seconds(a, 3) end,
  ["ns.send"] = function(a) cut_seconds(a, 3) end,
  -- What a function body had started when a signal, and not close, ended it dies too, but stays a zombie until nssh's end.
  ["process:kill"] = function(a) if tostring(a[1]):find("function") then a[2] = 0 end end,
  ["ns.wait"] = function(a) if type(a[1]) == "table" then a[1].timeout = 0.01 end end,
}
-- It waits for what may never come.
cut["ns.watch"] = function(a)
  local options = type(a[1]) == "table" and a[1] or {}
  rawset(options, "timeout", 0.03)
  if rawget(options, "interval") then rawset(options, "interval", 0.01) end
  a[1], a.n = options, math.max(a.n, 1)
end
-- Calls what it is given here, and not in a copy: that must not end the fuzzer.
cut["ns.trace"] = function(a) if a[1] == generate.exits then a[1] = nil end end
cut["sys.uninterrupted"] = cut["ns.trace"]
local function limited(a)
  for i = 1, a.n do
    if type(a[i]) == "table" and not getmetatable(a[i]) then
      if not (math.type(a[i].timeout) and a[i].timeout <= 0.05) then a[i].timeout = 0.03 end
      -- Waiting for a reader that never comes is what opening a terminal or pipe is for.
      if a[i].stdin == "inherit" then a[i].stdin = "null" end
    end
  end
end
for name in ("ns.run ns.call ns.shell process:run process:shell handle:run handle:shell"):gmatch("%S+") do cut[name] = limited end

local function declarations()
  local reference = require "nssh.reference"
  local list = {}
  -- What takes more is called more often.
  local function add(entry)
    for _ = 1, 1 + 2 * #entry.declared.parameters do list[#list + 1] = entry end
  end
  for _, module in ipairs(reference.modules) do
    for _, declared in ipairs(module.functions) do add{ declared = declared, fn = _G[module.name][declared.short] } end
  end
  for _, class in ipairs(reference.classes) do
    for _, declared in ipairs(class.methods) do add{ declared = declared, class = class.name } end
  end
  add{ declared = { name = "help", parameters = { { annotation = "string", name = "name", optional = true } } }, fn = help }
  return list
end

local function descriptors()
  local list = {}
  for _, name in ipairs(sys.readdir("/proc/self/fd")) do
    local target = sys.readlink("/proc/self/fd/" .. name)
    if target then list[#list + 1] = name .. "=" .. target end
  end
  return list
end

-- What is in one list and not in the other.
local function added(before, now)
  local known, list = {}, {}
  for _, item in ipairs(before) do known[item] = true end
  for _, item in ipairs(now) do
    if not known[item] then list[#list + 1] = item end
  end
  return table.concat(list, " ")
end

local function children()
  local list, own = {}, tostring(sys.getpid())
  for _, name in ipairs(sys.readdir("/proc")) do
    local file = name:match("^%d+$") and io.open("/proc/" .. name .. "/stat")
    if file then
      local command, state, parent = (file:read("a") or ""):match("(%b()) (%a) (%d+)")
      file:close()
      if parent == own then list[#list + 1] = name .. command .. state end
    end
  end
  return table.concat(list, " ")
end

-- Resident memory in KB.
local function resident()
  local file <close> = io.open("/proc/self/status")
  return tonumber(file:read("a"):match("VmRSS:%s*(%d+)"))
end

local function settle()
  for _, class in ipairs{ "process", "handle", "socket" } do
    for _, object in ipairs(generate.objects[class]) do object:close() end
  end
  generate.forget()
  for _ = 1, 3 do collectgarbage() end
end

local function keep(...)
  for i = 1, select("#", ...) do
    local got = select(i, ...)
    if type(got) == "userdata" then
      local pool = generate.objects[tostring(got):match("^%a+")]
      if pool then
        local place = #pool < 6 and #pool + 1 or math.random(6)
        -- A program runs on when its process is forgotten; handles and held processes are left to the garbage collector.
        if pool[place] and tostring(pool[place]):find("program") then pool[place]:close() end
        pool[place] = got
      end
    end
  end
end

-- A binding that can be called now, and arguments for it: a method needs an object of its class to be had from.
local function choose(list, may_move)
  while true do
    local entry = list[math.random(#list)]
    local name = entry.declared.name
    local fn = entry.fn
    if entry.class then fn = generate.method(entry.class, entry.declared.short) end
    if fn and (may_move or not moving[name]) then return name, fn, generate.arguments(entry.declared) end
  end
end

-- Runs one batch in this process. Returns what is wrong, or nil; and how many calls raised nothing.
local function batch(number, count, may_move)
  math.randomseed(seed, number)
  local list = declarations()
  io.stdout:setvbuf("full")
  -- What is opened once and kept.
  ns.clone{ uts = true }:close()
  ns.run{ pid = { init = true }, "/bin/true" }
  ns.call({}, function() end)
  ns.ledger()
  sys.mounts()
  settle()
  local open, mounts, memory = descriptors(), #sys.mounts(), nil
  local worked = 0
  local log = assert(io.open(LOG, "w"))
  log:setvbuf("no")
  for i = 1, count do
    if i == count // 2 and not may_move then
      settle()
      memory = resident()
    end
    local name, fn, a = choose(list, may_move)
    if cut[name] then cut[name](a) end
    local words = {}
    for j = 1, a.n do words[j] = generate.describe(a[j]) end
    log:write(("%d %s(%s)\n"):format(i, name, table.concat(words, ", ")))
    local result = table.pack(pcall(fn, table.unpack(a, 1, a.n)))
    if result[1] then
      worked = worked + 1
      keep(table.unpack(result, 2, result.n))
    end
  end
  log:close()
  if may_move then return nil, worked end
  settle()
  local problems = {}
  local more = added(open, descriptors())
  if more ~= "" then problems[#problems + 1] = "descriptors: " .. more end
  if #sys.mounts() ~= mounts then problems[#problems + 1] = ("mounts: %d -> %d"):format(mounts, #sys.mounts()) end
  local left = children()
  if left ~= "" then problems[#problems + 1] = "children: " .. left end
  local grown = resident() - memory
  if count >= STILL and grown > 8192 then problems[#problems + 1] = ("memory: %d KB more in %d calls"):format(grown, count // 2) end
  return #problems > 0 and table.concat(problems, "; ") or nil, worked
end

local function tail(path)
  local lines = {}
  local file = io.open(path)
  if file then
    for line in file:lines() do lines[#lines + 1] = line end
    file:close()
  end
  return "  " .. table.concat(lines, "\n  ", math.max(1, #lines - 11))
end

-- All batches, below this process, which is PID 1 of the sandbox. Returns the failures.
local function all()
  sys.mount{ source = "none", target = "/tmp", type = "tmpfs" }
  for _, path in ipairs{ "/var/tmp", "/dev/shm", "/run/lock" } do pcall(sys.mount, { source = "none", target = path, type = "tmpfs" }) end
  sys.chdir("/tmp")
  os.execute("mkdir /tmp/dir; echo a > /tmp/a")
  local limits = ns.limits()
  local failures, done, number, worked = {}, 0, 0, 0
  while done < calls do
    number = number + 1
    local may_move = number % 4 == 0
    local count = math.min(may_move and MOVING or STILL, calls - done)
    done = done + count
    if not only or only == number then
      ns.limits(limits) -- what a batch has changed
      local options = { stdin = "null", stdout = "null", stderr = ERRORS, timeout = 120 }
      local ok, wrong, good = pcall(ns.call, options, batch, number, count, may_move)
      worked = worked + (good or 0)
      if not ok then wrong = type(wrong) == "table" and wrong.message or tostring(wrong) end
      if wrong then
        local text = "seed %d, batch %d: %s\nlast calls:\n%s\nstandard error:\n%s\nagain: fuzz.lua %d %d %d"
        failures[#failures + 1] = text:format(seed, number, wrong, tail(LOG), tail(ERRORS), seed, calls, number)
        if #failures == 3 then break end
      end
    end
  end
  return failures, done, number, worked
end

-- The sandbox: nobody outside, root inside.
local function sandbox(fn)
  local options = { user = "root", uts = true, ipc = true, net = true, mnt = true, cgroup = true, pid = { proc = true }, stdin = "null" }
  return ns.call(options, fn)
end

local function run()
  if sys.geteuid() ~= 0 then return sandbox(all) end
  return ns.call({ uid = 65534, gid = 65534, groups = {} }, function() return sandbox(all) end)
end

local start = sys.clock()
local failures, done, number, worked = run()
for _, failure in ipairs(failures) do print(failure) end
local line = "%d calls in %d batches, seed %d, %.1f s, %d raised nothing: %d failed"
print(line:format(done, number, seed, sys.clock() - start, worked, #failures))
if #failures > 0 then os.exit(false, true) end
