-- The bundled demonstrations: as root, as an ordinary user, where something is missing or forbidden, and with a wrong claim.
local apart = require "apart"
local here = require "here"
local check = require "check"
local typing = require "typing"

local directory = arg[0]:match("^(.*)/") or "."
local nssh = sys.readlink("/proc/self/exe")
local NOBODY = 65534

-- Runs a line of shell as `body`, raises if it fails.
local function shell(line) return (ns.run{ sh = line }:check().stdout:gsub("\n$", "")) end

local Temporary = { __close = function(self) ns.run{ "rm", "-rf", self.path } end }

-- A directory that everybody can read, with what a user without access to the checkout needs; gone at the end of the scope.
local function temporary()
  local made = setmetatable({ path = shell("mktemp -d /tmp/nssh-test.XXXXXX") }, Temporary)
  shell(("cp %s %s/nssh && chmod -R a+rX %s"):format(nssh, made.path, made.path))
  made.nssh = made.path .. "/nssh"
  return made
end

local function as_user(options)
  options.uid, options.gid, options.groups = NOBODY, NOBODY, {}
  options.cwd = "/"
  return options
end

-- What a run with --check printed, taken apart and held against itself: counts, plan, last line.
local function tap(result)
  local text = result.stdout
  local about = text .. result.stderr
  local passed, failed, skipped = text:match("\n(%d+) passed, (%d+) failed, (%d+) skipped\n$")
  check.ok(passed, "no last line in:\n" .. about)
  local ok, not_ok, skips = 0, 0, 0
  for line in text:gmatch("[^\n]+") do
    if line:find("^ok %d.* # SKIP ") then
      skips = skips + 1
    elseif line:find("^ok %d") then
      ok = ok + 1
    elseif line:find("^not ok %d") then
      not_ok = not_ok + 1
    end
  end
  local plan, skip = text:match("\n1%.%.(%d+)([^\n]*)")
  check.eq(tonumber(plan), ok + not_ok + skips, "the plan of\n" .. about)
  check.match(text, "^TAP version 14\n")
  skip = skip:match("# SKIP (.+)")
  local counts = { passed = ok, failed = not_ok, skipped = skips + (skip and 1 or 0) }
  check.eq({ passed = tonumber(passed), failed = tonumber(failed), skipped = tonumber(skipped) }, counts, "the last line of\n" .. about)
  check.eq(result.status, not_ok == 0 and 0 or 1, "the exit code of\n" .. about)
  return counts, skip, about
end

-- Played and all right; skipped when the demonstration says that it cannot be played here.
local function plays(result, language)
  local counts, skip, about = tap(result)
  if skip then check.skip(skip) end
  check.eq(counts.failed, 0, about)
  check.ok(counts.passed >= 6, about)
  check.match(result.stdout, language == "zh" and "\n# 遗留\u{ff1a}无\n" or "\n# left behind: nothing\n")
  check.match(result.stdout, language == "zh" and "\nok %d+ %- 对照\u{ff1a}没有 .-“[^\n]+”不成立\n" or
    "\nok %d+ %- control: without .-, «[^\n]+» fails\n")
  check.ok(not result.stdout:find("\27"), "no escapes in a pipe")
end

local tests = {}

