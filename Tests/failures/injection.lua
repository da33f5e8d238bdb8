-- Runs driver.lua under strace(1): once to see the calls of a launch, and then once for each of them, with an error or a signal in
-- its place. Everything happens below a PID 1 of its own, where every process that is left shows.
local injection = {}

local directory = debug.getinfo(1, "S").source:match("^@(.*)/") or "."

-- Why this cannot be done here; nil when it can.
function injection.missing()
  if not ns.run{ sh = "command -v strace" }.ok then return "strace is missing: Debian package strace" end
  if not ns.run{ sh = "command -v perl" }.ok then return "perl is missing: Debian package perl-base" end
  local ok, e = pcall(ns.call, { user = "self", pid = { proc = true } }, function()
    local p <close> = ns.clone{ "sleep", "10" }
    local tracer <close> = ns.clone{ "strace", "-p", tostring(p.pid), stderr = "pipe" }
    return (tracer.stderr:read("l") or "nothing")
  end)
  if not ok then return "user and pid namespaces with a /proc are forbidden here: " .. tostring(e) end
  if not e:find("attached") then return "strace cannot attach to a process here: " .. e end
end

-- Kills a driver that hangs after ten seconds, which ends its output. One process, there before the driver looks around.
local function watch()
  return ns.clone{ "perl", "-e", "my $pid = <STDIN>; sleep 10; kill 'KILL', $pid", stdin = "pipe" }
end

-- A driver that is nobody's child but that PID 1's: what is left of it does not come to nssh, which adopts what its children leave.
-- It is talked to by named pipes, and ends by itself or by the watchdog.
local Driver = {}
Driver.__index = Driver

function Driver:__close()
  if self.into then self.into:close() end
  if self.out then self.out:close() end
  for _, suffix in ipairs{ "", ".in", ".out", ".err" } do os.remove(self.path .. suffix) end
end

function Driver:alive() return sys.stat("/proc/" .. self.pid) ~= nil end
function Driver:read() return self.out:read("l") end
function Driver:tell()
  self.into:write("\n")
  self.into:flush()
end

function Driver:complaint()
  local file <close> = io.open(self.path .. ".err")
  return file:read("a")
end

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function start(case)
  local self = setmetatable({ path = os.tmpname() }, Driver)
  local line = [[setsid -f sh -c 'exec "$1" "$2" "$3" <>"$0.in" >"$0.out" 2>"$0.err"' %s %s %s %s </dev/null >/dev/null 2>&1]]
  local words = { quote(self.path), quote(sys.readlink("/proc/self/exe")), quote(directory .. "/driver.lua"), quote(case) }
  os.execute(("mkfifo %s.in %s.out; "):format(words[1], words[1]) .. line:format(table.unpack(words)))
  self.out = io.open(self.path .. ".out")
  self.into = io.open(self.path .. ".in", "w")
  local pid = (self:read() or ""):match("^ready\t(%d+)$")
  if not pid then
    local why = self:complaint()
    getmetatable(self).__close(self)
    error(case .. ": the driver does not start: " .. why, 0)
  end
  self.pid = tonumber(pid)
  return self
end

-- strace on a running process; returns when it is attached.
local function attach(pid, options)
  local p = ns.clone{ "strace", "-f", "-p", tostring(pid), stderr = "pipe", table.unpack(options) }
  local line = p.stderr:read("l")
  if not (line and line:find("attached")) then
    p:close()
    error("strace: " .. tostring(line), 0)
  end
  return p
end

local function detach(tracer)
  if tracer:alive() then pcall(tracer.kill, tracer, "TERM") end
  if not tracer:wait(5) then tracer:close() end
end

