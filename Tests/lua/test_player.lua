-- The player on a terminal: keys, what they show, and that the terminal and the machine are whole afterwards.
local check = require "check"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

local Player = { __close = function(self)
  self.process:close()
  os.remove(self.script)
  os.remove(self.mark)
end }
Player.__index = Player

-- Plays a lesson on a terminal of its own. In its text MARK is a file that the lesson may make, which is removed in the end. `timeout` ends
-- what does not come. `terminal` is its TERM and columns.
local function play(body, terminal)
  terminal = terminal or { TERM = "xterm", columns = 100 }
  local script, mark = os.tmpname(), os.tmpname()
  os.remove(mark)
  local file <close> = assert(io.open(script, "w"))
  file:write('require "nssh.demo".main{ title = "test", ', (body:gsub("MARK", mark)), " }")
  file:close()
  local process = ns.clone{
    session = true,
    env = {
      TERM = terminal.TERM, NO_COLOR = "1", LC_ALL = "C.UTF-8", SHELL = "/bin/sh", PS1 = "$ ", NSSH = nssh, SCRIPT = script,
      COLUMNS = tostring(terminal.columns),
    },
    -- Whoever runs the tests may have SIGINT ignored, and a shell cannot undo that.
    "env", "--default-signal=INT", "timeout", "--foreground", "-k", "5", "60", "sh", "-c",
    'trap : INT; stty cols $COLUMNS; before=$(stty -g); $NSSH "$SCRIPT"; s=$?; test "$(stty -g)" = "$before" && echo whole; echo status $s',
  }
  return setmetatable({ process = process, script = script, mark = mark, seen = "" }, Player)
end

-- Reads until a text has come. Returns what came up to it.
function Player:expect(text)
  local from = #self.seen + 1
  while not self.seen:find(text, from, true) do
    local read, byte = pcall(self.process.stdout.read, self.process.stdout, 1)
    if not read or not byte then error(("%q did not come after:\n%s"):format(text, self.seen), 2) end
    self.seen = self.seen .. byte
  end
  return self.seen:sub(from)
end

function Player:type(keys)
  self.process.stdin:write(keys)
  self.process.stdin:flush()
end

-- Types keys where the player waits for one before or after a step; returns what came since.
function Player:before(keys)
  local seen = self:expect("?: keys \27[0m")
  check.match(seen, "Enter: run it")
  if keys then self:type(keys) end
  return seen
end

function Player:after(keys)
  local seen = self:expect("?: keys \27[0m")
  check.match(seen, "Enter: go on")
  if keys then self:type(keys) end
  return seen
end

-- The rest, up to the end. The terminal's modes are what they were.
function Player:ends(status)
  local seen = self:expect("status " .. status .. "\r\n")
  check.match(seen, "whole\r\n", "the terminal's modes afterwards")
  check.ok(self.process:wait(10), "the end")
  return seen
end

local ONE = [[steps = {
  { title = "first", outside = "echo run-$((40+2)); echo x >>MARK", expect = "the number", why = "because-of-this", predict = "how much?",
    cleanup = "echo cleaned >>MARK", checks = { { "it is 42", function(out) return out == "run-42" end } } },
  { title = "second", outside = "echo two" } }]]

