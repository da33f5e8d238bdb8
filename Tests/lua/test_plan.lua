-- ns.plan: what options stand for, held against what strace(1) sees when they are carried out.
local check = require "check"
local apart = require "apart"
local here = require "here"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

tests["a plan reads as the kernel calls in their order"] = function()
  local plan = tostring(ns.plan{ user = "root", uts = "box", net = { lo = true }, "hostname" })
  local last = 0
  local parts = { "clone3(NEWUTS|NEWNET|NEWUSER)", "write gid_map", "write uid_map", 'sethostname("box")', "IFF_UP", 'execve("hostname")' }
  for _, part in ipairs(parts) do
    local at = plan:find(part, last + 1, true)
    check.ok(at, part .. " is not where it should be in " .. plan)
    last = at
  end
end

tests["a plan does nothing"] = function()
  local before = ns.ledger()
  local name = sys.hostname()
  ns.plan{ uts = "box", user = "root", stdout = "/nonesuch/file", "nonesuch" }
  check.eq(sys.hostname(), name)
  check.eq(tostring(ns.ledger():since(before)), "left behind: nothing")
end

tests["who makes each call is said"] = function()
  local makers = {}
  for _, line in ipairs(ns.plan{ uts = true, "true" }) do makers[line.call] = line.by end
  check.eq(makers.clone3, "nssh")
  check.eq(makers.execve, "child")
  check.fails(function() ns.plan{ utz = true } end, "did you mean 'uts'")
end

-- Every call of the plan, in the plan's order, is in what strace wrote.
local function carried_out(options)
  here.need_user_namespaces()
  here.need_strace()
  local chunk = "ns.run{" .. options .. "}"
  local plan = load("return ns.plan{" .. options .. "}")()
  local trace = ns.run{ "strace", "-f", "-o", "/dev/stdout", nssh, "-e", chunk }
  check.ok(trace.ok, trace.stderr)
  local position = 1
  for _, line in ipairs(plan) do
    local at, after = trace.stdout:find("%f[%w]" .. line.call .. "%(", position)
    check.ok(at, ("%s (%s) was not carried out after the calls before it"):format(line.text, line.by))
    position = after
  end
end

tests["a plan with maps and settings is carried out in its order"] = function()
  carried_out[[user = "self", uts = "box", ipc = true, pid = { proc = true }, net = { lo = true }, "true"]]
end

tests["a plan of a program is carried out in its order"] = function() carried_out[[cwd = "/", "true"]] end

-- Commands that say what the options do: the command line of the plan must give the same.
local sayings = {
  [ [[uts = "box", user = "root", "hostname"]] ] = "box\n",
  [ [[user = "root", sh = "id -u; hostname"]] ] = true,
  [ [[user = "self", sh = "id -u"]] ] = sys.getuid() .. "\n",
  [ [[user = true, sh = "id -u"]] ] = "65534\n",
  [ [[user = "root", pid = { proc = true }, sh = "echo $$; set -- /proc/[0-9]*; echo $#"]] ] = "1\n1\n",
  [ [[user = "root", net = { lo = true }, sh = "ip -br link show lo | tr -s ' ' | cut -d' ' -f2"]] ] = "UNKNOWN\n",
  [ [[user = "root", time = { boottime = 100000000 }, sh = "cut -c1-3 /proc/uptime"]] ] = "100\n",
  [ [[user = "root", mnt = true, cwd = "/usr", env = { A = "it's $x" }, sh = "pwd; echo \"$A\""]] ] = "/usr\nit's $x\n",
  [ [[clear_env = true, env = { B = 7 }, "/usr/bin/env"]] ] = "B=7\n",
}
for text, expected in pairs(sayings) do
  tests["the plan's command line does the same: " .. text] = function()
    local options = load("return {" .. text .. "}")
    local plan = ns.plan(options())
    check.eq(plan.inexpressible.command, nil)
    here.need_user_namespaces()
    local ours = ns.run(options())
    if expected ~= true then check.eq(ours.stdout, expected) end
    local theirs = ns.run{ sh = plan.command }
    check.eq(theirs.stdout, ours.stdout, plan.command .. ": " .. theirs.stderr)
  end
end

tests["joins are nsenter's"] = function()
  local p = apart.clone{ uts = "box" }
  local plan = ns.plan{ user = p, uts = p, "hostname" }
  check.match(plan.command, "^nsenter %-%-target %d+ ")
  local r = ns.run{ sh = plan.command }
  local h <close> = p:open("uts")
  check.match(ns.plan{ uts = h, "hostname" }.command, "^nsenter %-%-uts=/proc/%d+/fd/%d+ hostname$")
  p:close()
  check.eq(r.stdout, "box\n", plan.command .. ": " .. r.stderr)
end

tests["what another tool has no word for is said, by option"] = function()
  local function why(options)
    local reasons = ns.plan(options).inexpressible
    return (reasons.command or ""):match("^[%w.]*"), (reasons.go or ""):match("^[%w.]*")
  end
  check.eq({ why{ uts = "box", "true" } }, { "", "uts" })
  check.eq({ why{ pid = { init = true }, "true" } }, { "pid.init", "pid.init" })
  check.eq({ why{ session = true, "true" } }, { "session", "session" })
  check.eq({ why{ time = { monotonic = 0.5 }, "true" } }, { "time.monotonic", "time" })
  check.eq({ why{ env = { A = false }, "true" } }, { "", "env" })
  check.eq({ why{ function() end } }, { "the", "the" })
end

tests["Go's SysProcAttr has the flags, maps and strings of the options"] = function()
  local go = ns.plan{ uts = true, mnt = true, user = { uid = { { 0, 1000, 1 } } }, "sh", "-c", 'echo "a\\b"\n' }.go
  check.match(go, '^cmd := exec%.Command%("sh", "%-c", "echo \\"a\\\\b\\"\\n"%)\n')
  check.match(go, "Cloneflags: syscall%.CLONE_NEWUTS | syscall%.CLONE_NEWUSER,")
  check.match(go, "Unshareflags: syscall%.CLONE_NEWNS,")
  check.match(go, "UidMappings: %[%]syscall%.SysProcIDMap{{ContainerID: 0, HostID: 1000, Size: 1}},")
end

tests["a command line that unshare(1) would refuse is none"] = function()
  for _, user in ipairs{ "root", "self" } do
    local plan = ns.plan{ user = user, gid = 0, "true" }
    check.eq(plan.command, nil)
    check.match(plan.inexpressible.command, "^gid: .*setgroups")
  end
  check.match(ns.plan{ user = "root", uid = 0, "true" }.command, "%-%-setuid=0")
  if sys.geteuid() ~= 0 then return end
  -- newuidmap(1) holds root to /etc/subuid as well.
  local options = { user = { uid = { { 0, 0, 10 } }, gid = { { 0, 0, 10 } } }, sh = "cat /proc/self/uid_map" }
  local plan = ns.plan(options)
  if plan.command then
    check.eq(ns.run{ sh = plan.command }.stdout, ns.run(options).stdout)
  else
    check.match(plan.inexpressible.command, "newuidmap")
  end
  local auto = ns.plan{ user = "auto", "true" }
  if auto.command then check.ok(ns.run{ sh = auto.command }.ok, auto.command) end
end

tests["a command line names a handle by its own descriptor"] = function()
  here.need_root("joining a uts namespace alone takes root")
  local p <close> = apart.clone{ uts = "box" }
  local h <close> = p:open("uts")
  check.eq(ns.run{ sh = ns.plan{ uts = h, "hostname" }.command }.stdout, "box\n")
end

return tests
