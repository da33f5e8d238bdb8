-- Where a lesson plays: the shells inside and outside, the Lua that is typed, what they have said, and the clean-up.
local bash = require "nssh.demo.bash"
local requirements = require "nssh.demo.requirements"
local typed = require "nssh.demo.typed"
local words = require "nssh.demo.words"

local Scene = { __close = function(self) self:close() end }
Scene.__index = Scene

-- place: as arrange makes it.
local function new_scene(place, options)
  return setmetatable({
    pid = sys.getpid(), is_root = options.is_root, language = options.language, words = words[options.language],
    out = {}, values = {}, at = {}, flags = place.flags, bashes = {}, cleanups = {}, lua = typed.new(options.without),
  }, Scene)
end

-- A text of the lesson in the scene's language.
function Scene:text(text) return words.pick(text, self.language, self) end

-- Why `needs` are not met here, or nil.
function Scene:unmet(needs) return requirements.unmet(needs, self) end

local function literal(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" or getmetatable(value) then return tostring(value) end
  local parts, keys = {}, {}
  for _, item in ipairs(value) do parts[#parts + 1] = literal(item) end
  for key in pairs(value) do
    if type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do parts[#parts + 1] = key .. " = " .. literal(value[key]) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- A step that enters, as it would be typed.
local function written(flags, name)
  local parts, rest, known = {}, {}, {}
  for _, type in ipairs(ns.types()) do
    known[type.name] = true
    if flags[type.name] ~= nil then parts[#parts + 1] = type.name .. " = " .. literal(flags[type.name]) end
  end
  for key in pairs(flags) do
    if not known[key] then rest[#rest + 1] = key end
  end
  table.sort(rest)
  for _, key in ipairs(rest) do parts[#parts + 1] = key .. " = " .. literal(flags[key]) end
  parts[#parts + 1] = '"bash"'
  return (name and name .. " = " or "") .. "ns.clone{ " .. table.concat(parts, ", ") .. " }"
end

-- The options of ns.plan for a step that enters.
function Scene:plan(step)
  local options = { "bash" }
  for key, value in pairs(self.flags(step, self)) do options[key] = value end
  return options
end

-- Gets a step ready: its side, what is typed, and a function that types it. What it does is run later, so that it can be shown first.
function Scene:prepare(step)
  if step.enter then
    local flags = self.flags(step, self)
    return "nssh", written(flags, step.as), function() return self:enter(flags, step.as) end
  elseif step.lua then
    local text = type(step.lua) == "function" and step.lua(self) or step.lua
    text = text:gsub("^%s+", ""):gsub("%s+$", "")
    return "nssh", text, function() return typed.run(self.lua, text) end
  end
  local side = step.inside and "inside" or "outside"
  local command = step[side]
  if type(command) == "function" then command = command(self) end
  -- Of several shells inside, which.
  return step.inside and step.at or side, command, function()
    local output, status = self:shell(side, step.at):type(command)
    return output, status
  end
end

-- A new bash in new namespaces; one without a name takes the place of the one before.
function Scene:enter(flags, name)
  local key, made = name or "", nil
  if self.bashes[key] then self.bashes[key]:close() end
  local calls = ns.trace(function() made = table.pack(pcall(bash.start, flags)) end)
  if not made[1] then error(made[2], 0) end
  self.bashes[key] = made[2]
  self.inside = made[2].process
  if name then
    self.at[name] = self.inside
    -- As it is shown: an assignment.
    self.lua.environment[name] = self.inside
  end
  self.current = key
  return "", nil, calls
end

-- The bash of a side; the one outside starts when it is first needed.
function Scene:shell(side, name)
  if side == "outside" then
    self.outside_bash = self.outside_bash or bash.start{}
    return self.outside_bash
  end
  return self.bashes[name or self.current] or error("no step has entered " .. (name or "anything"), 0)
end

-- Runs the clean-ups of `count` steps, the last first. Each is tried whatever became of the others. Returns what went wrong:
-- { { step, reason }, … }
function Scene:clean_up(count)
  local wrong = {}
  for position = count, 1, -1 do
    local cleanup = self.cleanups[position]
    self.cleanups[position] = nil
    local ok, reason = pcall(function()
      if type(cleanup) == "function" then return cleanup(self) end
      if cleanup then ns.run(bash.command({ "bash", "-c", cleanup }, { timeout = 10 })):check() end
    end)
    if not ok then wrong[#wrong + 1] = { position, tostring(reason) } end
  end
  return wrong
end

function Scene:close()
  for _, shell in pairs(self.bashes) do shell:close() end
  if self.outside_bash then self.outside_bash:close() end
  typed.close(self.lua)
end

return new_scene
