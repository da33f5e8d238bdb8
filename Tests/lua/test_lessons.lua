-- The format of lessons and what the player makes of it: controls, needs, clean-up, languages, recordings.
local apart = require "apart"
local check = require "check"
local here = require "here"
local wrap = require "nssh.demo.wrap"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

-- Plays a lesson that is given as text: a lesson is a program of its own, with its own exit code.
local function lesson(body, ...)
  return ns.run{
    stdin = 'require "nssh.demo".main{ title = "test", ' .. body .. " }", timeout = 60, env = { LC_ALL = "C.UTF-8" },
    nssh, "-", ...,
  }
end

local function content(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

-- As --check prints it; skipped where this machine forbids what the lesson needs.
local function checked(body, ...)
  local result = lesson(body, "--check", ...)
  local skip = result.stdout:match("\n1%.%.%d+ # SKIP ([^\n]*)")
  if skip then check.skip(skip) end
  return result.stdout, result
end

-- A lesson with one entered UTS namespace and one check that depends on it.
local function with_check(predicate, more)
  return ([[steps = { { enter = { uts = true } }, { inside = "hostname box; hostname", name = "name", checks = {
    { "claimed", %s, depends = "uts" }, %s } } }]]):format(predicate, more or "")
end

local SAME = 's.inside:inode("uts") == ns.inode("self", "uts")'

tests["a control passes when just the check that depends on the type fails"] = function()
  local out, result = checked(with_check("function(_, s) return not (" .. SAME .. ") end"))
  check.match(out, "\nok %d+ %- control: without uts, «claimed» fails\n")
  check.match(out, "\nok %d+ %- control: without uts, no other check fails\n")
  check.eq(result.status, 0)
end

tests["a check that holds without its type is found out"] = function()
  local out, result = checked(with_check("function() return true end"))
  check.match(out, "\nnot ok %d+ %- control: without uts, «claimed» fails\n[^\n]*\n[^\n]*\n    it holds without that too\n")
  check.eq(result.status, 1)
end

tests["a predicate that breaks in the control has shown nothing"] = function()
  local out = checked(with_check("function(_, s) if " .. SAME .. ' then error("broken") end return true end'))
  check.match(out, "\nnot ok %d+ %- control: without uts, «claimed» fails\n[^\n]*\n[^\n]*\n    it broke before it could say so: .-broken\n")
end

tests["a check that the control does not reach has shown nothing"] = function()
  local out = checked([[steps = { { enter = { uts = true } },
    { inside = function(s) return ]] .. SAME .. [[ and "exit" or "true" end, checks = {
      { "claimed", function() return true end, depends = "uts" } } } }]])
  check.match(out, "\nnot ok %d+ %- control: without uts, «claimed» fails\n[^\n]*\n[^\n]*\n    it was not reached\n")
end

tests["an error of a chunk that comes only in the control has shown nothing"] = function()
  local out = checked([[steps = { { lua = "box = ns.clone{ uts = 'box' }" },
    { lua = "assert(box:call(sys.hostname) == 'box', 'broken') return 1", checks = {
      { "claimed", function(out) return out == "1" end, depends = "uts" } } } }]])
  check.match(out, "\nok 1 %- claimed\n")
  check.match(out, "\nnot ok %d+ %- control: without uts, «claimed» fails\n[^\n]*\n[^\n]*\n    it broke before it could say so: .-broken\n")
end

tests["a check that fails in the control without saying so is found out"] = function()
  local predicate = "function(_, s) return not (" .. SAME .. ") end"
  local out = checked(with_check(predicate, '{ "silent", ' .. predicate .. " }"))
  check.match(out, "\nnot ok %d+ %- control: without uts, no other check fails\n.-«silent»\n")
end

tests["a control leaves out a type that a chunk makes, with its settings, but joins what it joins"] = function()
  local out, result = checked([[steps = { { lua = "box = ns.clone{ uts = { hostname = 'box' } }" },
    { lua = "ns.run{ uts = box, 'hostname' }.stdout", name = "joined" },
    { lua = "ns.call({ uts = true }, function() return ns.inode('self', 'uts') end) == ns.inode('self', 'uts')",
      checks = {
        { "a new one is another", function(_, _, values) return values[1] == false end, depends = "uts" },
        { "the name was set", function(_, s) return s.values.joined[1] == "box\n" end, depends = "uts" } } } }]])
  check.eq(result.status, 0, out)
end

tests["a control without a step"] = function()
  local out, result = checked([[steps = { { outside = "x=1", name = "set" },
    { outside = "echo ${x:-unset}", checks = { { "x is 1", function(out) return out == "1" end, depends = "step set" } } } }]])
  check.match(out, "\nok %d+ %- control: without step set, «x is 1» fails\n")
  check.eq(result.status, 0)
end

tests["a step that isolates and has no control is an error of the lesson"] = function()
  local out, result = checked([[steps = { { enter = { uts = true } }, { inside = "true" } }]])
  check.match(out, "\nnot ok %d+ %- step 1, which isolates, has a check that depends on it\n")
  check.eq(result.status, 1)
end

tests["slips in the format are named"] = function()
  local function fails(body, message) check.match(lesson(body).stderr, message) end
  fails([[steps = { { outside = "true", expects = "x" } }]], "step 1: what is the field expects%?")
  fails([[step = {}, steps = {}]], "the lesson: what is the field step%?")
  fails([[steps = { { enter = { mount = true } } }]], "step 1: the type is called mnt here")
  fails([[steps = { { title = "x" } }]], "step 1: one of enter, inside, outside and lua expected")
  fails([[steps = { { outside = "true", inside = "true" } }]], "step 1: one of")
  local function with(check_text) return 'steps = { { outside = "true", checks = { ' .. check_text .. " } } }" end
  fails(with'{ "x", function() end, depends = "utc" }', "check 1: depends on utc, which is neither")
  fails(with'{ "x", function() end, depends = "step x" }', "a step that is not there, x")
  fails(with'{ "x" }', "step 1, check 1: a claim and a predicate expected")
end

tests["needs that are not met skip a lesson, a step, a check, each with its reason"] = function()
  local never = [[needs = function() return false, "not here" end]]
  local out = lesson(never .. [[, steps = { { outside = "echo never" } }]], "--check").stdout
  check.match(out, "\n1%.%.0 # SKIP not here\n0 passed, 0 failed, 1 skipped\n$")
  out = lesson("steps = { { outside = 'echo never', name = 'x', " .. never .. [[, checks = {
      { "a", function() end }, { "b", function() end } } },
    { title = "c", outside = "echo never", ]] .. never .. [[ }, { outside = "true", checks = { { "d", function() end, ]] .. never .. [[ },
    { "e", function(_, s) return s.out.x == nil end } } } }]], "--check").stdout
  for _, claim in ipairs{ "a", "b", "c", "d" } do check.match(out, "\nok %d %- " .. claim .. " # SKIP not here\n") end
  check.match(out, "\nok 5 %- e\n")
  check.ok(not out:find("\n# never", 1, true), out)
  check.match(out, "\n2 passed, 0 failed, 4 skipped\n$")
