-- A program at a terminal of its own, typed at. Whatever happens, it ends within half a minute, and with it every wait for its output.
local check = require "check"
local typing = {}

local Typing = {}
Typing.__index = Typing

-- Starts the program of `options` (its positions, or `sh`).
function typing.start(options)
  options.session = true
  local words = options.sh and { "sh", "-c", options.sh } or table.move(options, 1, #options, 1, {})
  options.sh = nil
  local limit = { "timeout", "--foreground", "-k", "5", "30" }
  for position = 1, math.max(#options, #limit + #words) do options[position] = limit[position] or words[position - #limit] end
  return setmetatable({ process = ns.clone(options), seen = "" }, Typing)
end

-- Waits for a line that has the pattern; returns its first capture, or the line.
function Typing:expect(pattern)
  while true do
    -- The end of a terminal is an error to its reader.
    local worked, line = pcall(self.process.stdout.read, self.process.stdout, "l")
    if not worked or not line then check.match(self.seen, pattern, "it has ended, or its time was up") end
    self.seen = self.seen .. line .. "\n"
    local found = line:match(pattern)
    if found then return found end
  end
end

function Typing:type(text)
  self.process.stdin:write(text)
  self.process.stdin:flush()
end

-- How it ends.
function Typing:wait() return (check.ok(self.process:wait(40), "it does not end")) end

function Typing:__close() self.process:close() end

return typing
