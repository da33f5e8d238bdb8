-- What a time namespace changes, as LTP's timens01, clock_gettime03, clock_nanosleep03, sysinfo03 and the kernel's selftests ask it.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local function uptime() return io.open("/proc/uptime"):read("n") end
local function clocks() return sys.clock("monotonic"), sys.clock("boottime") end
local function near(got, expected, about) check.ok(math.abs(got - expected) < 5, ("%s: %s instead of %s"):format(about, got, expected)) end

tests["the clocks are moved by the offsets, each by its own"] = function()
  for _, offset in ipairs{ 1000, -1, 0.5, 86400 * 365 } do
    local monotonic, boottime = apart.call({ time = { monotonic = offset } }, clocks)
    near(monotonic - sys.clock("monotonic"), offset, "monotonic")
    near(boottime - sys.clock("boottime"), 0, "boottime")
    monotonic, boottime = apart.call({ time = { boottime = offset } }, clocks)
    near(monotonic - sys.clock("monotonic"), 0, "monotonic")
    near(boottime - sys.clock("boottime"), offset, "boottime")
  end
end

tests["the wall clock is the same"] = function()
  local real = apart.call({ time = { monotonic = 100000, boottime = 100000 } }, function() return sys.clock("realtime") end)
  near(real, sys.clock("realtime"), "realtime")
end

tests["/proc/uptime is the boottime of the reader"] = function()
  near(apart.call({ time = { boottime = 100000 } }, uptime), uptime() + 100000, "a function")
  local program = apart.output(apart.run{ time = { boottime = 100000 }, sh = "cut -d. -f1 /proc/uptime" })
  near(tonumber(program), uptime() + 100000, "a program")
end

tests["offsets stay over exec and in children"] = function()
  local result = apart.run{ time = { boottime = 50000 }, sh = "sh -c 'cut -d. -f1 /proc/uptime'" }
  near(tonumber(result.stdout:match("%d+")), uptime() + 50000, "a child of a program")
end

tests["a nested namespace starts with the offsets of the outer one, and sets its own"] = function()
  local kept, own = apart.call({ time = { boottime = 50000 } }, function()
    return ns.call({ time = true }, uptime), ns.call({ time = { boottime = 70000 } }, uptime)
  end)
  near(kept, uptime() + 50000, "inherited")
  near(own, uptime() + 70000, "offsets are absolute")
end

tests["sleeping takes as long as outside"] = function()
  local slept = apart.call({ time = { monotonic = 100000, boottime = 100000 } }, function()
    local start = sys.clock()
    sys.sleep(0.05)
    return sys.clock() - start
  end)
  check.ok(slept >= 0.05 and slept < 1, slept)
end

tests["a time limit inside counts as outside"] = function()
  local result = apart.call({ time = { monotonic = 100000 } }, function()
    local r = ns.run{ "sleep", "10", timeout = 0.1 }
    return { r.timed_out, r.seconds < 5 }
  end)
  check.eq(result, { true, true })
end

tests["offsets that the kernel refuses are refused with their step"] = function()
  here.need_user_namespaces()
  for _, offset in ipairs{ 4611686017, -4611686017, -1e9 } do
    for _, body in ipairs{ ns.clone, function(t) return ns.call(t, print) end, function(t) t[1] = "true" return ns.run(t) end } do
      local e = check.fails(function() body{ user = "root", time = { monotonic = offset } } end, nil, offset)
      check.eq({ e.code, e.stage }, { "ERANGE", "write timens_offsets" }, tostring(offset))
    end
  end
end

tests["what is no number of seconds is refused before"] = function()
  for _, offset in ipairs{ "10 0\n", {}, 0 / 0, 1 / 0, 9223372036, print } do
    check.fails(function() ns.clone{ user = "root", time = { monotonic = offset } } end, "monotonic", tostring(offset))
  end
  check.fails(function() ns.clone{ user = "root", time = { realtime = 1 } } end, "unknown option 'realtime'")
end

tests["nssh itself moves with its next children only"] = function()
  local before, after, child = apart.call({}, function()
    local before = uptime()
    ns.unshare{ time = { boottime = 30000 } }
    return before, uptime(), ns.call({}, uptime)
  end)
  near(after, before, "nssh")
  near(child, before + 30000, "its child")
end

return tests