end

tests["needs in words"] = function()
  local function skip_of(needs)
    return lesson("needs = " .. needs .. [[, steps = { { outside = "true" } }]], "--check").stdout:match("# SKIP ([^\n]*)")
  end
  check.match(skip_of('"kernel 99.1"'), "it needs Linux 99%.1, this is %d")
  check.match(skip_of('{ "kernel 3.8", "type uts", "program no-such-program" }'), "no%-such%-program is missing")
  check.match(skip_of('"type cats"'), "no namespaces of the type cats")
  check.match(skip_of('"feature clone3"') or "nothing", ns.features().clone3.supported and "nothing" or "clone3")
  local _, lacking = pcall(function()
    for _, feature in ipairs(ns.features()) do
      if not feature.supported then return feature.name end
    end
  end)
  if lacking then check.match(skip_of(("%q"):format("feature " .. lacking)), "this kernel lacks " .. lacking .. ": .*since Linux %d") end
  check.eq(skip_of('"kernel 3.8"'), nil)
  check.match(lesson([[needs = "luck", steps = { { outside = "true" } }]], "--check").stdout, "needs: what is luck%?")
  local as_user = ns.run{ user = "self", nssh, "-", "--check", timeout = 20, stdin =
    [[require "nssh.demo".main{ title = "test", needs = "root", steps = { { enter = { uts = true } } } }]] }
  if sys.geteuid() ~= 0 then check.match(as_user.stdout, "# SKIP it needs root: sudo nssh") end
