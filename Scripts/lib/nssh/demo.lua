-- The player of demonstrations: a lesson is a table, require "nssh.demo".main(lesson) plays it.
--
-- lesson = { title, text, programs = {…}, host = {…}, probe, steps = {…} }
--   text      what it is about                       programs  those it calls, besides bash
--   host      new namespaces that play the host, where the lesson would touch the real one, and host_text to say so
--   probe     a shell line that must work in the new namespaces; where it does not, the lesson is skipped
-- step = { enter = {…} }       a new bash in new namespaces, as ns.clone takes them; it becomes the inside, the one before ends
--      | { inside = command }  typed into that bash: a string, or a function of the scene that returns one
--      | { outside = command } run by nssh, which stands where the article opens a second terminal
--   and  name    keeps the output as scene.out[name]
--        focus   of an output longer than a screen, shows only the lines that have this (a plain string or a function)
--        text    what it shows and why: a string, or a function of the scene
--        checks  { { claim, function(out, scene) … end, depends = type } … }: a predicate on what was read, which returns
--                false and a reason when the claim is wrong; `depends` names the type without which it must be wrong
-- scene = { pid = nssh's pid, inside = the process of bash, out = {…} }
local new_report = require "nssh.report"
local demo = {}

local TYPES = { "uts", "ipc", "pid", "mnt", "user", "net", "cgroup", "time" }
-- Debian's names, as Ubuntu has them.
local PACKAGES = {
  hostname = "hostname", id = "coreutils", ip = "iproute2", ipcmk = "util-linux", ipcs = "util-linux", ls = "coreutils",
  mount = "mount", ps = "procps", pstree = "psmisc", readlink = "coreutils", grep = "grep", bash = "bash",
}
-- A lesson without its flag must not touch the machine: the namespaces that take the blow instead.
local CONTROL_HOST = { uts = { uts = true }, ipc = { ipc = true }, mnt = { mnt = true }, user = { uts = true } }
-- A user's PATH may lack sbin, where Debian has ip; messages and columns are parsed, so the locale is fixed.
local PATH = (sys.env("PATH") or "/usr/bin:/bin") .. ":/usr/sbin:/sbin"
local ENV = { PATH = PATH, LC_ALL = "C", COLUMNS = "100", BASH_ENV = false, POSIXLY_CORRECT = false }

local function copy(from, into)
  into = into or {}
  for key, value in pairs(from) do into[key] = value end
  return into
end

local function slurp(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

-- pcall, but ^C goes on: it must end the demonstration, not fail a check.
local function guarded(fn, ...)
  local result = table.pack(pcall(fn, ...))
  if not result[1] then
    if type(result[2]) == "table" and result[2].code == "INTERRUPTED" then error(result[2], 0) end
    result[2] = tostring(result[2])
  end
  return table.unpack(result, 1, result.n)
end

-- Inside: a real bash whose standard streams are pipes. An answer ends with a marker, so nothing depends on time.

local Bash = { __close = function(self) self:close() end }
Bash.__index = Bash

local function new_bash(flags)
  local process = ns.clone(copy(flags, { "bash", stdin = "pipe", stdout = "pipe", env = ENV }))
  local bash = setmetatable({ process = process, typed = 0 }, Bash)
  bash:type("exec 2>&1")
  return bash
end

function Bash:type(command)
  self.typed = self.typed + 1
  local marker = ("<nssh %d %d>"):format(self.process.pid, self.typed)
  -- In braces, the command cannot read what is typed after it.
  local first = self.typed == 1 and command or "{ " .. command .. "\n} </dev/null"
  self.process.stdin:write(first, "\nprintf '\\n%s\\n' '", marker, "'\n")
  self.process.stdin:flush()
  local lines = {}
  for line in self.process.stdout:lines("L") do
    if line == marker .. "\n" then return (table.concat(lines):gsub("\n+$", "")) end
    lines[#lines + 1] = line
  end
  error("bash ended before it answered: " .. command, 0)
end

function Bash:close()
  self.process:close()
end

-- The machine: what is missing, what is forbidden.

local function missing(programs)
  for _, program in ipairs(programs) do
    local found = false
    for directory in PATH:gmatch("[^:]+") do found = found or sys.stat(directory .. "/" .. program) end
    if not found then return ("%s is missing: Debian package %s"):format(program, PACKAGES[program] or program) end
  end
end

-- The settings that forbid user namespaces, as read; only asked once the kernel has refused.
local function forbidding()
  local settings = {
    { "/proc/sys/user/max_user_namespaces", "^0" }, { "/proc/sys/kernel/unprivileged_userns_clone", "^0" },
    { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "^1" },
  }
  local found = {}
  for _, setting in ipairs(settings) do
    local value = (slurp(setting[1]) or ""):match("%S+")
    if value and value:find(setting[2]) then found[#found + 1] = setting[1] .. " = " .. value end
  end
  if (slurp("/proc/self/status") or ""):find("Seccomp:%s*2") then found[#found + 1] = "a seccomp filter is on (/proc/self/status)" end
  for _, mount in ipairs(sys.mounts()) do
    -- The kernel lets an ordinary user mount no /proc that shows more than the one there is.
    if mount.target:find("^/proc/") then found[#found + 1] = mount.target .. " is mounted over" end
  end
  return #found > 0 and table.concat(found, ", ") or "no setting that was read explains it"
end

local REFUSALS = { EPERM = true, EACCES = true, ENOSPC = true, EUSERS = true }

-- Tries in a child. True, or false, the reason and whether it is a refusal (anything else is a failure of ours).
local function try(flags, line)
  local ok, result = pcall(ns.run, copy(flags, { "bash", "-c", line or ":", env = ENV }))
  if ok then return result.ok, ("%s: %s"):format(line, result.stderr:gsub("%s+$", "")), true end
  if type(result) ~= "table" then error(result, 0) end
  return false, result.message, REFUSALS[result.code]
end

-- What the host and each entered namespace are made of here: an ordinary user needs a user namespace around it. Returns
-- the host's flags, a function that makes those of a step, and the user namespace that was added.
local function arrange(lesson, without)
  local host, all, needs_root = copy(without and CONTROL_HOST[without] or lesson.host or {}), {}, false
  for _, step in ipairs(lesson.steps) do
    if step.enter then
      copy(step.enter, all)
      needs_root = needs_root or not step.enter.user or without == "user"
    end
  end
  if without then all[without] = nil end
  copy(host, all)
  needs_root = needs_root or next(host) ~= nil
  local added
  local bare = copy(all)
  bare.user = nil
  if needs_root and not try(bare) then
    added = "root"
    if next(host) or without == "user" then host.user = added end
    all.user = added
  end
  local works, reason, refused = try(all, lesson.probe)
  if not works and not refused then error(reason, 0) end
  local function flags_of(step)
    local flags = copy(step.enter)
    if without then flags[without] = nil end
    if added and not host.user and not flags.user then flags.user = added end
    return flags
  end
  return host, flags_of, added, not works and ("this machine forbids it: %s: %s"):format(reason, forbidding())
end

local function written(flags)
  local words = {}
  for _, type_name in ipairs(TYPES) do
    local value = flags[type_name]
    if value then words[#words + 1] = ("%s = %s"):format(type_name, value == true and "true" or ("%q"):format(value)) end
  end
  words[#words + 1] = '"bash"'
  return "ns.clone{ " .. table.concat(words, ", ") .. " }"
end

-- Playing.

local function run_outside(command)
  local result = ns.run{ "bash", "-c", "exec 2>&1\n" .. command, env = ENV }
  return (result.stdout:gsub("\n+$", ""))
end

local function play_step(step, scene, report, flags_of)
  local text, out = step.text, ""
  if step.enter then
    local flags = flags_of(step)
    report:print("nssh> " .. written(flags), "1")
    scene:leave()
    scene.bash = new_bash(flags)
    scene.inside = scene.bash.process
  elseif step.inside or step.outside then
    local side = step.inside and "inside" or "outside"
    local command = step[side]
    if type(command) == "function" then command = command(scene) end
    report:print(side .. "> " .. command, "1")
    out = step.inside and scene.bash:type(command) or run_outside(command)
    report:output(out, type(step.focus) == "function" and function(line) return step.focus(line, scene) end or step.focus)
    if step.name then scene.out[step.name] = out end
  end
  if type(text) == "function" then text = text(scene) end
  if text then report:say(text, "  ") end
  for _, check in ipairs(step.checks or {}) do
    local ran, ok, reason = guarded(check[2], out, scene)
    if not ran then ok, reason = false, ok end
    -- A predicate may end in string.find, which returns more than its answer.
    reason = not ok and tostring(reason or "it read:\n" .. out) or nil
    report:result{ claim = check[1], depends = check.depends, ok = ok and true or false, reason = reason }
  end
  report:print("")
end

local function play_steps(lesson, report, flags_of)
  local scene <close> = setmetatable({ pid = sys.getpid(), out = {} }, { __index = {
    leave = function(self) if self.bash then self.bash:close() end end,
  }, __close = function(self) self:leave() end })
  for _, step in ipairs(lesson.steps) do play_step(step, scene, report, flags_of) end
end

-- What pstree printed. A child is on its parent's line, or on one below and further right.

function demo.around_bash(line, scene)
  return line:find(("(%d)"):format(scene.pid), 1, true) or line:find(("(%d)"):format(scene.inside.pid), 1, true)
end

function demo.is_child(tree, parent, child)
  local parent_column
  for line in tree:gmatch("[^\n]+") do
    parent_column = line:find(("(%d)"):format(parent), 1, true) or parent_column
    local column = line:find(("bash(%d)"):format(child), 1, true)
    if column then return parent_column ~= nil and column > parent_column end
  end
  return false, ("pstree shows no bash(%d)"):format(child)
end

-- Plays a lesson. options: check (TAP), quiet (prints nothing), without = type (leaves that flag out, in throw-away
-- namespaces where it could touch the machine). Returns { passed, failed, skipped, skip = reason, results = {…} }.
function demo.play(lesson, options)
  options = options or {}
  local report = new_report(options.check, options.quiet)
  report:print(lesson.title, "1;4")
  local lacking = missing{ "bash", table.unpack(lesson.programs or {}) }
  if lacking then return report:close(lacking) end
  -- An error between here and the end is a result too, the last one: clean-up has happened when it is printed.
  local function attempt(fn)
    local ok, reason = guarded(fn)
    if not ok then report:result{ claim = "the demonstration runs to its end", ok = false, reason = reason } end
  end
  local host, flags_of, added, forbidden
  attempt(function() host, flags_of, added, forbidden = arrange(lesson, options.without) end)
  if not host then return report:close() end
  if forbidden then return report:close(forbidden) end
  if lesson.text then report:say(lesson.text, "") end
  if next(host) and lesson.host_text then report:say(lesson.host_text, "") end
  if added then report:say('You have no power to make these namespaces, so nssh adds user = "root": a user namespace of your own.', "") end
  report:print("")
  local before = ns.ledger()
  attempt(function()
    if not next(host) then return play_steps(lesson, report, flags_of) end
    report.results = ns.call(host, function()
      attempt(function() play_steps(lesson, report, flags_of) end)
      return report.results
    end)
  end)
  local left, ours = ns.ledger():since(before), 0
  for _, item in ipairs(left) do ours = ours + (item.certain and 1 or 0) end
  report:print(tostring(left))
  report:result{ claim = "nothing is left behind on this machine", ok = ours == 0, reason = tostring(left) }
  return report:close()
end

-- The whole of a demonstration's script: reads its arguments, plays, and exits 1 if a claim was wrong.
function demo.main(lesson)
  local options = {}
  for _, word in ipairs(arg) do
    if word == "--check" then
      options.check = true
    else
      local file = word == "--help" and io.stdout or io.stderr
      file:write("usage: nssh ", arg[0], " [--check]\n", lesson.title, "\n\n  --check  print TAP 14 for a program to read\n")
      os.exit(word == "--help", true)
    end
  end
  if demo.play(lesson, options).failed > 0 then os.exit(false, true) end
end

return demo
