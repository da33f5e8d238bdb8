-- The course: nssh --list, --course and --new.
local check = require "check"
local here = require "here"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

local Directory = { __close = function(self) ns.run{ "rm", "-rf", self.path } end }

local function directory()
  return setmetatable({ path = ns.run{ "mktemp", "-d", "/tmp/nssh-test.XXXXXX" }:check().stdout:match("%g+") }, Directory)
end

local function content(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

tests["--list has the lessons in their order, in the language"] = function()
  local english = ns.run{ nssh, "--list", "--lang", "en", cwd = "/" }:check().stdout
  local chinese = ns.run{ nssh, "--list", cwd = "/", env = { LC_ALL = "zh_CN.UTF-8" } }:check().stdout
  check.match(english, "demo_uts%.lua +UTS: .*demo_ipc%.lua +IPC: .*demo_pid%.lua +PID: .*demo_net%.lua +%g")
  check.match(chinese, "demo_uts%.lua +UTS.*demo_ipc%.lua")
  check.match(chinese, "主机名")
  check.match(ns.run{ nssh, "--list", "--check" }.stderr, "^usage: nssh %-%-list")
end

tests["every lesson of the binary is in the course"] = function()
  local listed = ns.run{ nssh, "--list", cwd = "/" }:check().stdout
  for _, script in ipairs(require "nssh.scripts") do
    if script.name:find("^demo_") then check.match(listed, "\n *%d+  " .. script.name:gsub("%.", "%%.") .. " ") end
  end
end

tests["every text of every lesson is there in both languages"] = function()
  local demo, lacking = require "nssh.demo", {}
  local function look(where, text)
    -- What has no words, such as a command, a number or a value in quotes, is the same in all languages.
    if type(text) == "string" and not text:gsub('"[^"]*"', ""):find("%f[%a]%a%l+ %l%l+") then return end
    local both = type(text) == "table" and text.en and text.zh
    if text ~= nil and type(text) ~= "function" and not both then lacking[#lacking + 1] = where end
  end
  for _, script in ipairs(require "nssh.scripts") do
    local lesson = script.name:find("^demo_") and demo.lesson_of(load(script.source, "=" .. script.name))
    if lesson then
      for _, field in ipairs{ "title", "text", "host_text" } do look(script.name .. " " .. field, lesson[field]) end
      for position, step in ipairs(lesson.steps) do
        local where = ("%s step %d "):format(script.name, position)
        for _, field in ipairs{ "title", "text", "expect", "why", "predict" } do look(where .. field, step[field]) end
        for index, one in ipairs(step.checks or {}) do look(where .. "check " .. index, one[1]) end
      end
    end
  end
  check.eq(lacking, {})
end

tests["of every program that a lesson calls, the package is known"] = function()
  local demo, requirements = require "nssh.demo", require "nssh.demo.requirements"
  for _, script in ipairs(require "nssh.scripts") do
    local lesson = script.name:find("^demo_") and demo.lesson_of(load(script.source, "=" .. script.name))
    for _, program in ipairs(lesson and lesson.programs or {}) do
      check.ok(requirements.package(program), script.name .. ": " .. program)
    end
  end
end

tests["--new writes a lesson that passes, and overwrites nothing"] = function()
  local there <close> = directory()
  local path = there.path .. "/lesson.lua"
  check.match(ns.run{ nssh, "--new", path }:check().stdout, "lesson.lua %-%-check")
  for _, language in ipairs{ "en", "zh" } do
    local result = ns.run{ nssh, path, "--check", "--lang", language, timeout = 60 }
    local skip = result.stdout:match("\n1%.%.%d+ # SKIP ([^\n]*)")
    if skip then check.skip(skip) end
    check.match(result.stdout, "\n%d+ passed, 0 failed, 0 skipped\n$")
  end
  local again = ns.run{ nssh, "--new", path }
  check.eq({ again.status, again.stderr }, { 1, "nssh: " .. path .. " exists\n" })
  check.eq(ns.run{ nssh, "--new" }.status, 1)
  -- Nor does it make a file where a link leads to that somebody has laid.
  ns.run{ "ln", "-s", "elsewhere.lua", there.path .. "/link.lua" }:check()
  check.eq(ns.run{ nssh, "--new", there.path .. "/link.lua" }.stderr, "nssh: " .. there.path .. "/link.lua exists\n")
  check.eq(sys.stat(there.path .. "/elsewhere.lua"), nil)
  check.match(ns.run{ nssh, "--new", there.path .. "/no/lesson.lua" }.stderr, "No such file")
end

-- Types keys at nssh --course on a terminal. Each is typed when the one before has been answered by a line that waits for a key.
local function course(state, keys)
  local process <close> = ns.clone{
    session = true, env = { TERM = "xterm", NO_COLOR = "1", LC_ALL = "C.UTF-8", XDG_STATE_HOME = state },
    "timeout", "--foreground", "-k", "5", "60", nssh, "--course",
  }
  local seen = ""
  local function read_until(text)
    local from = #seen + 1
    while not seen:find(text, from, true) do
      local read, byte = pcall(process.stdout.read, process.stdout, 1)
      if not read or not byte then return end
      seen = seen .. byte
    end
  end
  for key in keys:gmatch(".") do
    read_until(" \27[0m")
    process.stdin:write(key)
    process.stdin:flush()
  end
  read_until("no such text")
  check.eq(process:wait(10).status, 0, seen)
  return seen
end

tests["--course remembers where the learner was"] = function()
  local there <close> = directory()
  local file = there.path .. "/nssh/course"
  course(there.path, "q")
  local first = content(file)
  check.match(first, "^%l+\n$")
  ns.run{ "sh", "-c", "echo ipc >" .. file }:check()
  local seen = course(there.path, "\nq")
  check.match(seen, "→ +%d+  demo_ipc%.lua ")
  check.match(seen, "\27%[JIPC: ")
  check.eq(content(file), "ipc\n")
  check.match(course(there.path, "1q"), "→ +%d+  demo_ipc%.lua ")
  check.eq(content(file), first)
  ns.run{ "sh", "-c", "echo nonesuch >" .. file }:check()
  course(there.path, "q")
  check.eq(content(file), first)
end

tests["--course remembers the next lesson when one is over, and nothing when all are"] = function()
  here.need_user_namespaces()
  local there <close> = directory()
  local file = there.path .. "/nssh/course"
  ns.run{ "mkdir", there.path .. "/nssh" }:check()
  local scripts = require "nssh.scripts"
  for name, after in pairs{ uts = "ipc\n", changes = "" } do
    local lesson
    for _, script in ipairs(scripts) do
      if script.name == ("demo_%s.lua"):format(name) then lesson = require "nssh.demo".lesson_of(load(script.source, "=lesson")) end
    end
    ns.run{ "sh", "-c", 'echo "$1" >"$2"', "sh", name, file }:check()
    -- One to go on with it, and one before and one after each step.
    local seen = course(there.path, ("\n"):rep(1 + 2 * #lesson.steps) .. (after ~= "" and "q" or ""))
    check.eq(content(file), after, seen)
  end
end

tests["--course waits for nobody without a terminal, and passes"] = function()
  local there <close> = directory()
  local path = there.path .. "/course.md"
  local result = ns.run{ nssh, "--course", "--md", path, cwd = "/", timeout = 120, env = { XDG_STATE_HOME = there.path, LC_ALL = "C" } }
  check.eq(result.status, 0, result.stdout)
  local lessons = select(2, ns.run{ nssh, "--list", cwd = "/" }.stdout:gsub("demo_%l+%.lua", "")) - 1
  -- The last lines: a lesson that is skipped says so too, with its reason.
  local passed = result.stdout:match(".*\npassed: ([^\n]*)\n")
  local skipped = result.stdout:match(".*\nskipped: ([^\n]*)\n") or ""
  check.eq(select(2, (passed .. " " .. skipped):gsub("%g+", "")), lessons)
  local text = content(path)
  check.eq(select(2, text:gsub("\n## ", "")), lessons)
  check.eq(select(2, text:gsub("\n| [^|]*| `demo_", "")), lessons, "rows of the table")
  check.eq(content(there.path .. "/nssh/course"), nil)
end

tests["--course with a lesson that fails names it, and ends with 1"] = function()
  local there <close> = directory()
  -- Not the lessons' own hostname: it sets nothing.
  ns.run{ "sh", "-c", "printf '#!/bin/sh\nexit 0\n' >$0/hostname && chmod +x $0/hostname", there.path }:check()
  local result = ns.run{
    nssh, "--course", "--auto", cwd = "/", timeout = 120, env = { LC_ALL = "C", PATH = there.path .. ":" .. sys.env("PATH") },
  }
  check.match(result.stdout, "\nFAILED: [^\n]*%f[%w]uts%f[%W]")
  check.match(result.stdout, "\npassed: [^\n]*%f[%w]limits%f[%W]")
  check.eq(result.status, 1, result.stderr)
end

return tests