local scripts = {}
for _, name in ipairs(sys.readdir(directory .. "/../../Scripts")) do scripts[#scripts + 1] = name:match("^demo_.*%.lua$") end

for _, script in ipairs(scripts) do
  for _, language in ipairs{ "en", "zh" } do
    tests[("%s plays in %s"):format(script, language)] = function()
      -- From elsewhere, so that it is the bundled one.
      plays(ns.run{ nssh, script, "--check", "--lang", language, cwd = "/", timeout = 120 }, language)
    end

    tests[("%s plays in %s as an ordinary user"):format(script, language)] = function()
      here.need_root("the test above was it")
      local there <close> = temporary()
      plays(ns.run(as_user{ there.nssh, script, "--check", "--lang", language, timeout = 120 }), language)
    end
  end

  tests[script .. " is readable, and ends, without a terminal"] = function()
    local result = ns.run{ nssh, script, cwd = "/", env = { LC_ALL = "C.UTF-8" }, timeout = 60 }
    check.match(result.stdout, "\n%d+ passed, 0 failed, %d+ skipped\n$")
    check.ok(not result.stdout:find("\27"), "no escapes in a pipe")
    if result.stdout:find("\nskipped: ") then check.skip(result.stdout:match("\nskipped: ([^\n]*)")) end
    check.match(result.stdout, "\n%l+> ")
    check.match(result.stdout, "\n  ✓ ")
  end
end

-- Lessons of the tests, as text: a lesson is a program of its own, with its own exit code.
local function lesson(body, ...)
  return ns.run{ nssh, "-", ..., stdin = 'require "nssh.demo".main{ title = "test", ' .. body .. " }", timeout = 60 }
end

tests["a claim that is wrong fails the demonstration, with its reason"] = function()
  local body = [[steps = { { outside = "echo seen", checks = {
    { "right", function(out) return out == "seen" end }, { "wrong", function() return false, "because\nof this" end },
    { "silent", function(out) return out == "unseen" end }, { "breaks", function(out) return out.x.y end } } } }]]
  local result = lesson(body, "--check")
  local counts, _, about = tap(result)
  check.eq(counts, { passed = 2, failed = 3, skipped = 0 }, about)
  check.match(result.stdout, "\nnot ok 2 %- wrong\n  %-%-%-\n  message: |\n    because\n    of this\n  %.%.%.\n")
  check.match(result.stdout, "not ok 3 %- silent\n  %-%-%-\n  message: |\n    it read:\n    seen\n")
  check.match(result.stdout, "not ok 4 %- breaks\n")
  check.eq(lesson(body).status, 1)
end

tests["an error in a step fails the demonstration and leaves nothing"] = function()
  local result = lesson([[steps = {
    { outside = "exit 3" }, { outside = "echo never" } }]], "--check")
  local counts, skip, about = tap(result)
  if skip then check.skip(skip) end
  check.eq(counts, { passed = 1, failed = 1, skipped = 0 }, about)
  check.match(result.stdout, "bash ended before it answered: exit 3")
end

tests["what bash inside reads is not what is typed next"] = function()
  local result = lesson([[steps = { { outside = "cat; echo one", checks = {
    { "one", function(out) return out == "one" end } } }, { outside = "printf two; echo; echo", checks = {
    { "two", function(out) return out == "two" end } } } }]], "--check")
  local counts, skip, about = tap(result)
  if skip then check.skip(skip) end
  check.eq(counts, { passed = 3, failed = 0, skipped = 0 }, about)
end

tests["a missing program is a skip that names its package"] = function()
  local there <close> = temporary()
  shell(("mkdir %s/bin && ln -s $(command -v bash) $(command -v hostname) $(command -v readlink) %s/bin"):format(there.path, there.path))
  local result = ns.run{ nssh, "demo_uts.lua", "--check", cwd = "/", env = { PATH = there.path .. "/bin" } }
  local counts, skip, about = tap(result)
  check.eq(counts, { passed = 0, failed = 0, skipped = 1 }, about)
  check.eq(skip, "pstree is missing: Debian package psmisc")
end

-- As that of iproute2 6.15 in Debian 13, whatever TERM says.
tests["demo_net.lua plays with an ip(8) that colours unless it is told not to"] = function()
  local there <close> = temporary()
  local ip = ns.run{ sh = "PATH=$PATH:/usr/sbin:/sbin; command -v ip || true" }.stdout:match("%g+")
  here.need("PATH=$PATH:/usr/sbin:/sbin; command -v ip", "ip is missing: Debian package iproute2")
  shell(("mkdir %s/bin && cat >%s/bin/ip <<'end' && chmod +x %s/bin/ip\n%s\nend"):format(there.path, there.path, there.path, table.concat({
    "#!/bin/sh", "echo coloured >>" .. there.path .. "/asked", 'test -n "$NO_COLOR" || exec ' .. ip .. ' -color=always "$@"',
    "exec " .. ip .. ' "$@"',
  }, "\n")))
  plays(ns.run{
    nssh, "demo_net.lua", "--check", cwd = "/", timeout = 120,
    env = { LC_ALL = "C", PATH = there.path .. "/bin:" .. sys.env("PATH"), NO_COLOR = false },
  })
  check.ok(sys.stat(there.path .. "/asked"), "it was not called")
end

-- As in a container in which many programs have run: its first processes are long gone.
tests["demo_pid.lua plays where no process outside has the numbers of those inside"] = function()
  plays(apart.run{
    pid = { proc = true }, timeout = 120, env = { NSSH = nssh, LC_ALL = "C" }, cwd = "/",
    sh = 'echo 3000 >/proc/sys/kernel/ns_last_pid && "$NSSH" demo_pid.lua --check; exit $?',
  })
end

tests["demo_mount.lua plays where there is a directory /old"] = function()
  plays(apart.run{
    mnt = true, pid = { proc = true }, timeout = 120, env = { NSSH = nssh, LC_ALL = "C" }, cwd = "/", sh = [[
      set -e
      mount -t tmpfs none /mnt
      cd /mnt
      for name in $(ls /); do
        if test -L /$name; then cp -P /$name $name
        elif test $name = mnt; then mkdir mnt
        elif test -d /$name; then mkdir $name; mount --rbind /$name $name
        fi
      done
      mkdir old old/etc before
      pivot_root . before
      umount -l before
      cd /
      exec "$NSSH" demo_mount.lua --check]],
  })
end

tests["where user namespaces are forbidden, a skip names the setting"] = function()
  -- In a user namespace of its own, the limit may be set without touching the machine.
  here.need_user_namespaces()
  local result = ns.run{ user = "root", timeout = 60, function()
    local file = assert(io.open("/proc/sys/user/max_user_namespaces", "w"))
    file:write("0")
    file:close()
    local run = ns.run{ nssh, "demo_user.lua", "--check", cwd = "/" }
    return { status = run.status, stdout = run.stdout, stderr = run.stderr }
  end }
  local counts, skip, about = tap(result:check().values[1])
  check.eq(counts, { passed = 0, failed = 0, skipped = 1 }, about)
  check.match(skip, "/proc/sys/user/max_user_namespaces = 0")
end

tests["^C ends a demonstration with 130 and leaves nothing"] = function()
  local demo <close> = ns.clone{ stdin = "pipe", stdout = "pipe", stderr = "null", typing.heeding(nssh, "-") }
  demo.stdin:write([[require "nssh.demo".main{ title = "test", steps = {
    { enter = { user = "root", pid = true } }, { inside = "echo ready", name = "ready" }, { inside = "sleep 1000" } } }]])
  demo.stdin:close()
  local seen = ""
  for line in demo.stdout:lines() do
    seen = seen .. line .. "\n"
    if line:find("sleep 1000", 1, true) or line:find("^skipped") then break end
  end
  demo:kill("INT")
  local result = demo:wait(60)
  demo:close()
  if seen:find("\nskipped: ") then check.skip(seen) end
  check.ok(result, "it did not end")
  check.eq(result.status, 130, seen)
end

tests["options: --help explains, others are refused"] = function()
  check.match(ns.run{ nssh, "demo_uts.lua", "--help", cwd = "/" }:check().stdout, "%-%-check")
  local result = ns.run{ nssh, "demo_uts.lua", "--chekc", cwd = "/" }
  check.eq({ result.status, result.stdout }, { 1, "" })
  check.match(result.stderr, "usage: nssh demo_uts.lua")
end

return tests
