-- ns.plan: what options stand for, held against what strace(1) sees when they are carried out.
local check = require "check"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

tests["a plan reads as the kernel calls in their order"] = function()
  local plan = tostring(ns.plan{ user = "root", uts = "box", net = { lo = true }, "hostname" })
  local last = 0
  local parts = { "clone3(NEWUTS|NEWNET|NEWUSER)", "write gid_map", "write uid_map", 'sethostname("box")', "IFF_UP", 'execve("hostname")' }
  for _, part in ipairs(parts) do
    local at = plan:find(part, last + 1, true)
    check.ok(at, part .. " is not where it should be in " .. plan)
    last = at
  end
end

tests["a plan does nothing"] = function()
  local before = ns.ledger()
  local name = sys.hostname()
  ns.plan{ uts = "box", user = "root", stdout = "/nonesuch/file", "nonesuch" }
  check.eq(sys.hostname(), name)
  check.eq(tostring(ns.ledger():since(before)), "left behind: nothing")
end

tests["who makes each call is said"] = function()
  local makers = {}
  for _, line in ipairs(ns.plan{ uts = true, "true" }) do makers[line.call] = line.by end
  check.eq(makers.clone3, "nssh")
  check.eq(makers.execve, "child")
  check.fails(function() ns.plan{ utz = true } end, "did you mean 'uts'")
end

-- Every call of the plan, in the plan's order, is in what strace wrote.
local function carried_out(options)
  if not ns.run{ sh = "command -v strace" }.ok then check.skip("strace is missing: Debian package strace") end
  local chunk = "ns.run{" .. options .. "}"
  local plan = load("return ns.plan{" .. options .. "}")()
  local trace = ns.run{ "strace", "-f", "-o", "/dev/stdout", nssh, "-e", chunk }
  if not trace.ok then check.skip("strace cannot trace here, or user namespaces are forbidden: " .. trace.stderr) end
  local position = 1
  for _, line in ipairs(plan) do
    local at, after = trace.stdout:find("%f[%w]" .. line.call .. "%(", position)
    check.ok(at, ("%s (%s) was not carried out after the calls before it"):format(line.text, line.by))
    position = after
  end
end

tests["a plan with maps and settings is carried out in its order"] = function()
  carried_out[[user = "self", uts = "box", ipc = true, pid = { proc = true }, net = { lo = true }, "true"]]
end

tests["a plan of a program is carried out in its order"] = function() carried_out[[cwd = "/", "true"]] end

return tests