end

-- A lesson after some Lua that changes nssh.
local function altered(lua, body)
  return ns.run{ nssh, "-", "--check", timeout = 60, stdin = lua .. '\nrequire "nssh.demo".main{ title = "test", ' .. body .. " }" }.stdout
end

local function is_filtered() return content("/proc/self/status"):find("Seccomp:%s*2") ~= nil end

tests["a feature that the kernel has by its version is not skipped because nssh misses it"] = function()
  local out = altered([[ns.features = function() return { x = { name = "x", since = "3.8", summary = "an x", supported = false } } end]],
    [[needs = "feature x", steps = { { outside = "true" } }]])
  if is_filtered() then
    check.match(out, "# SKIP this kernel lacks x: an x")
  else
    check.match(out, "\nnot ok 1 %- the demonstration runs to its end\n.-ns%.features%(%) has no x, which came with Linux 3%.8")
  end
end

tests["what unshare(1) may do is not skipped because nssh is refused it"] = function()
  if is_filtered() then check.skip("a seccomp filter is on: it explains a refusal") end
  here.need_user_namespaces()
  local out = altered([[local run = ns.run
    ns.run = function(options)
      if options.uts then error({ code = "EPERM", message = "refused" }, 0) end
      return run(options)
    end]], [[steps = { { enter = { uts = true } } }]])
  check.match(out, "\nnot ok 1 %- the demonstration runs to its end\n.-nssh cannot make what unshare%(1%) can, .*uts: refused")
end

tests["what is typed at the prompt keeps its globals, and shows values and errors"] = function()
  local out = lesson([==[steps = { { lua = [[ x = { 1, "two", three = { 4 } } ]] }, { lua = [[ x, "s", nil ]] },
    { lua = "print(x[2], 5)" },
    { lua = "error{ code = 'E' }" }, { lua = "error('no')", name = "failed" },
    { lua = "x[1]", checks = { { "values", function(out, s, values)
      local shown = out == "1" and values.n == 1 and values[1] == 1
      return shown and s.values.failed == nil and s.out.failed == "lua:1: no" end } } } }]==]).stdout
  check.match(out, '\nnssh> x, "s", nil\n{ 1, "two", three = { 4 } }\t"s"\tnil\n')
  check.match(out, "\nnssh> print%(x%[2%], 5%)\ntwo\t5\n")
  check.match(out, "\nnssh> error%('no'%)\nlua:1: no\n")
  check.match(out, "\n2 passed, 0 failed")
end

tests["what a chunk lets go of is gone, and what it keeps is closed in the end"] = function()
  local out = checked([[steps = { { lua = "h = ns.open('self', 'uts')" }, { lua = "w = setmetatable({ h }, { __mode = 'v' })" },
    { lua = "h = nil collectgarbage() collectgarbage() return w[1]", checks = {
      { "gone", function(_, _, values) return values.n == 1 and values[1] == nil end } } }, { lua = "h = ns.open('self', 'uts')" } }]])
  check.match(out, "\nok 1 %- gone\n.-\n# left behind: nothing\nok 2")
end

