-- Lua as typed at the prompt: globals stay from one chunk to the next, and values are shown.
local typed = {}

-- The functions of ns that make namespaces, by options that are their first argument, and the one that only says how.
local MAKERS = { clone = true, run = true, call = true, shell = true, unshare = true, plan = true }

-- Whether a chunk makes namespaces, as far as its text tells.
function typed.makes_namespaces(text)
  for name in text:gmatch("%f[%w_]ns%.(%l+)") do
    if MAKERS[name] and name ~= "plan" then return true end
  end
  return false
end

-- A type's value that makes a new namespace; others join an existing one.
local function makes_new(value)
  if type(value) == "string" then return not value:find("^/") end
  return value == true or type(value) == "table" and not getmetatable(value) and value.join == nil
end

-- ns, but for one type that it does not isolate: for negative controls.
local function without_type(type_name)
  local proxy = setmetatable({}, { __index = ns })
  for name in pairs(MAKERS) do
    proxy[name] = function(options, ...)
      if type(options) == "table" and not getmetatable(options) then
        local left = {}
        for key, value in pairs(options) do
          local is_it = key == type_name or key == "mount" and type_name == "mnt"
          if not (is_it and makes_new(value)) then left[key] = value end
        end
        options = left
      end
      return ns[name](options, ...)
    end
  end
  return proxy
end

-- A place for chunks: their globals, and what they print.
function typed.new(without)
  local lines = {}
  -- Weak: what a chunk lets go of is gone.
  local made = setmetatable({ count = 0 }, { __mode = "v" })
  local globals = { ns = without and without_type(without) or nil }
  function globals.print(...)
    local words = table.pack(...)
    for position = 1, words.n do words[position] = tostring(words[position]) end
    lines[#lines + 1] = table.concat(words, "\t")
  end
  -- In the order they were made, so that they can be closed in the other.
  local environment = setmetatable({}, {
    __index = function(_, name)
      if globals[name] ~= nil then return globals[name] end
      return _G[name]
    end,
    __newindex = function(_, name, value)
      globals[name] = value
      made.count = made.count + 1
      made[made.count] = value
    end,
  })
  return { environment = environment, lines = lines, made = made }
end

local function quoted(text) return (("%q"):format(text):gsub("\\\n", "\\n")) end

-- A value as the prompt shows it: strings quoted, objects by tostring, tables by what they hold.
local function shown(value)
  if type(value) == "string" then return quoted(value) end
  local meta = getmetatable(value)
  if type(value) ~= "table" or meta and meta.__tostring then return tostring(value) end
  local parts, keys = {}, {}
  for position, item in ipairs(value) do parts[position] = shown(item) end
  local listed = #parts
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > listed then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do
    local is_name = type(key) == "string" and key:find("^[%a_][%w_]*$")
    parts[#parts + 1] = ("%s = %s"):format(is_name and key or "[" .. shown(key) .. "]", shown(value[key]))
  end
  return #parts == 0 and "{}" or "{ " .. table.concat(parts, ", ") .. " }"
end

-- Runs a chunk. Returns what it printed and showed, its values (nil after an error), and the trace of its kernel calls.
function typed.run(place, text)
  local chunk = load("return " .. text, "=lua", "t", place.environment)
  local reason
  if not chunk then chunk, reason = load(text, "=lua", "t", place.environment) end
  if not chunk then error("this is no Lua: " .. reason, 0) end
  for position = #place.lines, 1, -1 do place.lines[position] = nil end
  local values
  local calls = ns.trace(function() values = table.pack(pcall(chunk)) end)
  if not values[1] then
    local raised = values[2]
    -- ^C is not the chunk's.
    if type(raised) == "table" and raised.code == "INTERRUPTED" then error(raised, 0) end
    place.lines[#place.lines + 1] = tostring(raised)
    return table.concat(place.lines, "\n"), nil, calls
  end
  local words = {}
  for position = 2, values.n do words[#words + 1] = shown(values[position]) end
  if #words > 0 then place.lines[#place.lines + 1] = table.concat(words, "\t") end
  return (table.concat(place.lines, "\n"):gsub("\n+$", "")), table.pack(table.unpack(values, 2, values.n)), calls
end

-- Closes what the chunks have left open, the last first.
function typed.close(place)
  for position = place.made.count, 1, -1 do
    local value = place.made[position]
    -- The metatables of nssh's objects are protected.
    if type(value) == "userdata" then pcall(function() value:close() end) end
  end
end

return typed
