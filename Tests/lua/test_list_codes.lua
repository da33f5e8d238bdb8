-- The exit codes of nssh ls, for scripts.
local check = require "check"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")
local function list(...) return ns.run{ timeout = 60, nssh, "ls", ... } end

tests["what is not there is 1"] = function()
  local r = list("net:[1]")
  check.eq({ r.status, r.stdout }, { 1, "" })
  check.match(r.stderr, "^nssh: ls: net:%[1%] was not found\n")
  check.eq(list("-J", "net:[1]").status, 1)
end

tests["a process that nothing is listed of is 1"] = function()
  local p = ns.clone{ "true" }
  p:wait(10)
  local r = list("-p", tostring(p.pid))
  check.eq(r.status, 1)
  check.match(r.stderr, ("^nssh: ls: no namespace of process %d was found\n"):format(p.pid))
  check.eq(list(tostring(p.pid)).status, 1)
end

tests["what is there is 0"] = function()
  check.eq(list("-p", "self").status, 2, "a number is wanted")
  check.eq(list("-p", tostring(sys.getpid())).status, 0)
  check.eq(list(("uts:[%d]"):format(ns.inode("self", "uts"))).status, 0)
  check.eq(list().status, 0)
end

return tests
