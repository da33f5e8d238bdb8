-- A program at a terminal of its own, typed at. Whatever happens, it ends within half a minute, and with it every wait for its output.
local check = require "check"
local typing = {}

local Typing = {}
Typing.__index = Typing

-- What a session's leader wrote just before its end may be lost: the kernel drops what is still on its way to the other side. So the leader
-- says how the program has ended, and waits for a line.
local LEADER = [[trap : INT; "$@"; status=$?; echo; echo "it ended with $status"; read seen; exit $status]]

-- Starts the program of `options` (its positions, or `sh`).
function typing.start(options)
  options.session = true
  local words = { "timeout", "--foreground", "-k", "5", "30", "sh", "-c", LEADER, "sh" }
  local program = options.sh and { "sh", "-c", options.sh } or table.move(options, 1, #options, 1, {})
  options.sh = nil
  table.move(program, 1, #program, #words + 1, words)
  table.move(words, 1, #words, 1, options)
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

-- Its exit code.
function Typing:wait()
  self:expect("^it ended with %d")
  self:type("\n")
  return check.ok(self.process:wait(40), "it does not end").status
end

function Typing:__close() self.process:close() end

return typing
