-- What tostring says of tables with nssh's metatables, whatever is in them: a child chooses both.
local check = require "check"
local tests = {}

-- All metatables for tables that the program declares, by name; those of objects are locked.
local function declared()
  ns.call({}, function() end) -- a value that crosses has them made
  local found, count = {}, 0
  for _, value in next, debug.getregistry() do
    if type(value) == "table" and type(rawget(value, "__tostring")) == "function" and rawget(value, "__metatable") == nil then
      local name = rawget(value, "__name")
      if type(name) == "string" and debug.getinfo(value.__tostring, "S").what == "C" then
        if name ~= "FILE*" then count = count + 1 end
        found[name] = name ~= "FILE*" and value or nil
      end
    end
  end
  return found, count
end

local FIELDS = {
  "asked", "by", "call", "certain", "code", "columns", "command", "detail", "errno", "error", "holders", "id", "kind", "lost", "message",
  "name", "names", "nprocs", "ns", "nsfs", "ok", "pid", "result", "seconds", "signal", "since", "status", "stderr", "stdout", "summary",
  "supported", "text", "timed_out", "traceback", "type", "user", "values", "where",
}
local ODD = {
  0 / 0, math.huge, -math.huge, 2 ^ 63, -2 ^ 63, 1e300, -0.0, math.maxinteger, math.mininteger, 0x4141414141414141, "", "a\0b", "\xff\xfe",
  ("\u{301}"):rep(50), true, false, {},
}

-- Every field of it is `value`.
local function filled(value)
  local t = {}
  for _, name in ipairs(FIELDS) do t[name] = value end
  return t
end

-- Tables of which all can cross to another process.
local function hostile()
  local list = { empty = {} }
  local function add(name, make)
    list[name] = {}
    make(list[name])
  end
  add("numbers", function(t) for i = 1, 64 do t[i] = 0x4141414141414141 end end)
  add("many numbers", function(t) for i = 1, 5000 do t[i] = i + 0.5 end end)
  add("holes", function(t) for i = 1, 60, 3 do t[i] = { name = i } end end)
  add("mixed", function(t) for i = 1, 90 do t[i] = ({ {}, "x", false })[i % 3 + 1] end end)
  add("a border of 2^62", function(t)
    for i = 1, 65 do t["k" .. i] = 1 end
    for i = 0, 62 do t[1 << i] = 1 end
  end)
  add("a border of 2^62 of tables", function(t)
    for i = 1, 65 do t["k" .. i] = {} end
    for i = 0, 62 do t[1 << i] = t end
  end)
  add("the last integer", function(t) t[math.maxinteger], t[math.mininteger], t[2 ^ 53] = {}, {}, {} end)
  add("a cycle", function(t)
    for i = 1, 50 do t[i] = t end
    for _, name in ipairs(FIELDS) do t[name] = t end
  end)
  add("a long string, often", function(t)
    local record = filled(("y"):rep(100000))
    for i = 1, 12000 do t[i] = record end
    t.text, t.message, t.columns, t.stdout = record.text, record.text, { "NS", "COMMAND", "USER" }, record.text
  end)
  add("many columns", function(t)
    t.columns = {}
    for i = 1, 5000 do t.columns[i] = i % 2 == 0 and "NS" or "NSFS" end
    for i = 1, 200 do t[i] = { ns = i, nsfs = { ("z"):rep(3000), "b" }, holders = { process = 1, mount = math.mininteger } } end
  end)
  for i, odd in ipairs(ODD) do
    list["odd fields " .. i] = filled(odd)
    local records = filled(odd)
    for n = 1, 40 do records[n] = n % 4 == 0 and odd or filled(odd) end
    list["odd records " .. i] = records
  end
  return list
end

-- All of them with all metatables, and each in each.
local function with_metatables(visit)
  local metatables = declared()
  for kind, metatable in pairs(metatables) do
    for name, t in pairs(hostile()) do
      visit(setmetatable(t, metatable), kind .. " with " .. name)
    end
    for other, inner in pairs(metatables) do
      local t = filled(setmetatable(filled(0 / 0), inner))
      for i = 1, 30 do t[i] = setmetatable(filled(t), inner) end
      visit(setmetatable(t, metatable), kind .. " of " .. other)
    end
  end
end

local function shown(value, about)
  local text = tostring(value)
  if #text > 16 << 20 then error(about .. ": " .. #text .. " bytes") end
end

-- A copy of nssh does it, with a time: what traps or hangs there is told here. (Its raise comes with what it was about.)
local function apart(fn) return ns.call({ timeout = 100 }, fn) end