tests["a chunk that moves nssh moves only the copy that plays"] = function()
  local out, result = checked([[steps = { { outside = "readlink /proc/self/ns/uts", name = "before" }, { lua = "ns.unshare{ uts = true }" },
    { lua = "ns.inode('self', 'uts')", checks = {
      { "moved", function(out, s) return s.out.before ~= ("uts:[%s]"):format(out) end, depends = "uts" } } } }]])
  check.eq(result.status, 0, out)
end

tests["shells with names live side by side"] = function()
  local out, result = checked([[steps = { { enter = { uts = true }, as = "a" }, { enter = { uts = true }, as = "b" },
    { inside = "hostname in-a; x=1", at = "a" }, { inside = "hostname in-b; echo ${x:-unset}", at = "b", checks = {
      { "another bash", function(out) return out == "unset" end } } },
    { inside = "hostname", at = "a", checks = { { "its own name", function(out, s)
      return out == "in-a" and s.at.a:inode("uts") ~= s.at.b:inode("uts") end, depends = "uts" } } } }]])
  check.eq(result.status, 0, out)
end

tests["a shell is in a terminal of a fixed size, its status stays, and its notices of jobs do not show"] = function()
  local out = checked([[steps = { { outside = "stty size </dev/tty; test -t 1; echo $TERM", checks = {
      { "size", function(out) return out == "40 100\ndumb" end } } },
    { outside = "false", checks = { { "status", function(_, _, status) return status == 1 end } } },
    { outside = "echo $?", checks = { { "kept", function(out) return out == "1" end } } },
    { outside = "sleep 100 & kill $!; echo done", checks = { { "no notice", function(out) return out == "done" end } } },
    { outside = "echo 'unbalanced", checks = { { "an answer", function(out, _, status) return out ~= "" and status ~= 0 end } } },
    { outside = "printf 'a\\nb'", checks = { { "lines", function(out) return out == "a\nb" end } } } }]])
  check.match(out, "\n7 passed, 0 failed, 0 skipped\n$", out)
end

-- Clean-up.

local Mark = { __close = function(self) os.remove(self.path) end }

local function mark()
  local path = os.tmpname()
  return setmetatable({ path = path }, Mark)
end

local CLEANUP = [[steps = { { outside = "true", cleanup = "echo 1 >>MARK" }, { outside = "true", cleanup = function() error("cannot") end },
  { outside = "echo ready; %s", cleanup = "echo 3 >>MARK" }, { outside = "true", cleanup = "echo never >>MARK" } }]]

tests["clean-up is in reverse order, of what was begun only, and its failure is one of the lesson"] = function()
  local made <close> = mark()
  local result = lesson(CLEANUP:format("exit"):gsub("MARK", made.path), "--check")
  check.eq(content(made.path), "3\n1\n")
  check.match(result.stdout, "\nnot ok %d %- the clean%-up of step 2 works\n.-cannot")
  check.match(result.stdout, "\nnot ok %d %- the demonstration runs to its end\n")
  check.eq(result.status, 1)
end

for _, host in ipairs{ "", "host = { uts = true }, " } do
  for signal, status in pairs{ INT = 130, TERM = 143 } do
    tests[("SIG%s cleans up%s"):format(signal, host ~= "" and ", in a throw-away host, too" or "")] = function()
      local made <close> = mark()
      -- Whoever runs the tests may have SIGINT ignored, as nohup and & in a script do.
      local demo <close> = ns.clone{
        "env", "--default-signal=INT", "sh", "-c", '"$@"; echo $?', "sh", nssh, "-", stdin = "pipe", stdout = "pipe", stderr = "null",
      }
      demo.stdin:write('require "nssh.demo".main{ title = "test", ', host,
        (CLEANUP:format("echo $PPID >>MARK; sleep 1000"):gsub("MARK", made.path)), " }")
      demo.stdin:close()
      local pid
      for _ = 1, 500 do
        pid = content(made.path):match("^(%d+)\n")
        if pid then break end
        sys.sleep(0.01)
      end
      check.ok(pid, "the lesson has not begun")
      -- To nssh itself, which is the parent of the copy in a host.
      local parent = ns.run{ "ps", "-o", "ppid=", "-p", pid }.stdout:match("%d+")
      local process = host == "" and pid or parent
      ns.run{ "kill", "-" .. signal, process }
      local last
      for line in demo.stdout:lines() do last = line end
      check.eq(last, tostring(status))
      check.eq(content(made.path), pid .. "\n3\n1\n")
    end
  end