local function split(line)
  local parts = {}
  for part in (line .. "\t"):gmatch("(.-)\t") do parts[#parts + 1] = part end
  return table.unpack(parts)
end

-- What the kernel never refuses, or what only strace could make of it: a close(2) that is not carried out leaks; the C library
-- takes what brk(2) gives for an address; wait4(2) of a child that is there does not fail.
local never = {
  close = true, brk = true, munmap = true, geteuid = true, getegid = true, getuid = true, getgid = true, getpid = true,
  getpgid = true, getpgrp = true, wait4 = true, exit = true, exit_group = true, rt_sigreturn = true, restart_syscall = true,
}

-- The system calls between the marks: a list of { role, call, n, text }, where n counts that call of that process since strace
-- came. Roles are "nssh", and "child 1", "child 2" in the order of their first call. A program's own calls are left out.
local function parse(file, pid)
  local counts, roles, executed, list, children, inside = {}, { [tostring(pid)] = "nssh" }, {}, {}, 0, false
  for line in io.lines(file) do
    local who, call, rest = line:match("^(%d+)%s+([%w_]+)%((.*)")
    if call then
      if not roles[who] then
        children = children + 1
        roles[who] = "child " .. children
      end
      local key = who .. call
      counts[key] = (counts[key] or 0) + 1
      if rest:find("/nssh-end", 1, true) then inside = false end
      local at = { role = roles[who], call = call, n = counts[key], text = call .. "(" .. rest }
      if inside and not executed[who] then list[#list + 1] = at end
      if rest:find("/nssh-begin", 1, true) then inside = true end
    else
      who, call, rest = line:match("^(%d+)%s+<%.%.%. ([%w_]+) resumed>(.*)")
    end
    if call and call:find("^execve") and rest:find("= 0$") then executed[who] = true end
  end
  return list
end

-- The calls of a launch that works.
function injection.calls(case)
  local file = os.tmpname()
  local p <close> = start(case)
  local tracer <close> = attach(p.pid, { "-o", file })
  p:tell()
  local outcome = p:read()
  detach(tracer)
  p:tell()
  local state = p:read()
  local list = parse(file, p.pid)
  os.remove(file)
  if outcome ~= "worked" or state ~= "clean" then error(("%s: %s, %s"):format(case, outcome, state), 0) end
  return list
end

-- The processes that run below this PID 1, without those that are known. Zombies here are orphans that nobody has reaped yet.
local function others(known)
  local list = {}
  for _, name in ipairs(sys.readdir("/proc")) do
    local file = name:match("^%d+$") and not known[tonumber(name)] and io.open("/proc/" .. name .. "/stat")
    if file then
      local command, state = (file:read("a") or ""):match("(%b()) (%a)")
      file:close()
      if state and state ~= "Z" then list[#list + 1] = name .. " " .. command end
    end
  end
  return list
end

-- Whether strace put an error in place of a call before the mark at the end of the launch.
local function is_injected(path)
  local file <close> = io.open(path)
  local log = file:read("a")
  local at, mark = log:find("INJECTED", 1, true), log:find("/nssh-end", 1, true)
  return at ~= nil and at < (mark or math.huge)
end

-- Runs a launch with one call changed: "error=EIO" or "signal=SIGKILL". Returns a table: outcome ("worked", "raised", "text" or
-- "ended"), code, errno, syscall, stage, message; state ("clean", or what is wrong); ended; hung; left (what is there after the end);
-- happened: how often nssh looks around while it waits is not the same each time, and the call of that number may not come, or come
-- when the launch is over.
function injection.run(case, at, what)
  local watchdog <close> = watch()
  local p <close> = start(case)
  local result = {}
  watchdog.stdin:write(p.pid, "\n")
  watchdog.stdin:close()
  local spec = ("inject=%s:%s:when=%d"):format(at.call, what, at.n)
  local file = os.tmpname()
  local tracer <close> = attach(p.pid, { "-o", file, "-e", "trace=?readlink,readlinkat," .. at.call, "-e", spec })
  p:tell()
  local line = p:read()
  detach(tracer)
  result.happened = is_injected(file)
  os.remove(file)
  if line then
    result.outcome, result.code, result.errno, result.syscall, result.stage, result.message = split(line)
    p:tell()
    result.state = p:read()
    result.ended = not result.state
    if result.ended then result.state = "nssh ended: " .. p:complaint() end
  else
    result.outcome, result.ended = "ended", true
    result.state = p:complaint()
  end
  if result.ended then
    -- Within a second everything that it had started is gone.
    local deadline, left = sys.clock() + 1
    repeat
      left = others{ [1] = true, [sys.getpid()] = true, [watchdog.pid] = true }
      if #left > 0 then sys.sleep(0.005) end
    until #left == 0 or sys.clock() > deadline
    result.left = #left > 0 and table.concat(left, ", ") or nil
  end
  result.hung = not watchdog:alive()
  return result
end

-- Where a failure is rightly no error: a fall-back, or nothing that depends on it.
local harmless = {
  { "nssh", "waitid", "the next look asks again" },
  { "nssh", "kill", "what is left of a group that may be empty" },
  { "nssh", "pidfd_send_signal", "kill(2) does" },
  { "nssh", "fcntl", "F_SETFL of a pipe" },
  { "nssh", "rt_sigprocmask", "back to what was" },
  { "nssh", "rt_sigaction", "back to what was" },
  { "nssh", "prctl", "PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER" },
  { "nssh", "poll", "asked again" },
  { "nssh", "capget", "taken for no capabilities" },
  { "nssh", "openat", "self/setgroups: taken for allowed" },
  { "nssh", "read", "of self/setgroups, and of the pipe that says that a function is ready" },
  { "nssh", "clone", "of the child that makes the empty root: there is none then" },
  { "child 1", "fsopen", "the same" },
  { "child 1", "fsconfig", "the same" },
  { "child 1", "fsmount", "the same" },
  { "child", "keyctl", "who may not call it cannot use the keys of the session either" },
  { "child", "rt_sigprocmask", "of a function, which calls it twice" },
  { "child", "poll", "of an init" },
  { "child", "ppoll", "of a function that sleeps" },
}

local function is_harmless(at)
  for _, entry in ipairs(harmless) do
    if at.role:find(entry[1], 1, true) == 1 and at.call == entry[2] then return true end
  end
  return false
end

-- Puts `errno` in place of each call of a launch, one after the other. Returns the count and a list of what was wrong.
function injection.errors(case, errno)
  local wrong, count = {}, 0
  for _, at in ipairs(injection.calls(case)) do
    if not never[at.call] then
      count = count + 1
      local r = injection.run(case, at, "error=" .. errno)
      local good = r.state == "clean" and not r.hung
      if r.outcome == "raised" then
        -- A function that cannot write its result has ended without one.
        local lost = at.call == "write" and at.role ~= "nssh" and r.code == "ENDED"
        -- What could not be read of self/setgroups is taken for allowed, and then refused by the kernel.
        lost = lost or at.role == "nssh" and (at.call == "openat" or at.call == "read") and r.stage == "setgroups"
        good = good and r.message ~= "" and (lost or r.code == errno and r.errno ~= "nil" and r.stage ~= "nil" and r.syscall ~= "nil")
      else
        good = good and r.outcome == "worked" and (is_harmless(at) or not r.happened)
      end
      if not good then
        local told = table.concat({ r.outcome, r.code or "", r.syscall or "", r.stage or "", r.message or "" }, " ")
        wrong[#wrong + 1] = ("%s: %s %s #%d, %s: %s; %s%s"):format(case, at.role, at.text:sub(1, 70), at.n, errno, told,
          r.state .. (r.left and "; left: " .. r.left or ""), r.hung and "; hung" or "")
      end
    end
  end
  return count, wrong
end

-- Kills `role` ("nssh" or "child") at each of its calls. What dies with nssh is everything; what dies of nssh's children is no harm
-- to nssh. Returns the count and a list of what was wrong.
function injection.kills(case, role)
  local wrong, count = {}, 0
  for _, at in ipairs(injection.calls(case)) do
    if at.role:find(role, 1, true) == 1 then
      count = count + 1
      local r = injection.run(case, at, "signal=SIGKILL")
      local good = not r.hung and not r.left
      -- The same number of that call may come earlier in nssh; or late, when it has said that the launch has worked.
      local late = r.ended and r.outcome == "worked" and role == "nssh"
      if r.outcome == "ended" then
        good = good and r.state == ""
      else
        good = good and r.state == (late and "nssh ended: " or "clean")
      end
      if not good then
        wrong[#wrong + 1] = ("%s: %s killed at %s #%d: %s, %s%s%s"):format(case, at.role, at.text:sub(1, 70), at.n,
          table.concat({ r.outcome, r.code or "", r.stage or "", r.message or "" }, " "), r.state,
          r.left and "; left: " .. r.left or "", r.hung and "; hung" or "")
      end
    end
  end
  return count, wrong
end

-- Calls fn below a PID 1 of its own, as root there or as the user that nssh is. That PID 1 reaps, as a machine's does: a pid namespace
-- does not end before what has joined it is reaped.
function injection.below(user, fn, ...) return ns.call({ user = user, pid = { proc = true, init = true } }, fn, ...) end

return injection