local function content(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

tests["Enter runs a step, and the next Enter goes on; nothing runs before it"] = function()
  local player <close> = play(ONE)
  local seen = player:before()
  check.match(seen, "%[1/2%] first\r\noutside> echo run%-")
  check.ok(not seen:find("run-42", 1, true) and not sys.stat(player.mark), "it has run")
  player:type("\n")
  seen = player:after("\n")
  check.match(seen, "run%-42\r\n  expected: the number\r\n  observed: run%-42\r\n  ✓ it is 42\r\n")
  check.ok(not seen:find("because", 1, true), "why, though nobody asked")
  check.match(player:before(" "), "%[2/2%] second")
  player:after(" ")
  check.match(player:ends(0), "left behind: nothing\r\n.*\n2 passed, 0 failed, 0 skipped\r\n")
  check.eq(content(player.mark), "x\ncleaned\n")
end

tests["w says why, and only after the step"] = function()
  local player <close> = play(ONE)
  player:before("w")
  check.ok(not player:before("\n"):find("because-of-this", 1, true))
  player:after("w")
  check.match(player:after("q"), "because%-of%-this")
  player:ends(0)
end

tests["p asks for a guess, which is shown beside what came"] = function()
  local player <close> = play(ONE)
  player:before("p")
  check.match(player:expect("your guess: "), "how much%?")
  player:type("run-41\n")
  player:before("\n")
  check.match(player:after("q"), "your guess: run%-41\r\n  observed: run%-42\r\n")
  player:ends(0)
end

tests["b plays a step again, and its checks count once"] = function()
  local player <close> = play(ONE)
  player:before("\n")
  player:after("b")
  player:before("\n")
  player:after("q")
  check.match(player:ends(0), "\n2 passed, 0 failed, 0 skipped\r\n")
  check.eq(content(player.mark), "x\ncleaned\nx\ncleaned\n")
end

tests["a step that b plays again finds what it found the first time, in a throw-away host, too"] = function()
  for _, host in ipairs{ "", "host = { uts = true }, " } do
    local player <close> = play(host .. [[steps = {
      { lua = "list = { 1 }" },
      { lua = "list[#list + 1] = 2; return #list", checks = { { "two", function(_, _, values) return values[1] == 2 end } } } }]])
    player:before("\n")
    player:after("\n")
    player:before("\n")
    player:after("b")
    player:before("\n")
    player:after("\n")
    check.match(player:ends(0), "\n2 passed, 0 failed, 0 skipped\r\n")
  end
end

tests["l lists the steps, ? the keys"] = function()
  local player <close> = play(ONE)
  player:before("l")
  check.match(player:before("?"), "→  1  first\r\n     2  second\r\n")
  check.match(player:before("q"), "\r\n  q +quit, and clean up\r\n")
  check.match(player:ends(0), "\n1 passed, 0 failed, 0 skipped\r\n")
end

tests["q before the first step runs nothing, and there is nothing to clean"] = function()
  local player <close> = play(ONE)
  player:before("q")
  player:ends(0)
  check.eq(content(player.mark), nil)
end

local INSIDE = [[steps = {
  { enter = { uts = true } }, { inside = "readlink /proc/self/ns/uts", name = "uts", checks = {
    { "it is that of bash", function(out, s) return out == ("uts:[%d]"):format(s.inside:inode("uts")) end } } } }]]

tests["k shows the plan of a step before, and its calls after"] = function()
  local player <close> = play(INSIDE)
  player:before("k")
  check.match(player:before("\n"), 'clone3%(.-NEWUTS.-%) → .-execve%("bash"%)')
  player:after("k")
  check.match(player:after("q"), "clone3%(.-NEWUTS.-%) = %d+  %(%d+ µs%)")
  player:ends(0)
end

local function visits(lesson)
  local player <close> = play(lesson)
  player:before("\n")
  player:after("\n")
  player:before("\n")
  local inside = player:after("!"):match("uts:%[%d+%]")
  player:expect("$ ")
  player:type("echo here: $(readlink /proc/self/ns/uts); exit\n")
  local visited = player:after("\n"):match("here: (uts:%[%d+%])")
  check.eq(visited, inside)
  check.ne(visited, ("uts:[%d]"):format(ns.inode("self", "uts")))
  check.match(player:ends(0), "\n2 passed, 0 failed, 0 skipped\r\n")
end

tests["! is a shell in the namespaces of the step, and the lesson goes on after it"] = function() visits(INSIDE) end

tests["a lesson in a throw-away host has the terminal, too"] = function() visits("host = { ipc = true }, " .. INSIDE) end

for _, host in ipairs{ "", "host = { ipc = true }, " } do
  local where = host ~= "" and ", in a throw-away host, too" or ""
  tests["^C while it waits for a key cleans up and ends with 130" .. where] = function()
    local player <close> = play(host .. ONE)
    player:before("\n")
    player:after("\3")
    player:ends(130)
    check.eq(content(player.mark), "x\ncleaned\n")
  end
end

tests["SIGTERM while it waits for a key cleans up, and leaves the terminal whole"] = function()
  local player <close> = play([[steps = { { outside = "echo $PPID >MARK", cleanup = "echo cleaned >>MARK" } }]])
  player:before("\n")
  player:after()
  local pid = content(player.mark):match("%d+")
  ns.run{ "kill", pid }:check()
  player:ends(143)
  check.eq(content(player.mark), pid .. "\ncleaned\n")
end

tests["^C in a command that waits for ever cleans up, too"] = function()
  local player <close> = play([[steps = { { outside = "echo x >MARK; sleep 1000", cleanup = "echo cleaned >>MARK" } }]])
  player:before("\n")
  for _ = 1, 500 do
    if content(player.mark) == "x\n" then break end
    sys.sleep(0.01)
  end
  player:type("\3")
  player:ends(130)
  check.eq(content(player.mark), "x\ncleaned\n")
end

tests["in a narrow terminal, all rows of the line of keys are taken away"] = function()
  local player <close> = play(ONE, { TERM = "xterm", columns = 40 })
  player:before("\n")
  -- "[1/2] " and the keys take 86 cells with the blanks around them: two rows above the last.
  player:expect("\27[2A\r\27[J")
  player:after("q")
  player:ends(0)
end

tests["a dumb terminal gets no control sequences"] = function()
  local player <close> = play(ONE, { TERM = "dumb", columns = 100 })
  player:expect("?: keys ")
  player:type("\n")
  player:expect("?: keys ")
  player:type("q")
  player:ends(0)
  check.ok(not player.seen:find("\27", 1, true), player.seen)
end

tests["who waits for a key in the background leaves the terminal alone, also where SIGTTOU is ignored"] = function()
  local process <close> = ns.clone{
    session = true, env = { TERM = "xterm", NSSH = nssh, CODE = [[
      local p = ns.clone{ function() return (sys.getkey("key? ")) end, stdin = "inherit" }
      local stat
      for _ = 1, 200 do
        local file <close> = io.open("/proc/" .. p.pid .. "/stat")
        stat = file:read("a"):match("%) (%u)")
        if stat == "T" then break end
        sys.sleep(0.01)
      end
      print(stat, p:fg().values[1])]] },
    "timeout", "--foreground", "-k", "5", "60", "sh", "-c",
    [[trap '' TTOU; before=$(stty -g); "$NSSH" -e "$CODE"; test "$(stty -g)" = "$before" && echo whole]],
  }
  process.stdin:write("x")
  process.stdin:flush()
  local lines = {}
  pcall(function() for line in process.stdout:lines() do lines[#lines + 1] = line end end)
  check.match(table.concat(lines, "\n"), "T\tx\r?\nwhole")
end

tests["the end of the input quits"] = function()
  local player <close> = play(ONE)
  player:before("\4")
  player:ends(0)
end

return tests
