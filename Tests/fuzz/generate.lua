-- Random arguments, made from the declarations of the bindings. Everything comes from math.random alone, so that a seed gives the
-- same calls again.
local reference = require "nssh.reference"
-- Objects that earlier calls have returned, by class.
local generate = { objects = {} }

function generate.forget()
  for _, class in ipairs(reference.classes) do generate.objects[class.name] = {} end
end
generate.forget()

local random = math.random
local function pick(list) return list[random(#list)] end
local function chance(percent) return random(100) <= percent end

local records, named = {}, {}
for _, record in ipairs(reference.records) do records["nssh." .. record.name] = record end
for _, type in ipairs(reference.types) do named["nssh." .. type.name] = type.annotation end

-- Of no use as what is asked for, mostly.
local cyclic = {}
cyclic.self = cyclic
local odd = {
  false, true, 0, -1, 1, 1.5, -0.0, 1 / 0, -1 / 0, 0 / 0, math.maxinteger, math.mininteger, 1 << 31, 1 << 32, 4026531840, 1e308,
  "", "\0", "a\0b",
  "\xff\xfe", "box", "self", "/", ("x"):rep(300), ("y"):rep(1 << 20), {}, { {} }, { 1, 2, 3 }, cyclic, print, function() end,
  coroutine.create(print), io.stdout, setmetatable({}, { __index = error, __name = "nssh.process" }),
}
function generate.odd()
  if chance(10) then return nil end
  return pick(odd)
end

local strings = {
  path = {
    "/tmp/a", "/tmp/b", "/tmp/dir", "/tmp", "/", "/dev/null", "/proc/self/ns/uts", "/proc/self/ns/net", "/proc/self/exe", "/nonesuch/file",
    "/etc/passwd", "/etc/passwd/x", "", ".", "a\0b", "/" .. ("p"):rep(5000), "/tmp/\xff",
  },
  target = { "self", "/proc/self/ns/uts", "/proc/self/ns/mnt", "/proc/self", "uts:[4026531838]", "net:[1]", "nonesuch", "", "/etc/passwd" },
  name = { "box", "lo", "", "x", ("n"):rep(64), ("n"):rep(65), "a\0b", "\xff", "HOME", "a.b" },
  sh = { "exit 0", "exit 3", "echo out; echo err >&2", "kill -9 $$", "cat", "sleep 1000", "sleep 1000 & exit 0", "" },
  any = { "inherit", "null", "pipe", "capture", "root", "self", "box", "data", "/tmp/a", "/dev/null", "", "\0" },
}
local hints = {
  path = "path", cwd = "path", target = "path", root = "path", source = "path", sh = "sh", name = "name", link = "name", hostname = "name",
  domainname = "name", argv0 = "name", where = "target", a = "target", b = "target",
}

function generate.exits() os.exit(3) end

-- Bodies that end by themselves.
generate.functions = {
  function() end,
  function(...) return ... end,
  function() return 1, "two", { three = { 3 } }, nil, false end,
  function() return print end,
  function() return ("z"):rep(1 << 18) end,
  function() error("of the body") end,
  function() error({ code = "MINE", message = "of the body" }) end,
  function() error() end,
  generate.exits,
  function() return ns.run{ "/bin/true" }.ok end,
  function() return ns.clone{ uts = true } end,
  function() return ns.inode("self") end,
  function() return coroutine.wrap(function() coroutine.yield(sys.getpid()) end)() end,
  function() local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end return deep(10000) end,
  function() return generate.objects.process[1]:alive() end,
}
local programs = {
  { "/bin/true" }, { "true" }, { "/bin/sh", "-c", "exit 3" }, { "cat" }, { "sleep", "1000" }, { "/no/such" }, { "/etc/passwd" }, { "" },
  { "echo", "a\0b" }, { "echo", ("w"):rep(140000) }, { 7 }, { "/bin/sh", "-c", "echo hello; echo there >&2" },
}

local value -- of an annotation

local function table_of(record, depth)
  local result = {}
  for _, field in ipairs(record.fields) do
    -- What is detached is left by design.
    if field.name ~= "detach" and chance(depth == 0 and 14 or 35) then
      result[field.name] = value(field.annotation, field.name, depth + 1)
    end
  end
  if record.positions and record.positions:find("process") then
    for i = 1, random(0, 3) do result[i] = value("nssh.process", "self", depth + 1) end
  elseif record.positions and chance(75) then
    if chance(25) then
      result[1] = pick(generate.functions)
    else
      for i, word in ipairs(pick(programs)) do result[i] = word end
    end
  end
  if chance(3) then result[pick{ "utz", "hostnam", 17, true, "" }] = generate.odd() end
  return result
end

-- The alternatives of "a|b|(c|d)[]".
local function alternatives(annotation)
  local list, depth, start = {}, 0, 1
  for i = 1, #annotation do
    local c = annotation:sub(i, i)
    if c == "(" or c == "<" then depth = depth + 1 elseif c == ")" or c == ">" then depth = depth - 1 end
    if c == "|" and depth == 0 then
      list[#list + 1] = annotation:sub(start, i - 1)
      start = i + 1
    end
  end
  list[#list + 1] = annotation:sub(start)
  return list
end

local function list_of(annotation, name, depth)
  local result = {}
  for i = 1, pick{ 0, 1, 1, 2, 3, 40 } do result[i] = value(annotation, name, depth + 1) end
  return result
end

function value(annotation, name, depth)
  if chance(6) then return generate.odd() end
  local one = pick(alternatives(annotation))
  if records[one] then return table_of(records[one], depth) end
  if named[one] then
    if one == "nssh.signal" then return pick{ "TERM", "KILL", "SIGUSR1", "CHLD", 0, 9, 15, 64, 65, -1, "NONE" } end
    if one == "nssh.id ranges" and chance(70) then return { { 0, pick{ 0, 65534 }, 1 } } end
    if one == "nssh.seconds" then return pick{ 0, 0.001, 0.01, 1, -1, 1e9 } end
    return value(named[one], one == "nssh.target" and "target of all" or name, depth)
  end
  local list = one:match("^%((.*)%)%[%]$")
  if list then return list_of(list, name, depth) end
  local map = one:match("^table<%w+, (.*)>$")
  if map then
    local result = {}
    for _ = 1, random(0, 3) do result[one:find("^table<integer") and random(-1, 12) or pick(strings.name)] = value(map, name, depth + 1) end
    return result
  end
  if one:find('^"') then return one:sub(2, -2) end
  if one == "boolean" then return chance(70) end
  if one == "string" then return pick(strings[name == "target of all" and "target" or hints[name] or "any"]) end
  if one == "integer" then return pick{ 0, 1, sys.getpid(), 2, 5, 65534, 1 << 22, 4026531840, -1, math.maxinteger } end
  if one == "number" then return pick{ 0, 0.001, 1, -1, 1e300, 0 / 0 } end
  if one == "function" then return pick(generate.functions) end
  if one == "table" then return list_of("integer", name, depth) end
  if one == "file*" then return io.tmpfile() end
  local class = one:match("^nssh%.(%w+)$")
  local pool = class and generate.objects[class]
  if pool and #pool > 0 then return pick(pool) end
  return generate.odd()
end

-- A method of a class, from any object of it; nil while there is none.
function generate.method(class, name)
  local object = generate.objects[class][1]
  return object and object[name]
end

-- Arguments for a declaration, and their number.
function generate.arguments(declaration)
  local arguments = { n = 0 }
  local wanted = #declaration.parameters
  if chance(10) then wanted = random(0, wanted + 2) end
  for i = 1, wanted do
    local parameter = declaration.parameters[i]
    if not parameter then
      arguments[i] = generate.odd()
    elseif not (parameter.optional and chance(30)) then
      arguments[i] = value(parameter.annotation, parameter.name, 0)
    end
    arguments.n = i
  end
  return arguments
end

-- A value as text, for the report of a failure.
function generate.describe(given, depth)
  depth = depth or 0
  if type(given) == "string" then
    local text = ("%q"):format(#given > 60 and given:sub(1, 40) .. "…" .. #given or given)
    return (text:gsub("\n", "n"))
  end
  if type(given) ~= "table" or depth > 3 then return tostring(given) end
  local parts, keys = {}, {}
  for key in next, given do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do parts[#parts + 1] = tostring(key) .. " = " .. generate.describe(rawget(given, key), depth + 1) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

return generate
