-- Runs the Lua tests: nssh Tests/lua/run.lua [word …]. Each test_NAME.lua beside this file returns a table name -> function.
-- A word picks the tests whose "NAME: name" has it, -word leaves those out. Prints TAP 14. A test that leaves anything behind fails, and so
-- does a whole run as root that skips more than a few: something is missing here that the tests were written for.
local directory = arg[0]:match("^(.*)/") or "."
package.path = directory .. "/?.lua;" .. package.path

local check = require "check"
local report = require "nssh.report" (true)

-- As root, with the packages that make test installs, on a kernel that has all that nssh uses. NSSH_TEST_SKIPS sets another number.
local MOST_SKIPS = 6

-- So that what nssh opens once, and a garbage collection of earlier tests, are no test's doing.
ns.run{ "true" }

local function is_wanted(title)
  local picks, picked = false, false
  for _, word in ipairs(arg) do
    local unwanted = word:match("^%-(.+)")
    if unwanted and title:find(unwanted, 1, true) then return false end
    picks = picks or not unwanted
    picked = picked or not unwanted and title:find(word, 1, true) ~= nil
  end
  return picked or not picks
end

-- Zombies too: /proc lists them. Other programs run on this machine: what is only perhaps ours is no failure.
local function left_behind(before)
  collectgarbage()
  collectgarbage()
  local lines = {}
  for _, item in ipairs(ns.ledger():since(before)) do
    if item.certain then lines[#lines + 1] = item.kind .. " " .. item.name end
  end
  return #lines > 0 and "left behind: " .. table.concat(lines, ", ") or nil
end

local function run(title, test)
  collectgarbage()
  local before = ns.ledger()
  local worked, raised = xpcall(test, function(raised)
    return check.skip_reason(raised) and raised or debug.traceback(tostring(raised), 2)
  end)
  -- ^C ends the run, not the test. (The traceback has made a string of it.)
  if not worked and type(raised) == "table" and raised.code == "INTERRUPTED" then error(raised, 0) end
  local skip = not worked and check.skip_reason(raised) or nil
  local reasons = { not worked and not skip and raised or nil }
  reasons[#reasons + 1] = left_behind(before)
  report:result{ claim = title, ok = #reasons == 0, reason = table.concat(reasons, "\n"), skip = #reasons == 0 and skip or nil }
end

-- The order is that of the alphabet, or, with NSSH_TEST_SEED=NUMBER, one of chance: no test may lean on another.
local seed = tonumber((sys.env("NSSH_TEST_SEED")))
if seed then math.randomseed(seed) end
local function in_order(list)
  table.sort(list)
  if not seed then return end
  for i = #list, 2, -1 do
    local j = math.random(i)
    list[i], list[j] = list[j], list[i]
  end
end

local files = {}
for _, name in ipairs(sys.readdir(directory)) do
  files[#files + 1] = name:match("^test_(.*)%.lua$")
end
in_order(files)
for _, file in ipairs(files) do
  local path = ("%s/test_%s.lua"):format(directory, file)
  local loaded, tests = pcall(dofile, path)
  local names = {}
  if not loaded then
    report:result{ claim = path .. " loads", ok = false, reason = tostring(tests) }
  else
    for name in pairs(tests) do names[#names + 1] = name end
  end
  in_order(names)
  for _, name in ipairs(names) do
    local title = file .. ": " .. name
    if is_wanted(title) then run(title, tests[name]) end
  end
end
local function too_many_skips(count)
  local most = tonumber((sys.env("NSSH_TEST_SKIPS"))) or MOST_SKIPS
  local picks = false
  for _, word in ipairs(arg) do picks = picks or word:sub(1, 1) ~= "-" end
  if picks or sys.geteuid() ~= 0 or count <= most then return false end
  io.stderr:write(("run.lua: %d tests were skipped, and as root at most %d may be. Where that is all right, say NSSH_TEST_SKIPS=%d.\n")
    :format(count, most, count))
  return true
end

local skips = {}
for _, result in ipairs(report.results) do
  if result.skip then skips[#skips + 1] = result end
end
for _, result in ipairs(skips) do report:print(("skipped: %s: %s"):format(result.claim, result.skip)) end
local failed = report:close().failed > 0
if too_many_skips(#skips) or failed then os.exit(false, true) end
