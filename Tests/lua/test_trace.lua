-- ns.trace: what was really called, held against the plan, and against what strace(1) saw of the same calls.
local check = require "check"
local apart = require "apart"
local here = require "here"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

-- Launches of every form: options as text, since another nssh gets them too.
local launches = {
  program = [[ user = "root", uts = "box", "true" ]],
  held = [[ user = "self", ipc = true, net = { lo = true } ]],
  ["function"] = [[ user = "root", time = { monotonic = 7.5 }, function() end ]],
  init = [[ user = "root", pid = { init = true, proc = true }, "true" ]],
  session = [[ session = true, "true" ]],
  nested = [[ user = BOX, uts = BOX, pid = true, "true" ]],
}

local function options(text, box) return load("local BOX = ... return {" .. text .. "}")(box) end

local function followed(text)
  local plan, calls
  local box <close> = apart.clone{ uts = true }
  plan = ns.plan(options(text, box))
  calls = ns.trace(function()
    local p <close> = ns.clone(options(text, box))
    p:wait(text:find("{ lo") and 0 or 10)
  end)
  if calls.error then error(calls.error, 0) end
  return plan, calls
end

-- What a real launch has beside its plan: the standard streams, and words to nssh.
local beside = { dup2 = true, read = true, write = true, ioctl = true }