end

tests["where SIGINT is ignored a lesson plays to its end, in a throw-away host, too"] = function()
  for _, host in ipairs{ "", "host = { uts = true }, " } do
    local result = ns.run{
      "env", "--ignore-signal=INT", "--ignore-signal=QUIT", nssh, "-", "--check", timeout = 60,
      stdin = 'require "nssh.demo".main{ title = "test", ' .. host .. [[steps = { { outside = "kill -INT $PPID; echo on", checks = {
        { "it goes on", function(out) return out == "on" end } } } } }]],
    }
    check.match(result.stdout, "\n2 passed, 0 failed, 0 skipped\n$", result.stderr)
  end
end

-- In an nssh of its own, which reaps what the one that is killed leaves.
tests["after SIGKILL of nssh its shells are gone"] = function()
  local made <close> = mark()
  local result = ns.run{ nssh, "-", made.path, timeout = 30, stdin = [[
    local demo <close> = ns.clone{ sys.readlink("/proc/self/exe"), "-", stdin = "pipe", stdout = "null" }
    demo.stdin:write('require "nssh.demo".main{ title = "test", steps = { { outside = "echo $$ >', arg[1], '; sleep 1000" } } }')
    demo.stdin:close()
    local function state(pid)
      local file <close> = io.open("/proc/" .. pid .. "/stat")
      return file and file:read("a"):match("%) (%a)") or "gone"
    end
    local pid
    repeat
      sys.sleep(0.01)
      local file <close> = io.open(arg[1])
      pid = file:read("n")
    until pid
    print(state(pid))
    demo:kill("KILL")
    demo:wait()
    while state(pid) ~= "gone" and state(pid) ~= "Z" do sys.sleep(0.01) end
    print "gone" ]] }
  check.match(result.stdout, "^[SR]\ngone\n$", result.stderr)
end

tests["a lesson that leaves something behind fails"] = function()
  local made <close> = mark()
  local body = [[steps = { { outside = "setsid -f sh -c 'echo $$ >MARK; exec sleep 600'; until test -s MARK; do sleep 0.01; done" } }]]
  local out, result = checked((body:gsub("MARK", made.path)))
  local pid = content(made.path):match("^(%d+)\n")
  check.ok(pid, "the step has not run")
  ns.run{ "kill", "-KILL", pid }
  apart.eventually(function() return not sys.stat("/proc/" .. pid) end)
  check.match(out, "\nnot ok 1 %- nothing is left behind on this machine\n.-process " .. pid)
  check.match(out, "\n0 passed, 1 failed, 0 skipped\n$")
  check.eq(result.status, 1)
end

-- What programs print.

tests["control characters that a program prints are not shown raw"] = function()
  local made <close> = mark()
  local body = [[steps = { { outside = "printf 'a\\033[31mb\\302\\233c\\007d'", checks = {
    { "wrong", function() return false end }, { "also", function(out) return false, out end } } } }]]
  for _, options in ipairs{ { "--check" }, { "--auto" }, { "--md", made.path } } do
    local out = lesson(body, table.unpack(options)).stdout
    check.ok(not out:find("[\0-\8\11-\31\127]") and not out:find("\xc2[\x80-\x9f]"), out)
    local _, count = out:gsub("a%?%[31mb%?c%?d", "")
    check.eq(count, 3, out)
  end
  local text = content(made.path)
  check.ok(not text:find("[\0-\8\11-\31\127]") and text:find("a?[31mb?c?d", 1, true), text)
