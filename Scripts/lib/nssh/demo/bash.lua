-- A real bash in a terminal of its own, which is typed into. An answer ends with a marker that no program can know, so nothing
-- depends on time.
local Bash = { __close = function(self) self:close() end }
Bash.__index = Bash

local COLUMNS, ROWS = 100, 40
-- A user's PATH may lack sbin, where Debian has ip; messages are parsed, so the locale is fixed; nothing of the user's is read or
-- written. A dumb terminal gets no colours: some programs go by TERM, others, such as ip(8) of iproute2 6.15, by NO_COLOR only.
local PATH = (sys.env("PATH") or "/usr/bin:/bin") .. ":/usr/sbin:/sbin"
local ENV = {
  PATH = PATH, LC_ALL = "C", TERM = "dumb", NO_COLOR = "1", PAGER = "cat", COLUMNS = tostring(COLUMNS), HISTFILE = "", PS1 = "", PS2 = "",
}
-- Nothing else: variables such as PS_FORMAT, TIME_STYLE and CLICOLOR_FORCE change what programs print.
for _, name in ipairs{ "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LD_LIBRARY_PATH" } do ENV[name] = sys.env(name) end

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- The options of a command for ns.run and ns.clone, in the lessons' environment. `others` are added, their env to that.
local function command(argv, others)
  local options = { table.unpack(argv) }
  for key, value in pairs(others or {}) do options[key] = value end
  options.env, options.clear_env = {}, true
  for _, variables in ipairs{ ENV, others and others.env or {} } do
    for name, value in pairs(variables) do options.env[name] = value end
  end
  return options
end

-- In new namespaces as ns.clone takes them.
local function start(namespaces)
  local options = command({ "bash", "--norc", "--noediting" }, namespaces)
  options.session = true
  local bash = setmetatable({ process = ns.clone(options), status = 0, typed = 0, key = ("%016x"):format(math.random(0)) }, Bash)
  -- The answer has the echo of what was typed before the echo was off: thrown away. No job control: its notices would be in the output.
  bash:send("stty -echo -onlcr cols " .. COLUMNS .. " rows " .. ROWS .. "; set +m +H; set +o history; nssh_status() { return $1; }")
  bash:answer()
  return bash
end

-- The marker's number is the exit status; in what the terminal echoes there is none.
function Bash:send(line)
  self.typed = self.typed + 1
  self.process.stdin:write(line, "; printf '\\n<nssh ", self.key, " ", self.typed, " %d>\\n' $?\n")
  self.process.stdin:flush()
end

-- What came up to the marker; nil when bash has ended.
function Bash:answer()
  local lines, marker = {}, ("^<nssh %s %d (%%d+)>\n"):format(self.key, self.typed)
  -- Where the other end of a terminal is closed, read(2) fails with EIO: an error of lines().
  local stream, stdout = self.process.stdout:lines("L"), self.process.stdout
  while true do
    local read, line = pcall(stream, stdout)
    if not read and type(line) == "table" then error(line, 0) end
    if not read or not line then return nil end
    local status = line:match(marker)
    if status then
      self.status = tonumber(status)
      return (table.concat(lines):gsub("\n+$", ""))
    end
    lines[#lines + 1] = line:gsub("\r\n$", "\n")
  end
end

-- Types a command. Returns what it printed, and its exit status. As an argument of eval, a command with a syntax error is an answer
-- like others; and it cannot read what is typed after it.
function Bash:type(line)
  self:send(("nssh_status %d; eval %s </dev/null"):format(self.status, quoted(line)))
  local output = self:answer()
  if not output then error("bash ended before it answered: " .. line, 0) end
  -- Its notice of a job in the background.
  return output:gsub("^%[%d+%] %d+%f[\n\0]\n?", ""):gsub("\n%[%d+%] %d+%f[\n\0]", ""), self.status
end

function Bash:close()
  self.process:close()
end

return { start = start, command = command, path = PATH }
