-- Signals during every wait: those that ask for nothing change nothing, and those that end nssh leave nothing.
local check = require "check"
local apart = require "apart"
local tests = {}

-- Every wait that nssh has. Each is a chunk that gives true.
local waits = {
  ["the end of a program"] = [[ns.run{ sh = "sleep 0.05; exit 7" }.status == 7]],
  ["captured output"] = [[#ns.run{ sh = "head -c 1000000 /dev/zero; sleep 0.02; head -c 1000000 /dev/zero" }.stdout == 2000000]],
  ["data for a program"] = [[ns.run{ "cat", stdin = ("x"):rep(300000) }.stdout == ("x"):rep(300000)]],
  ["process:wait"] = [[ns.clone{ sh = "sleep 0.05; exit 7" }:wait().status == 7]],
  ["process:wait with a limit"] = [[(function()
    local p <close> = ns.clone{ "sleep", "1000" }
    return p:wait(0.02) == nil
  end)()]],
  ["ns.wait"] = [[(function()
    local a <close> = ns.clone{ "sleep", "1000" }
    local b <close> = ns.clone{ sh = "sleep 0.05; exit 3" }
    return select(2, ns.wait{ a, b, timeout = 10 }).status == 3
  end)()]],
  ["sys.sleep"] = [[(function()
    local start = sys.clock()
    sys.sleep(0.05)
    local took = sys.clock() - start
    return took >= 0.05 and took < 2
  end)()]],
  ["ns.shell"] = [[ns.shell{ "/bin/sh", "-c", "sleep 0.05; exit 3" }.status == 3]],
  ["a time limit"] = [[ns.run{ "sleep", "1000", timeout = 0.05 }.timed_out]],
  ["a function"] = [[ns.call({}, function() sys.sleep(0.05) return 7 end) == 7]],
  ["a function with its own program"] = [[ns.call({}, function() return ns.run{ sh = "sleep 0.05; exit 7" }.status end) == 7]],
  ["maps of a user namespace"] = [[
    ns.run{ user = "root", uts = "box", net = { lo = true }, sh = "sleep 0.02; hostname" }.stdout == "box\n"]],
  ["an intermediate"] = [[(function()
    local p <close> = ns.clone{ user = "root", pid = true, uts = "box" }
    return p:run{ sh = "sleep 0.02; hostname" }.stdout == "box\n" and p:call(sys.hostname) == "box"
  end)()]],
  ["an init"] = [[ns.run{ user = "root", pid = { init = true }, sh = "sleep 0.05; exit 7" }.status == 7]],
  ["closing what is held"] = [[(function()
    for _ = 1, 10 do ns.clone{ user = "root", pid = true, uts = true }:close() end
    return true
  end)()]],
  ["a session of its own"] = [[ns.run{ session = true, sh = "sleep 0.05; exit 7" }.status == 7]],
}

local nssh = sys.readlink("/proc/self/exe")

local function names()
  local list = {}
  for name in pairs(waits) do list[#list + 1] = name end
  table.sort(list)
  return list
end

tests["signals that ask for nothing lose nothing, in every wait"] = function()
  apart.call({}, function() end) -- skips the test where user namespaces are forbidden
  for _, name in ipairs(names()) do
    local chunk = ([[
      ns.run{ "true" }
      local before = ns.ledger()
      print() io.stdout:flush()
      for _ = 1, 3 do assert(%s) end
      for _ = 1, 3 do collectgarbage() end
      local left = ns.ledger():since(before)
      for _, item in ipairs(left) do assert(not item.certain, tostring(left)) end]]):format(waits[name])
    local p <close> = ns.clone{ nssh, "-e", chunk, stdout = "pipe", stderr = "pipe" }
    p.stdout:read("l") -- before, SIGALRM ends it
    local sent, deadline = 0, sys.clock() + 30
    while p:alive() and sys.clock() < deadline do
      for _, signal in ipairs{ "CHLD", "WINCH", "ALRM", "CONT", "URG" } do
        pcall(p.kill, p, signal) -- it may just have ended
        sent = sent + 1
      end
      sys.sleep(0.0002)
    end
    local result = p:wait(0)
    check.ok(result, name .. ": it hangs")
    check.ok(result.ok, ("%s, %d signals: %s"):format(name, sent, p.stderr:read("a")))
    check.ok(sent > 20, name .. ": too few signals: " .. sent)
  end
end

-- What runs below this PID 1, but it and this process.
local function others()
  local list = {}
  for _, name in ipairs(sys.readdir("/proc")) do
    local pid = math.tointeger(name)
    local file = pid and pid ~= 1 and pid ~= sys.getpid() and io.open("/proc/" .. name .. "/stat")
    if file then
      local command, state = (file:read("a") or ""):match("(%b()) (%a)")
      file:close()
      if state and state ~= "Z" then list[#list + 1] = name .. command end
    end
  end
  return table.concat(list, " ")
end

-- At some moment of its launches and waits, over and over.
local function ended_by(signal, name, rounds)
  local chunk = ("print() io.stdout:flush() while true do assert(%s) end"):format(waits[name])
  for round = 1, rounds do
    local p <close> = ns.clone{ nssh, "-e", chunk, stdout = "pipe", stderr = "pipe" }
    p.stdout:read("l")
    sys.sleep(0.07 * round / rounds)
    p:kill(signal)
    local result = p:wait(5)
    if not result then return ("%s, round %d: it hangs after %s; %s"):format(name, round, signal, others()) end
    local expected = signal == "INT" and result.status == 130 or result.signal == "SIG" .. signal
    if not expected then
      local text = "%s, round %d: %s gave status %s, signal %s: %s"
      return text:format(name, round, signal, result.status, result.signal, p.stderr:read("a"))
    end
    local left = others()
    if left ~= "" then return ("%s, round %d: %s leaves %s"):format(name, round, signal, left) end
  end
end

for _, signal in ipairs{ "INT", "TERM", "HUP" } do
  tests[signal .. " at any moment of a launch and a wait ends nssh, and leaves nothing"] = function()
    local wrong = apart.call({ pid = { proc = true, init = true } }, function()
      local wrong = {}
      for _, name in ipairs(names()) do wrong[#wrong + 1] = ended_by(signal, name, signal == "INT" and 8 or 3) end
      return wrong
    end)
    check.eq(wrong, {})
  end
end

return tests
