-- What enters a process is in its cgroup: the limits of that are its limits.
local check = require "check"
local here = require "here"
local strangers = require "strangers"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")

-- Makes a cgroup of one's own, and moves a process into it; gone at the end of the scope.
local Group = {}
Group.__index = Group
function Group:__close() assert(os.remove(self.path)) end
local function group(root, pid)
  local made = ns.run{ "mktemp", "-d", root .. "/nssh-test-XXXXXX" }:check().stdout
  local self = setmetatable({ path = made:sub(1, -2) }, Group)
  ns.run{ "chmod", "755", self.path }:check()
  if pid then self:write("cgroup.procs", pid) end
  return self
end
function Group:write(name, value)
  local file <close> = assert(io.open(self.path .. "/" .. name, "w"))
  assert(file:write(value) and file:flush())
end

-- The line of /proc/PID/cgroup that names the group.
local function line_of(text, path)
  local name = path:match("[^/]*$"):gsub("%-", "%%-")
  return text:match("[^\n]*/" .. name .. "\n")
end

local function joins(what)
  local root = here.need_cgroup(what)
  local own <close> = group(root)
  do
    local target <close> = strangers.boxed()
    own:write("cgroup.procs", target.pid)
    local theirs = line_of(target:file("cgroup"), own.path)
    check.ok(theirs, target:file("cgroup"))
    local t = tostring(target.pid)
    for _, words in ipairs{ { t }, { "-a", t }, { "-aF", t }, { "--privileged=caps,rlimits", t } } do
      local r = ns.run{ nssh, "enter", table.unpack(table.move({ "cat", "/proc/self/cgroup" }, 1, 2, #words + 1, words)) }:check()
      check.eq(line_of(r.stdout, own.path), theirs, table.concat(words, " "))
      check.eq(r.stderr, "")
    end
    local r = ns.run{ nssh, "enter", "--privileged=cgroup", t, "cat", "/proc/self/cgroup" }:check()
    check.eq(line_of(r.stdout, own.path), nil)
    check.eq(line_of(ns.call(target.pid, function()
      local file <close> = io.open("/proc/self/cgroup")
      return file:read("a")
    end), own.path), theirs)
    -- nssh itself stays where it is.
    local file <close> = io.open("/proc/self/cgroup")
    check.eq(line_of(file:read("a"), own.path), nil)
  end
end

tests["born into that of version 2"] = function() joins("cgroup2") end
tests["moved into those of version 1 that limit"] = function() joins("pids") end

tests["a limit of it holds, and is named where the kernel refuses"] = function()
  local root = here.need_cgroup("pids")
  local own <close> = group(root)
  local target <close> = strangers.boxed()
  own:write("cgroup.procs", target.pid)
  own:write("pids.max", "2")
  local r = ns.run{ nssh, "enter", tostring(target.pid), "sh", "-c", "(exit 0); (exit 0) & (exit 0) & wait; echo lived" }
  check.ok(r.stderr:find("fork") or r.stderr:find("[Rr]esource"), r.stdout .. r.stderr)
  target.shell:close()
end

tests["a frozen one is not entered"] = function()
  local root = here.need_cgroup("cgroup2")
  local own <close> = group(root)
  here.need(("test -e %s/cgroup.freeze"):format(own.path), "cgroups cannot be frozen here")
  local target <close> = strangers.boxed()
  own:write("cgroup.procs", target.pid)
  own:write("cgroup.freeze", "1")
  local r = ns.run{ timeout = 5, nssh, "enter", tostring(target.pid), "true" }
  own:write("cgroup.freeze", "0")
  check.eq(r.status, 125)
  check.match(r.stderr, "frozen")
  target.shell:close()
end

tests["one that cannot be joined is said, and strict refuses"] = function()
  local root = here.need_cgroup("pids")
  local own <close> = group(root)
  local target <close> = strangers.of_nobody("-r -m")
  own:write("cgroup.procs", target.pid)
  -- As the same ordinary user, who may not write there.
  local user = { "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups" }
  local copy <close> = require("apart").copy()
  local function enter(...)
    local words = table.move({ ... }, 1, select("#", ...), #user + 1, { table.unpack(user) })
    return ns.run{ timeout = 20, table.unpack(words) }
  end
  local r = enter(copy.path, "enter", tostring(target.pid), "echo", "in"):check()
  check.eq(r.stdout, "in\n")
  check.match(r.stderr, "cgroup .*nssh%-test.*cannot be joined")
  r = enter(copy.path, "enter", "--strict", tostring(target.pid), "echo", "in")
  check.eq({ r.status, r.stdout }, { 125, "" })
  target.shell:close()
end

tests["one that the kernel lets nobody be born in is said, and strict refuses"] = function()
  local root = here.need_cgroup("cgroup2")
  local own <close> = group(root)
  -- It is that user's own, and the way to it is not: who moves there has to have power over what is above both.
  ns.run{ "chown", "65534:65534", own.path, own.path .. "/cgroup.procs" }:check()
  local target <close> = strangers.of_nobody("-r -m")
  own:write("cgroup.procs", target.pid)
  local copy <close> = require("apart").copy()
  local function enter(...)
    return ns.run{ timeout = 20, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy.path, "enter", ... }
  end
  local r = enter(tostring(target.pid), "echo", "in"):check()
  check.eq(r.stdout, "in\n")
  check.match(r.stderr, "its cgroup cannot be joined %(Permission denied%)")
  r = enter("--strict", tostring(target.pid), "echo", "in")
  check.eq({ r.status, r.stdout }, { 125, "" })
  target.shell:close()
end

return tests