for name, text in pairs(launches) do
  tests["the trace of a launch is its plan: " .. name] = function()
    local plan, calls = followed(text)
    for _, maker in ipairs{ "intermediate", "child", "init" } do
      local position = 1
      local made = {}
      for _, call in ipairs(calls) do
        if call.by == maker then made[#made + 1] = call end
      end
      for _, line in ipairs(plan) do
        if line.by == maker then
          while made[position] and made[position].call ~= line.call and beside[made[position].call] do position = position + 1 end
          check.ok(made[position], ("%s by %s was not called"):format(line.text, maker))
          check.eq(made[position].call, line.call, ("call %d by %s"):format(position, maker))
          if line.call ~= "dup2" then check.eq(made[position].text, line.text) end
          check.eq(made[position].code, nil, line.text)
          position = position + 1
        end
      end
      while made[position] and beside[made[position].call] do position = position + 1 end
      check.eq(made[position] and made[position].text, nil, "more than was planned, by " .. maker)
    end
  end
end

tests["a trace has results, errors and times"] = function()
  local calls = ns.trace(function() ns.run{ "/nonesuch/program" } end)
  local last
  for _, call in ipairs(calls) do
    check.ok(call.seconds >= 0 and call.seconds < 5, call.text)
    if call.call == "execve" then last = call end
  end
  check.eq({ last.code, last.errno, last.result }, { "ENOENT", 2 })
  check.eq(calls.error.code, "ENOENT")
  check.match(tostring(calls), "execve%(\"/nonesuch/program\"%) = ENOENT")
end

tests["what fn returns comes back behind the trace"] = function()
  local calls, a, b, c = ns.trace(function(...) return select("#", ...), ... end, nil, 7)
  check.eq({ a, b, c }, { 2, nil, 7 })
  check.eq(#calls, 0)
  check.eq(tostring(calls), "no calls")
end

tests["function bodies take part, and traces nest"] = function()
  here.need_user_namespaces()
  local calls = ns.trace(function()
    ns.call({ user = "root" }, function() ns.unshare{ uts = true }; sys.hostname("inside") end)
  end)
  local found = {}
  for _, call in ipairs(calls) do
    if call.by == "function" then found[#found + 1] = call.text end
  end
  check.eq(calls.error, nil)
  check.eq(table.concat(found, " "), 'unshare(NEWUTS) sethostname("inside")')
  local inner
  local outer = ns.trace(function()
    ns.open("self", "uts"):close()
    inner = ns.trace(function() ns.open("self", "ipc"):close() end)
  end)
  check.eq({ #outer, #inner, inner[1].text }, { 4, 2, "openat(/proc/self/ns/ipc)" })
end

tests["more calls than are kept are counted"] = function()
  local h <close> = ns.open("self", "uts")
  local calls = ns.trace(function() for _ = 1, 9000 do h:userns():close() end end)
  check.eq(#calls, 8192)
  check.ok(calls.lost >= 9000 - 8192)
end

-- The completed calls that strace -f wrote, by pid: lists of { name, result }.
local function completed(output)
  local processes = {}
  for line in output:gmatch("[^\n]+") do
    local pid, rest = line:match("^(%d+) +(.*)$")
    local name = rest and (rest:match("^<%.%.%. ([%w_]+) resumed") or rest:match("^([%w_]+)%("))
    local result = rest and rest:match("= (%-?%d+ ?E?%u*)[^=]*$")
    if name and result and not rest:find("<unfinished") then
      processes[pid] = processes[pid] or {}
      table.insert(processes[pid], { name, result:match("E%u+") or result:match("%-?%d+") })
    end
  end
  return processes
end

local strace_names = { sigaction = "rt_sigaction", sigprocmask = "rt_sigprocmask", tcsetpgrp = "ioctl" }

-- Whether all calls of one maker were made by this process, in this order and with these results.
local function made_all(process, calls)
  local position = 1
  for _, call in ipairs(calls) do
    local name = strace_names[call.call] or call.call
    while process[position] and not (process[position][1] == name and process[position][2] == call.outcome) do position = position + 1 end
    if not process[position] then return false end
    position = position + 1
  end
  return true
end

for name, text in pairs(launches) do
  tests["strace sees the same calls with the same results: " .. name] = function()
    here.need_user_namespaces()
    here.need_strace()
    -- A held process is killed when strace has seen the end of its exec, of which nssh knows before: when it sleeps.
    local wait = not text:find("{ lo") and "p:wait(10)"
      or 'repeat local f <close> = io.open("/proc/" .. p.pid .. "/stat") until f:read("a"):match("^%d+ %b() S")'
    -- Each call is written in one line: by, call, result.
    local chunk = ([[
      local BOX <close> = ns.clone{ user = "root", uts = true }
      local calls = ns.trace(function() local p <close> = ns.clone{ %s } %s end)
      if calls.error then error(calls.error, 0) end
      for _, call in ipairs(calls) do io.stderr:write(("%%s\t%%s\t%%s\n"):format(call.by, call.call, call.code or call.result)) end
    ]]):format(text, wait)
    local file <close> = assert(io.tmpfile())
    local result = ns.run{ "strace", "-f", "-qq", "-o", "/proc/self/fd/3", fds = { [3] = file }, nssh, "-e", chunk, timeout = 30 }
    check.ok(result.ok, result.stderr)
    local calls = {}
    for by, call, outcome in result.stderr:gmatch("(%l+)\t(%g+)\t(%g+)\n") do
      -- nssh's own numbers of descriptors and children are strace's too; an exec is followed by its result only.
      calls[by] = calls[by] or {}
      table.insert(calls[by], { call = call, outcome = outcome })
    end
    check.ok(calls.nssh and calls.child, result.stderr)
    file:seek("set")
    local processes = completed(file:read("a"))
    for by, list in pairs(calls) do
      local found = false
      for _, process in pairs(processes) do found = found or made_all(process, list) end
      check.ok(found, "no process has made what the trace says of " .. by)
    end
  end
end

tests["what an earlier trace has started adds nothing to a later one"] = function()
  local p
  ns.trace(function() p = ns.clone{ function() for _ = 1, 20 do sys.sleep(0.01) ns.run{ "true" } end end } end)
  local calls = ns.trace(function() sys.sleep(0.1) end)
  p:close()
  check.eq(#calls, 0, tostring(calls))
end

tests["copies of nssh trace apart"] = function()
  local function count()
    for _ = 1, 50 do
      if #ns.trace(function() ns.open("self", "uts"):close() end) ~= 2 then return false end
    end
    return true
  end
  local expected = #ns.trace(function() ns.open("self", "uts"):close() end)
  check.eq(expected, 2)
  local first <close> = ns.clone{ count }
  local second <close> = ns.clone{ count }
  check.eq({ first:wait(20).values, second:wait(20).values }, { { true, n = 1 }, { true, n = 1 } })
  ns.trace(function()
    local nested <close> = ns.clone{ count }
    check.ok(nested:wait(20).values[1])
  end)
end

return tests
