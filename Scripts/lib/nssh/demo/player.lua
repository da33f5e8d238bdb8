-- The player on a terminal: it waits for a key before and after each step.
local cells = require "nssh.demo.cells"
local words = require "nssh.demo.words"

local Player = {}
Player.__index = Player

-- Enter is "\n" or "\r", as the terminal's modes have it.
local NEXT = { ["\n"] = true, ["\r"] = true, [" "] = true, ["\27[C"] = true }

-- report prints what is played.
function Player.new(report, lesson, language)
  return setmetatable({ report = report, lesson = lesson, words = words[language] }, Player)
end

function Player:say(text) self.report:say(text, "  ", "36") end

-- Shows a line while it waits for a key, and takes it away, also on ^C. In a narrow terminal it takes several rows; a dumb one cannot
-- take anything away.
function Player.wait(hint)
  if (sys.env("TERM") or "dumb") == "dumb" then
    local _ <close> = setmetatable({}, { __close = function() io.write("\n") end })
    return sys.getkey(hint .. " ")
  end
  local rows = (cells.width(hint) + 1) // (sys.columns() or 80)
  local _ <close> = setmetatable({}, { __close = function() io.write(rows > 0 and ("\27[%dA"):format(rows) or "", "\r\27[J") end })
  return sys.getkey("\27[7m " .. hint .. " \27[0m")
end

function Player:key(hint, position) return self.wait(("[%d/%d] %s"):format(position, #self.lesson.steps, hint)) end

-- The steps, with a mark at the one that is played.
function Player:list(position, scene)
  for number, step in ipairs(self.lesson.steps) do
    local command = step.inside or step.outside or step.lua
    local title = scene:text(step.title) or type(command) == "string" and command:gsub("%s+", " ") or step.enter and "ns.clone" or "…"
    self.report:print(("  %s %2d  %s"):format(number == position and "→" or " ", number, title), number == position and "1" or nil)
  end
end

-- A shell of the learner's own where the step is: in the namespaces of its bash.
function Player:visit(step, scene)
  local process = step.at and scene.at[step.at] or scene.inside
  self:say(process and self.words.shell_inside or self.words.shell_outside)
  local shell = sys.env("SHELL") or "bash"
  local body = { shell, env = { TERM = sys.env("TERM") or "dumb" } }
  local worked, reason = pcall(function()
    if process and process:alive() then process:shell(body) else ns.shell(body) end
  end)
  if not worked then
    if type(reason) == "table" and reason.code == "INTERRUPTED" then error(reason, 0) end
    self:say(tostring(reason))
  end
  self:say(self.words.shell_back)
end

-- The kernel calls of a step: those that were made, or, before, those that are planned.
function Player:calls(step, scene, observed)
  if step.calls then
    self.report:print(tostring(ns.plan(step.calls)), "36")
  elseif observed and observed.calls then
    self.report:print(tostring(observed.calls), "36")
  elseif step.enter then
    self.report:print(tostring(ns.plan(scene:plan(step))), "36")
  else
    self:say(step.lua and self.words.calls_later or self.words.calls_of_others)
  end
end

function Player:predict(step, scene)
  self:say(scene:text(step.predict) or self.words.what_will_come)
  self.report.write("  ", self.words.guess)
  return io.read("l")
end

-- Does what a key asks for that is the same before and after a step.
function Player:common(key, step, position, scene, observed)
  if key == "!" then
    self:visit(step, scene)
  elseif key == "k" then
    self:calls(step, scene, observed)
  elseif key == "l" then
    self:list(position, scene)
  elseif key == "?" then
    for line in self.words.keys:gmatch("[^\n]+") do self.report:print("  " .. line, "36") end
  end
end

-- Before a step. Returns whether to go on, and the learner's guess.
function Player:before(step, position, scene)
  local guess
  while true do
    local key = self:key(self.words.hint_before, position)
    if NEXT[key] then return true, guess end
    if key == nil or key == "q" then return false end
    if key == "p" then
      guess = self:predict(step, scene)
    elseif key == "w" then
      self:say(self.words.why_later)
    elseif key == "b" then
      self:say(self.words.again_later)
    else
      self:common(key, step, position, scene)
    end
  end
end

-- After a step. Returns "next", "again" or "quit".
function Player:after(step, position, scene, observed)
  while true do
    local key = self:key(self.words.hint_after, position)
    if NEXT[key] then return "next" end
    if key == nil or key == "q" then return "quit" end
    if key == "b" then return "again" end
    if key == "w" then
      self:say(scene:text(step.why) or self.words.no_why)
    elseif key == "p" then
      self:say(self.words.predict_before)
    else
      self:common(key, step, position, scene, observed)
    end
  end
end

return Player
