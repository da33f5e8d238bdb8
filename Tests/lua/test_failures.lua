-- What a launch says, and leaves, when the kernel refuses something. Some by strace(1), call by call (all of it: make test-failures),
-- some for real.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local directory = debug.getinfo(1, "S").source:match("^@(.*)/") or "."

-- Runs a matrix of Tests/failures/injection.lua, and expects nothing wrong.
local function matrix(kind, case, ...)
  package.path = directory .. "/../failures/?.lua;" .. package.path
  local injection = require "injection"
  here.need_program("strace")
  here.need_program("perl", "perl-base")
  here.need("unshare --user --map-root-user --pid --fork --mount-proc true", "a pid namespace with its /proc is forbidden here")
  here.need("sleep 9 & p=$!; timeout 0.5 strace -p $p 2>&1 | grep -q attached; r=$?; kill $p; exit $r", "strace may not attach here")
  local count, wrong = injection.below("root", injection[kind], case, ...)
  check.eq(wrong, {})
  check.ok(count >= 15, count)
end

for _, name in ipairs{ "held in new namespaces", "program that lasts", "function, joined and new" } do
  tests[name .. ": each system call fails by name, and leaves nothing"] = function() matrix("errors", name, "ENOSYS") end
end

for _, name in ipairs{ "program that lasts in a pid namespace", "held", "function that lasts" } do
  tests[name .. ": nssh killed at each system call leaves nothing"] = function() matrix("kills", name, "nssh") end
end

tests["program in new namespaces: killed at each of its system calls it is no harm to nssh"] = function()
  matrix("kills", "program in new namespaces", "child")
end

-- Every kind of launch, as far as `options` let them be made. Returns the failures by kind: { code, syscall, stage }; true if it works.
local function every_kind(options)
  local kinds = {
    held = function(t) ns.clone(t):close() end,
    program = function(t) t[1] = "/bin/true" ns.run(t) end,
    ["function"] = function(t) ns.call(t, function() return 1 end) end,
  }
  local result = {}
  for kind, call in pairs(kinds) do
    local given = {}
    for key, value in pairs(options) do given[key] = value end
    local ok, e = pcall(call, given)
    result[kind] = ok or type(e) == "table" and { e.code, e.syscall, e.stage } or { tostring(e) }
  end
  return result
end

local function same_for_all(value) return { held = value, program = value, ["function"] = value } end

tests["a full process table is EAGAIN of clone3"] = function()
  here.need_program("prlimit", "util-linux")
  local before, failures = apart.without_privilege(function()
    local before = every_kind{}
    os.execute("prlimit --pid $PPID --nproc=0:")
    return before, every_kind{}
  end)
  check.eq(before, same_for_all(true))
  check.eq(failures, same_for_all{ "EAGAIN", "clone3", "clone3" })
end

tests["at any limit of descriptors a launch works or says so, and leaves none"] = function()
  here.need_program("prlimit", "util-linux")
  local wrong, refused, worked = apart.call({}, function()
    local function count() return #sys.readdir("/proc/self/fd") end
    local options = { user = "root", uts = "box", net = { lo = true } }
    every_kind(options)
    collectgarbage()
    local wrong, refused, worked = {}, 0, 0
    -- started before the limit bites
    local line = ([[while read -r n; do prlimit --pid %d --nofile="$n:"; echo; done]]):format(sys.getpid())
    local setter <close> = ns.clone{ stdin = "pipe", stdout = "pipe", sh = line }
    local function limit(n)
      setter.stdin:write(n, "\n")
      setter.stdin:flush()
      setter.stdout:read("l")
    end
    local before = count()
    for n = 64, before - 2, -1 do
      limit(n)
      for kind, result in pairs(every_kind(options)) do
        if result == true then
          worked = worked + 1
        elseif result[1] == "EMFILE" and result[2] then
          refused = refused + 1
        else
          wrong[#wrong + 1] = ("%d %s: %s"):format(n, kind, table.concat(result, " "))
        end
      end
    end
    limit(64)
    collectgarbage()
    if count() ~= before then wrong[#wrong + 1] = ("%d descriptors, %d before"):format(count(), before) end
    return wrong, refused, worked
  end)
  check.eq(wrong, {})
  check.ok(refused > 10 and worked > 10, ("%d refused, %d worked"):format(refused, worked))
end

tests["a limit of no namespaces is ENOSPC of clone3, for every type"] = function()
  local failures = apart.call({}, function()
    local failures = {}
    for _, type in ipairs{ "uts", "ipc", "net", "pid", "mnt", "cgroup", "time", "user" } do
      local path = "/proc/sys/user/max_" .. type .. "_namespaces"
      local file = assert(io.open(path, "w"))
      file:write("0")
      file:close()
      failures[type] = every_kind{ [type] = type == "user" and "root" or true }
      file = assert(io.open(path, "w"))
      file:write("1000")
      file:close()
    end
    return failures
  end)
  for type, found in pairs(failures) do
    -- A function makes its time namespace itself, after its birth; before Linux 6.3 every child does.
    local cloned, unshared = { "ENOSPC", "clone3", "clone3" }, { "ENOSPC", "unshare", "unshare" }
    local made = type == "time" and not ns.features().clone3_time.supported and unshared or cloned
    check.eq(found["function"], type == "time" and unshared or cloned, type)
    check.eq(found.program, made, type)
    check.eq(found.held, made, type)
  end
end

tests["ids that are not mapped are EINVAL of their step"] = function()
  local one = { uid = { { 0, sys.geteuid(), 1 } }, gid = { { 0, sys.getegid(), 1 } } }
  for key, step in pairs{ uid = "setresuid", gid = "setresgid" } do
    local failures = every_kind{ user = one, [key] = 5 }
    check.eq(failures, same_for_all{ "EINVAL", step, step })
  end
end

-- Runs a chunk in another nssh, with /proc made what `line` makes it.
local function with_proc(line, chunk)
  local nssh = sys.readlink("/proc/self/exe")
  return apart.run{ mnt = true, "/bin/sh", "-c", line .. '\nexec "$0" -e "$1"', nssh, chunk, timeout = 20 }
end

tests["a read-only /proc is EROFS of the first map"] = function()
  local chunk = [[for _, t in ipairs{ {}, { "/bin/true" } } do
    t.user = "root"
    local _, e = pcall(ns.clone, t)
    print(e.code, e.stage, e.syscall)
  end
  print(ns.run{ "/bin/true" }.ok)]]
  local result = with_proc("mount --bind /proc /proc && mount -o remount,ro,bind /proc || exit 1", chunk)
  check.match(result.stdout, "^EROFS\twrite [%a_]+\topenat\nEROFS\twrite [%a_]+\topenat\ntrue\n$", result.stderr)
end

tests["without /proc what needs none works, and the rest says so"] = function()
  local result = with_proc("mount -t tmpfs none /proc", [[
    print(ns.run{ "/bin/true" }.ok)
    local _, e = pcall(ns.inode, "self", "uts")
    print(e.code, e.message)]])
  check.match(result.stdout, "^true\nENOENT\t.*\n$", result.stderr)
end

return tests