tests["the metatables are found"] = function()
  local found, count = declared()
  check.ok(count >= 12, count .. " metatables")
  for _, name in ipairs{ "error", "event", "list", "result", "trace" } do check.ok(found[name], name) end
end

tests["any table with any metatable has a text"] = function()
  local count = apart(function()
    local count = 0
    with_metatables(function(value, about)
      shown(value, about)
      count = count + 1
    end)
    return count
  end)
  check.ok(count > 500, count .. " tables")
end

tests["any table that a child sends has a text"] = function()
  local count = apart(function()
    local count = 0
    for kind in pairs((declared())) do
      local values = ns.call({}, function()
        local metatable, values = declared()[kind], {}
        for name, t in pairs(hostile()) do
          if not name:find("long string") then values[#values + 1] = setmetatable(t, metatable) end
        end
        return values
      end)
      for _, value in ipairs(values) do
        check.eq(getmetatable(value).__name, kind)
        shown(value, kind)
        count = count + 1
      end
    end
    return count
  end)
  check.ok(count > 300, count .. " tables")
end

tests["__tostring has a text for what is no table"] = function()
  for name, metatable in pairs((declared())) do
    for _, odd in ipairs{ 5, "x", true, print, io.stdout, coroutine.create(print) } do
      check.eq(type(metatable.__tostring(odd)), "string", name)
    end
    check.eq(type(metatable.__tostring()), "string", name)
    check.eq(type(metatable.__tostring({}, 1, 2)), "string", name)
  end
end

tests["metamethods of objects stand anything"] = function()
  local p <close> = ns.clone{ "true" }
  local h <close> = ns.open("self", "uts")
  local objects = { p, h, ns.weak(h), ns.ledger(), ns.scan{ types = "uts" }, ns.watch{ interval = 0.01, timeout = 0 } }
  local odd = { 5, "x", {}, print, io.stdout, p, h, setmetatable({}, debug.getmetatable(p)) }
  for _, object in ipairs(objects) do
    for name, method in pairs(debug.getmetatable(object)) do
      if type(method) == "function" and name ~= "__gc" and name ~= "__close" then
        for _, a in ipairs(odd) do
          for _, b in ipairs(odd) do pcall(method, a, b) end
          pcall(method, a)
        end
        pcall(method)
      end
    end
    check.eq(type(tostring(object)), "string")
  end
  check.eq(type(debug.getmetatable(p).__tostring(5)), "string")
end

-- Numbers that no integer can be.
tests["times that have no end wait, or are refused"] = function()
  for _, time in ipairs{ 1e300, 1.7976931348623157e308, 9.3e9, 2 ^ 63 } do
    check.ok(ns.run{ "true", timeout = time }.ok, time)
    check.ok(ns.call({ timeout = time }, function() return true end), time)
    local p <close> = ns.clone{ "true" }
    check.ok(p:wait(time), time)
    check.eq(type(tostring(ns.plan{ "true", timeout = time })), "string")
    -- It waits: the copy is killed when its time is up.
    check.fails(function() ns.call({ timeout = 0.05 }, sys.sleep, time) end, "its time was up")
  end
  for _, time in ipairs{ math.huge, -math.huge, 0 / 0, -1, -1e300 } do
    check.fails(function() ns.run{ "true", timeout = time } end, "a number of seconds that is not negative expected")
    check.fails(function() sys.sleep(time) end, "a number of seconds that is not negative expected")
    check.fails(function() ns.watch{ interval = time } end, "a number of seconds")
    check.fails(function() ns.plan{ time = { monotonic = time == -1 and 1e300 or time } } end, "146 years")
  end
end

tests["a descriptor is not another one modulo 2^32"] = function()
  for _, number in ipairs{ 1 << 32, math.maxinteger, math.mininteger, -1 } do
    check.eq(sys.isatty(number), false)
    check.eq((sys.columns(number)), nil)
  end
end

tests["a text shows what was, and how much more there is"] = function()
  local r = ns.run{ "true" }
  r.seconds = 0 / 0
  check.match(tostring(r), "after nan ms$")
  r.seconds = 1e300
  check.match(tostring(r), "after 1e%+303 ms$")
  local list = ns.list{ type = "uts", columns = { "NS", "TYPE" } }
  for i = #list + 1, 10003 do list[i] = list[1] end
  check.match(tostring(list), "\n… and 3 more$")
  local calls = ns.trace(function() error("failed", 0) end)
  check.match(tostring(calls), "^then: failed")
  calls.error = calls
  check.eq(tostring(calls), "then: a trace")
end

return tests
