-- Watches reads of global variables that nothing was ever assigned to: `require "nssh.strict"` makes them errors, `nssh -W` warnings. A
-- misspelt name is nil in Lua, and what a nil asks for in a table silently does not happen.
local suggest = require "nssh.suggest"
local getinfo, rawset, rawget, next, type, error, warn = debug.getinfo, rawset, rawget, next, type, error, warn
local sort = table.sort

-- What was assigned to, whatever it is now. The prompts are looked for whether they are there or not.
local declared = { _PROMPT = true, _PROMPT2 = true }
local told = {}
local raises = false

local metatable = debug.getmetatable(_G) or {}
local index, newindex = rawget(metatable, "__index"), rawget(metatable, "__newindex")

-- What the table of globals would give without this.
local function inherited(globals, name)
  if type(index) == "function" then return index(globals, name) end
  if index ~= nil then return index[name] end
end

-- The level of the code that reads, for whoever calls this. Between it and the globals may be the environments of the prompt.
local function reader()
  local level = 3
  local info = getinfo(level, "Sl")
  while info and info.short_src == "prompt" do
    level = level + 1
    info = getinfo(level, "Sl")
  end
  return level - 1, info
end

local function nearest(name, globals)
  local names = { "true", "false" }
  for other in next, globals do names[#names + 1] = type(other) == "string" and other or nil end
  for other in next, declared do names[#names + 1] = type(other) == "string" and other or nil end
  sort(names)
  local found = suggest(name, names)
  return found and ("; did you mean '" .. found .. "'?") or ""
end

local function missing(globals, name)
  local value = inherited(globals, name)
  if value ~= nil or type(name) ~= "string" or declared[name] then return value end
  local level, info = reader()
  local message = "undefined global '" .. name .. "'"
  if raises then error(message .. nearest(name, globals), level) end
  if info and info.currentline > 0 then message = info.short_src .. ":" .. info.currentline .. ": " .. message end
  if told[message] then return nil end
  told[message] = true
  warn(message .. nearest(name, globals))
end

local function assign(globals, name, value)
  if name ~= nil and name == name then declared[name] = true end
  if type(newindex) == "function" then newindex(globals, name, value)
  elseif newindex ~= nil then newindex[name] = value
  else rawset(globals, name, value) end
end

local function install()
  for name in next, _G do declared[name] = true end
  metatable.__index, metatable.__newindex, metatable.__declared = missing, assign, declared
  debug.setmetatable(_G, metatable)
end

local installed = false

-- From now on: `how` is "error" or "warn". What is an error stays one.
return function(how)
  if not installed then install() end
  installed = true
  raises = raises or how == "error"
end
