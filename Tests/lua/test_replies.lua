-- What comes back from a function body: at most so much, as what it was, and read as what a stranger wrote.
local check = require "check"
local here = require "here"
local tests = {}

-- The results of a body go to a file that only nssh and its copy have. In the copy: its path.
local function reply_file()
  for _, number in ipairs(sys.readdir("/proc/self/fd")) do
    local path = "/proc/self/fd/" .. number
    if (sys.readlink(path) or ""):find("nssh-results", 1, true) then return path end
  end
  error("the reply's file is not there")
end

-- In the copy: sends these bytes in place of its own, and ends.
local function forge(bytes, position)
  local file <close> = assert(io.open(reply_file(), "r+"))
  file:seek("set", position or 0)
  assert(file:write(bytes))
  file:close()
  os.exit(0)
end

local function integer(value) return string.pack("<i8", value) end

-- A reply as a copy would write it: true, and a table with these entries.
local function message(entries, count)
  return integer(2) .. "\2" .. "\6" .. integer(0) .. integer(0) .. integer(count) .. entries
end

-- 2^k of the multiples of 2^k-1, which are all on one chain of a table of that size.
local function colliding(k)
  local entries = {}
  for i = 1, 1 << k do entries[i] = "\3" .. integer(i * ((1 << k) - 1)) .. "\2" end
  return message(table.concat(entries), 1 << k)
end

local function raised(...)
  local worked, value = pcall(...)
  check.eq(worked, false, "expected an error")
  return value
end

-- ---- how much ---------------------------------------------------------------------------------------------------

