-- A small part of make fuzz, always the same: random calls of every binding with random arguments.
local check = require "check"
local here = require "here"
local tests = {}

local directory = debug.getinfo(1, "S").source:match("^@(.*)/") or "."

tests["random calls do not crash, hang, or leave anything"] = function()
  here.need_user_namespaces()
  local nssh = sys.readlink("/proc/self/exe")
  local result = ns.run{ nssh, directory .. "/../fuzz/fuzz.lua", "1", "2200", timeout = 100 }
  check.ok(result.ok, result.stdout .. result.stderr)
  local made, worked, failed = result.stdout:match("(%d+) calls.* (%d+) raised nothing: (%d+) failed")
  check.eq(failed, "0")
  check.ok(tonumber(made) > 1500 and tonumber(worked) > 500, result.stdout)
end

return tests