end

tests["what a program prints does not depend on the player's environment"] = function()
  local result = ns.run{
    nssh, "-", "--check", timeout = 60, env = { PS_FORMAT = "pid", CLICOLOR_FORCE = "1", NO_COLOR = false, BASH_ENV = "/nonesuch" },
    stdin = [[require "nssh.demo".main{ title = "test", steps = {
      { outside = "echo $TERM $NO_COLOR ${HOME:+home} ${PS_FORMAT-unset} ${CLICOLOR_FORCE-unset} ${BASH_ENV-unset}", checks = {
        { "only what it needs", function(out) return out == "dumb 1 home unset unset unset" end } },
        cleanup = "test -z \"${PS_FORMAT-}\" -a $NO_COLOR = 1" } } }]],
  }
  check.match(result.stdout, "\n2 passed, 0 failed, 0 skipped\n$", result.stderr)
end

tests["a kernel is older than a version by its numbers, and not than its own"] = function()
  local older = require "nssh.demo.requirements".older
  for _, case in ipairs{
    { "6.18.5-amd64", "6.18", false }, { "6.1.0-41", "6.18", true }, { "6.18", "6.9", false }, { "5.19", "6.0", true },
    { "6.0", "5.19", false },
  } do check.eq(older(case[1], case[2]), case[3], case[1] .. " and " .. case[2]) end
end

-- Languages.

local BOTH = [[text = { en = "about it", zh = "关于它" }, steps = { { title = { en = "a step", zh = "一步" }, outside = "echo x", why =
  function() return { en = "reason", zh = "缘由" } end, checks = { { { en = "a claim", zh = "一个断言" }, function() return true end } } },
  { outside = "echo only", why = "English only" } }]]

tests["a lesson is played in the language of --lang, or of the locale"] = function()
  local zh = lesson(BOTH, "--lang", "zh").stdout
  for _, text in ipairs{ "\n关于它\n", "] 一步\n", "\n  ✓ 一个断言\n", "\n  缘由\n", "\n  English only\n", "\n遗留\u{ff1a}无\n" } do
    check.ok(zh:find(text, 1, true), text .. " is missing in\n" .. zh)
  end
  check.ok(not zh:find("a claim", 1, true), zh)
  local function in_locale(variables)
    variables = setmetatable(variables, nil)
    for _, name in ipairs{ "LC_ALL", "LC_MESSAGES", "LANG" } do variables[name] = variables[name] or false end
    local script = 'require "nssh.demo".main{ title = "test", ' .. BOTH .. " }"
    return ns.run{ nssh, "-", stdin = script, env = variables }.stdout:find("关于它", 1, true) and "zh" or "en"
  end
  check.eq(in_locale{ LANG = "zh_CN.UTF-8" }, "zh")
  check.eq(in_locale{ LC_MESSAGES = "zh_TW.UTF-8", LANG = "en_US.UTF-8" }, "zh")
  check.eq(in_locale{ LC_ALL = "C", LANG = "zh_CN.UTF-8" }, "en")
  check.eq(in_locale{}, "en")
  check.match(lesson(BOTH, "--lang", "fr").stderr, "usage:")
end

