-- detach: what was asked to outlive nssh does; nothing else.
local check = require "check"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

local function is_alive(pid)
  local file = io.open("/proc/" .. pid .. "/stat")
  local state = file and file:read("a"):match("%) (%a)")
  if file then file:close() end
  return state ~= nil and state ~= "Z"
end

local function eventually(condition)
  for _ = 1, 300 do
    if condition() then return true end
    sys.sleep(0.01)
  end
  return false
end

-- The pids that another nssh printed; those alive are killed in the end. In a copy of nssh, which reaps them.
local function with_pids(chunk, look)
  return ns.call({}, function()
    local result = ns.run{ nssh, "-e", chunk, timeout = 20 }
    check.ok(result.ok, result.stderr)
    local pids = {}
    for pid in result.stdout:gmatch("%d+") do pids[#pids + 1] = pid end
    local ok, message = pcall(look, pids)
    for _, pid in ipairs(pids) do ns.run{ sh = "kill -9 " .. pid .. " 2>/dev/null" } end
    for _, pid in ipairs(pids) do check.ok(eventually(function() return not is_alive(pid) end), pid .. " cannot be ended") end
    if not ok then error(message, 0) end
  end)
end

tests["a detached program outlives nssh, and what it has started does"] = function()
  with_pids([[
    local p = ns.clone{ detach = true, stdout = "pipe", sh = "(sleep 1000 & echo $!); exec sleep 1000" }
    print(p.pid, p.stdout:read("l"), (ns.clone{ "sleep", "1000" }).pid)
  ]], function(pids)
    check.eq(#pids, 3)
    check.ok(eventually(function() return not is_alive(pids[3]) end), "what is not detached lives on")
    for _, pid in ipairs{ pids[1], pids[2] } do check.ok(is_alive(pid), pid .. " has ended with nssh") end
  end)
end

tests["a detached held process keeps its namespaces, beyond its value's collection"] = function()
  with_pids([[
    print((ns.clone{ detach = true, user = "root", uts = "kept" }).pid, (ns.clone{ user = "root" }).pid)
    collectgarbage() collectgarbage()
  ]], function(pids)
    check.ok(eventually(function() return not is_alive(pids[2]) end), "what is not detached lives on")
    check.ok(is_alive(pids[1]))
    check.ok(not ns.same(tonumber(pids[1]), "self", "uts"))
    check.eq(ns.call(tonumber(pids[1]), sys.hostname), "kept")
  end)
end

tests["what is not detached ends as always, beside it"] = function()
  with_pids([[
    local p, q = ns.clone{ detach = true, "sleep", "1000" }, ns.clone{ "sleep", "1000" }
    print(p.pid, q.pid, ns.run{ sh = "sleep 1000 >/dev/null 2>&1 & echo $!" }.stdout)
  ]], function(pids)
    check.ok(eventually(function() return not is_alive(pids[2]) and not is_alive(pids[3]) end))
    check.ok(is_alive(pids[1]))
  end)
end

tests["it leads a session of its own, and close ends it"] = function()
  local p = ns.clone{ detach = true, "sleep", "1000" }
  local session = tonumber(io.open("/proc/" .. p.pid .. "/stat"):read("a"):match("%) %a %d+ %d+ (%d+)"))
  check.eq(session, p.pid)
  p:close()
  check.ok(not p:alive())
end

tests["only ns.clone has it, and only for what can outlive nssh"] = function()
  check.fails(function() ns.run{ detach = true, "true" } end, "unknown option 'detach'")
  check.fails(function() ns.clone{ detach = true, function() end } end, "detach a program")
  check.fails(function() ns.clone{ detach = true, session = true, "true" } end, "its terminal ends with nssh")
  check.fails(function() ns.call({}, function() ns.clone{ detach = true, "true" } end) end, "from nssh itself")
end

return tests
