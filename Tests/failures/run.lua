-- nssh Tests/failures/run.lua [word …]: every launch of cases.lua with each of its system calls failing, and with nssh and its
-- children killed at each of them. Words pick cases. Prints TAP 14. Takes some minutes.
local directory = arg[0]:match("^(.*)/") or "."
package.path = directory .. "/?.lua;" .. package.path
local injection = require "injection"
local report = require "nssh.report" (true)

local missing = injection.missing()
if missing then
  report:result{ claim = "failures of system calls", ok = true, skip = missing }
  report:close()
  os.exit(true, true)
end

local names = {}
for name in pairs(require "cases") do
  local wanted = #arg == 0
  for _, word in ipairs(arg) do wanted = wanted or name:find(word, 1, true) end
  if wanted then names[#names + 1] = name end
end
table.sort(names)

local function run(claim, user, fn, ...)
  local start = sys.clock()
  local worked, count, wrong = pcall(injection.below, user, fn, ...)
  if not worked then count, wrong = 0, { tostring(count) } end
  claim = ("%s: %d calls, %.1f s"):format(claim, count, sys.clock() - start)
  report:result{ claim = claim, ok = #wrong == 0, reason = table.concat(wrong, "\n") }
end

-- Below root, nssh writes the maps of a new user namespace; below the user, the child does.
for _, user in ipairs(sys.geteuid() == 0 and { "root" } or { "root", "self" }) do
  for _, name in ipairs(names) do
    for _, errno in ipairs{ "ENOSYS", "EMFILE", "EPERM" } do
      run(("%s, below %s: each call is %s"):format(name, user, errno), user, injection.errors, name, errno)
    end
    for _, role in ipairs{ "nssh", "child" } do
      run(("%s, below %s: %s is killed at each call"):format(name, user, role), user, injection.kills, name, role)
    end
  end
end
if report:close().failed > 0 then os.exit(false, true) end