tests["the player's words are there in both languages, with the same places to fill in"] = function()
  local words = require "nssh.demo.words"
  local function places(text)
    local found = {}
    for place in text:gmatch("%%%a") do found[#found + 1] = place end
    return table.concat(found, " ")
  end
  for name, text in pairs(words.en) do
    check.ok(words.zh[name], name .. " is missing in Chinese")
    check.eq(places(words.zh[name]), places(text), name)
  end
  for name in pairs(words.zh) do check.ok(words.en[name], name .. " is missing in English") end
end

tests["Chinese takes two cells, and breaks anywhere but at its marks"] = function()
  check.eq(wrap("一二三四五", "", 6), { "一二三", "四五" })
  for _, comma in ipairs{ ",", "\u{ff0c}" } do check.eq(wrap("一二三" .. comma .. "四", "", 6), { "一二", "三" .. comma .. "四" }) end
  check.eq(wrap("一二\u{ff08}三\u{ff09}四", "  ", 8), { "  一二", "  \u{ff08}三\u{ff09}", "  四" })
  check.eq(wrap("用clone一下", "", 7), { "用clone", "一下" })
  check.eq(wrap("one two three", "", 8), { "one two", "three" })
  check.eq(wrap("a-word-that-is-longer x", "", 8), { "a-word-that-is-longer", "x" })
  check.eq(wrap("  ", "", 8), {})
  check.eq(wrap("not \xff UTF-8", "", 3), { "not \xff UTF-8" })
end

-- Recordings.

local RECORDED = [[steps = { { title = "one \"quoted\"", outside = "printf 'a\tb\\001\\n'", expect = "a, b",
    why = "with `code` and *stars*" },
  { title = "two", outside = "seq 30", focus = "7", checks = { { "it ends", function() return true end } } } }]]

for _, host in ipairs{ "", "host = { ipc = true }, " } do
  local where = host ~= "" and ", in a throw-away host, too" or ""
  tests["--cast records what a terminal shows, with a marker for each step" .. where] = function()
    local made <close> = mark()
    local result = lesson(host .. RECORDED, "--cast", made.path)
    check.eq(result.status, 0, result.stderr)
    local last, markers, output = 0, {}, {}
    local text = content(made.path)
    check.match(text, '^{"version": 2, "width": 100, "height": 40, "timestamp": %d+, "title": "test"')
    for line in text:gsub("^[^\n]*\n", ""):gmatch("[^\n]+") do
      local time, kind, data = line:match('^%[([%d.]+), "([om])", "(.*)"%]$')
      check.ok(time, "no event: " .. line)
      check.ok(tonumber(time) >= last, "time goes back at " .. line)
      last = tonumber(time)
      table.insert(kind == "m" and markers or output, data)
    end
    check.eq(markers, { 'one \\"quoted\\"', "two" })
    check.match(table.concat(output), "a\\tb%?\\r\\n")
    -- JSON has no control characters: those of the colours are written as numbers.
    check.match(table.concat(output), "\\u001b%[1;4m%[2/2%] two\\u001b%[0m")
    check.eq(text:match("[\0-\9\11-\31][^\n]*"), nil)
    check.match(table.concat(output), "passed, 0 failed")
  end
end

tests["--md writes a transcript"] = function()
  local made <close> = mark()
  check.eq(lesson(RECORDED, "--md", made.path).status, 0)
  local text = content(made.path)
  check.match(text, '^# test\n\n## 1/2 one "quoted"\n\n```console\noutside> printf')
  check.match(text, "\na\tb%?\n```\n\n%*expected: %* a, b\n\nwith `code` and \\%*stars\\%*\n\n## 2/2 two\n")
  check.match(text, "\n7\n17\n27\n… and 27 lines that are not about this\n```\n\n%- ✓ it ends\n")
  check.match(text, "\n\n```\nleft behind: nothing\n```\n\n%- ✓ nothing is left")
end

tests["--md: output that looks like Markdown stays output"] = function()
  local made <close> = mark()
  check.eq(lesson([[steps = { { outside = "printf '# a\\n```\\n````\\nb\\n'" } }]], "--md", made.path).status, 0)
  check.match(content(made.path), "\n`````console\noutside> printf [^\n]*\n# a\n```\n````\nb\n`````\n")
end

tests["a file that cannot be written is an error"] = function()
  for _, option in ipairs{ "--md", "--cast" } do
    local result = lesson(RECORDED, option, "/nonesuch/file")
    check.eq(result.status, 1)
    check.match(result.stderr, "/nonesuch/file: No such file")
  end
  check.match(lesson(RECORDED, "--md").stderr, "^usage:")
end

return tests