tests["a reply has a limit, which max_reply sets"] = function()
  local function send(size, more) return ns.call(more or {}, function() return ("x"):rep(size) end) end
  check.eq(#send(100000), 100000)
  -- A count, true, and a tag, a length and the bytes of the string.
  check.eq(#send(100000 - 18, { max_reply = 100000 }), 100000 - 18)
  local e = raised(send, 100000 - 17, { max_reply = 100000 })
  check.eq(e.code, "LIMIT")
  check.match(tostring(e), "the result takes more than 100000 bytes: max_reply sets another limit$")
  for _, most in ipairs{ 1, 26, 27, 100, 300, 1000 } do
    check.eq(raised(send, 2000, { max_reply = most }).code, "LIMIT", most)
    local problem = raised(ns.call, { max_reply = most }, function() error("a text of thirty bytes, or so...", 0) end)
    -- The count, false, the string, and nil in the place of the traceback.
    if most < 8 + 1 + 9 + 32 + 1 then check.eq(problem.code, "LIMIT", most) else check.eq(#problem, 32, most) end
  end
  -- Tables and many results count as well; an error says so in place of itself.
  for _, body in ipairs{
    function() local t = {} for i = 1, 10000 do t[i] = i end return t end,
    function() return table.unpack({}, 1, 150000) end,
    function() error(("x"):rep(100000), 0) end,
    function() error(setmetatable({}, { __tostring = function() return ("x"):rep(100000) end, __call = print })) end,
  } do
    local problem = raised(ns.call, { max_reply = 100000 }, body)
    if type(problem) == "table" and problem.code then check.eq(problem.code, "LIMIT") else check.eq(next(problem), nil) end
  end
end

tests["run, clone and what is in another's namespaces take max_reply, a program does not"] = function()
  local function big() return ("x"):rep(5000) end
  check.eq(ns.run{ big, max_reply = 5000 }.error.code, "LIMIT")
  check.eq(#ns.run{ big, max_reply = 6000 }.values[1], 5000)
  local p <close> = ns.clone{ big, max_reply = 5000 }
  check.eq(p:wait(20).error.code, "LIMIT")
  here.need_user_namespaces()
  local box <close> = ns.clone{ user = "root" }
  check.eq(box:run{ big, max_reply = 5000 }.error.code, "LIMIT")
  check.fails(function() ns.run{ "true", max_reply = 5000 } end, "max_reply is for a function body")
  check.fails(function() ns.call({ max_reply = 0 }, big) end, "from 1 on expected, got 0")
  check.fails(function() ns.call({ max_reply = "5000" }, big) end, "integer expected")
end

tests["a copy that writes more than it may is refused before anything is read"] = function()
  for _, position in ipairs{ 3000000000, 1 << 40, 1 << 50 } do
    local e = raised(ns.call, {}, forge, "x", position)
    check.eq(e.code, "LIMIT")
    check.match(e.message, ("sent %d bytes, more than 268435456: max_reply"):format(position + 1))
  end
  check.eq(raised(ns.run, { forge, args = { "x", 5000 }, max_reply = 5000 }).code, "LIMIT")
  local p <close> = ns.clone{ forge, args = { "x", 5000 }, max_reply = 5000 }
  check.eq(raised(p.wait, p, 20).code, "LIMIT")
end

tests["what a body has written there before it returns is gone"] = function()
  check.eq(ns.call({}, function()
    local file <close> = assert(io.open(reply_file(), "r+"))
    file:write(("x"):rep(5000))
    file:close()
    return 7
  end), 7)
end

tests["what is no reply is an error"] = function()
  for _, bytes in ipairs{
    "x", integer(0), integer(1) .. "\1", integer(2) .. "\1\0", integer(1) .. "\2" .. "x", integer(1) .. "\3" .. integer(1),
    integer(4) .. "\1\0\0\0", ("\0"):rep(1 << 20),
  } do
    check.match(raised(ns.call, {}, forge, bytes), "the other process sent something that is no")
  end
  check.eq(select("#", ns.call({}, forge, integer(1) .. "\2")), 0)
end

-- ---- how long ---------------------------------------------------------------------------------------------------

tests["keys that were chosen to take long are refused"] = function()
  for _, k in ipairs{ 7, 10, 17 } do
    local e = raised(ns.call, {}, forge, colliding(k))
    check.eq(e.code, "LIMIT")
    check.match(e.message, "more than 64 number keys that fall on one chain")
  end
  check.eq(raised(ns.run, { forge, args = { colliding(10) } }).code, "LIMIT")
end

tests["honest tables of numbers come back"] = function()
  local keys = {
    function(i) return i end, function(i) return 100001 - i end, function(i) return -i end, function(i) return i * 1024 end,
    function(i) return i * 4096 end, function(i) return i << 32 end, function(i) return i * 0.5 end, function(i) return i / 7 end,
    function(i) return i * 3600 end, function() return math.random(0) end,
  }
  for number, key in ipairs(keys) do
    local t = ns.call({}, function()
      local t = {}
      for i = 1, 100000 do t[key(i)] = i end
      return t
    end)
    local count = 0
    for _ in pairs(t) do count = count + 1 end
    check.eq(count, 100000, number)
  end
end

tests["the time of a call is that of its reply, too"] = function()
  -- Ends shortly before its time is up, and leaves what takes longer to decode: one key, ten million times.
  local function body(stop)
    local file <close> = assert(io.open(reply_file(), "r+"))
    file:write(message(("\3" .. integer(1) .. "\2"):rep(10000000), 10000000))
    file:close()
    repeat until sys.clock() > stop
    os.exit(0)
  end
  -- Without a limit it is a table of one entry.
  local start = sys.clock()
  check.eq(ns.call({}, body, 0), { true })
  -- So long it may take at least to write that much.
  local time = sys.clock() - start + 0.5
  local e = raised(ns.call, { timeout = time }, body, sys.clock() + time - 0.1)
  check.eq(e.code, "TIMEOUT")
  local r = ns.run{ body, args = { sys.clock() + time - 0.1 }, timeout = time }
  check.eq({ r.timed_out, r.ok, r.values }, { true, false })
  check.eq({ r.status, r.signal }, { 0 }, "it was not killed: its own time was not up")
end

-- ---- errors -----------------------------------------------------------------------------------------------------

tests["an error is what was raised"] = function()
  check.eq(raised(ns.call, { }, function() error("timeout", 0) end), "timeout")
  check.eq(raised(ns.call, { }, function() error("a\nstack traceback:\n\tb", 0) end), "a\nstack traceback:\n\tb")
  check.match(raised(ns.call, {}, function() error("here") end), "^[^\n]*test_replies.lua:%d+: here$")
  local number = raised(ns.call, {}, function() error(42) end)
  check.eq({ number, math.type(number) }, { 42, "integer" })
  check.eq(raised(ns.call, {}, function() error(0.5) end), 0.5)
  check.eq(raised(ns.call, {}, function() error() end), nil)
  check.eq(raised(ns.call, {}, function() error(false) end), false)
  check.eq(raised(ns.call, {}, function() error({ message = "m", 7 }) end), { message = "m", 7 })
  check.match(raised(ns.call, {}, function() local x = nil + 1 return x end), "attempt to perform arithmetic on a nil value$")
  -- A copy in a copy, in a coroutine, and what cannot cross.
  check.eq(raised(ns.call, {}, ns.call, {}, function() error("deep", 0) end), "deep")
  check.eq(raised(ns.call, {}, coroutine.wrap(function() error("co", 0) end)):match("co$"), "co")
  check.eq({ coroutine.resume(coroutine.create(function() ns.call({}, error, "in", 0) end)) }, { false, "in" })
  check.match(raised(ns.call, {}, function() error(print) end), "^function: ")
  here.need_user_namespaces()
  local box <close> = ns.clone{ user = "root", uts = true }
  check.eq(raised(box.call, box, function() error("there", 0) end), "there")
  local h <close> = box:open("user")
  check.eq(raised(h.call, h, function() error("there", 0) end), "there")
end

tests["a result has the error, its traceback, and shows it"] = function()
  local function inner() error("inside") end
  local r = ns.run{ function() inner() end }
  check.match(r.error, "^[^\n]*test_replies.lua:%d+: inside$")
  -- Of the function, and not of who has called ns.run.
  check.match(r.traceback, "^stack traceback:\n\t%[C%]: in [^\n]*'error'\n[^\n]*: in [^\n]*'inner'\n[^\n]*: in function <[^\n]*>$")
  check.eq(raised(r.check, r), r.error)
  check.match(tostring(r), "exited with 1 after %d+ ms\nerror: [^\n]*: inside$")
  r = ns.run{ function() error(42) end }
  check.eq({ r.error, math.type(r.error), raised(r.check, r) }, { 42, "integer", 42 })
  local p <close> = ns.clone{ function() error{ 1 } end }
  r = p:wait(20)
  check.eq({ r.error, r.ok }, { { 1 }, false })
  check.match(r.traceback, "^stack traceback:\n")
  r = ns.run{ function() return 1 end }
  check.eq({ r.error, r.traceback }, {})
  check.eq(ns.run{ "false" }.traceback, nil)
end

tests["a trace has the error as it was raised"] = function()
  local calls = ns.trace(function() error("no", 0) end)
  check.eq(calls.error, "no")
  check.match(calls.traceback, "^stack traceback:\n\t%[C%]: in [^\n]*'error'\n[^\n]*: in function <[^\n]*>$")
  check.eq(ns.trace(function() error(42) end).error, 42)
  calls = ns.trace(function() ns.call({}, function() error("there", 0) end) end)
  check.eq(calls.error, "there")
  check.match(calls.traceback, "^stack traceback in the function's process:\n.*\nstack traceback:\n\t%[C%]: in function 'ns.call'\n")
end

tests["where an error ends, both tracebacks are shown"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local both = "^nssh: %(command line%):1: no\nstack traceback in the function's process:\n\t%[C%]: in [^\n]*'error'\n[^\n]*'f'.*\n"
    .. "stack traceback:\n\t%[C%]: in [^\n]*'%s'\n\t%(command line%):1: in main chunk\n$"
  local start = "local function f() error('no') end "
  for source, name in pairs{
    ["ns.call({}, function() f() end)"] = "ns.call", ["ns.run{function() f() end}:check()"] = "result:check",
    ["local _, e = pcall(ns.call, {}, function() f() end) error(e, 0)"] = "error",
  } do
    local r = ns.run{ nssh, "-e", start .. source, timeout = 20 }
    check.eq(r.status, 1)
    check.match(r.stderr, (both:gsub("%%s", name, 1)), source)
  end
  local other = ns.run{ nssh, "-e", "pcall(ns.call, {}, error, 'x', 0) error('y', 0)", timeout = 20 }
  check.match(other.stderr, "^nssh: y\nstack traceback:\n")
end

return tests
