-- ns.plan: what options stand for, held against what strace(1) sees when they are carried out.
local check = require "check"
local apart = require "apart"
local here = require "here"
local mapped = require "mapped"
local nssh = sys.readlink("/proc/self/exe")
local root = sys.geteuid() == 0
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
  [ [[uts = "box", ROOT, "hostname"]] ] = "box\n",
  [ [[ROOT, sh = "id -u; hostname"]] ] = true,
  [ [[SELF, sh = "id -u"]] ] = sys.getuid() .. "\n",
  [ [[ROOT, sh = "cat /proc/self/setgroups"]] ] = "deny\n",
  [ [[user = true, sh = "id -u"]] ] = "65534\n",
  [ [[ROOT, pid = { proc = true }, sh = "echo $$; set -- /proc/[0-9]*; echo $#"]] ] = "1\n1\n",
  [ [[ROOT, net = { lo = true }, sh = "ip -br link show lo | tr -s ' ' | cut -d' ' -f2"]] ] = "UNKNOWN\n",
  [ [[ROOT, time = { boottime = 100000000 }, sh = "cut -c1-3 /proc/uptime"]] ] = "100\n",
  [ [[ROOT, mnt = true, cwd = "/usr", env = { A = "it's $x" }, sh = "pwd; echo \"$A\""]] ] = "/usr\nit's $x\n",
  [ [[clear_env = true, env = { B = 7 }, "/usr/bin/env"]] ] = "B=7\n",
}
for text, expected in pairs(sayings) do
  tests["the plan's command line does the same: " .. text] = function()
    local options = mapped.options(text)
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
  check.eq({ why{ uts = "box", "true" } }, { "", "uts.hostname" })
  check.eq({ why{ pid = { init = true }, "true" } }, { "pid.init", "pid.init" })
  check.eq({ why{ session = true, "true" } }, { "session", "session" })
  check.eq({ why{ time = { monotonic = 0.5 }, "true" } }, { "time.monotonic", "time" })
  check.eq({ why{ env = { A = false }, "true" } }, { "", "env" })
  check.eq({ why{ function() end } }, { "the", "the" })
end

-- What is in neither of the two is refused: by this name, if it is not the option's own.
local function refused(name) return { refused = name } end
-- Options that give each option, and a pattern of the text that says it, as a command line and in Go.
local function said(p)
  local mine = { { 0, sys.geteuid(), 1 } }
  local list = {
    uts = { { uts = true }, "%-%-uts", "CLONE_NEWUTS" },
    ["uts.hostname"] = { { uts = "box" }, "hostname box && exec", refused() },
    ["uts.domainname"] = { { uts = { domainname = "box" } }, "domainname box && exec", refused() },
    ipc = { { ipc = true }, "%-%-ipc", "CLONE_NEWIPC" },
    pid = { { pid = true }, "%-%-pid", "CLONE_NEWPID" },
    ["pid.proc"] = { { pid = { proc = true } }, "%-%-mount%-proc", refused("mnt.proc") },
    ["pid.init"] = { { pid = { init = true } }, refused(), refused() },
    net = { { net = true }, "%-%-net", "CLONE_NEWNET" },
    ["net.lo"] = { { net = { lo = true } }, "ip link set lo up && exec", refused() },
    cgroup = { { cgroup = true }, "%-%-cgroup", "CLONE_NEWCGROUP" },
    time = { { time = true }, "%-%-time", refused() },
    ["time.monotonic"] = { { time = { monotonic = 5 } }, "%-%-monotonic=5", refused("time") },
    ["time.boottime"] = { { time = { boottime = -5 } }, "%-%-boottime=%-5", refused("time") },
    user = { { user = "root" }, root and refused("user") or "%-%-map%-root%-user", "UidMappings" },
    ["user.uid"] = { { user = { uid = mine } }, root and refused("user") or "%-%-map%-users=", "UidMappings" },
    ["user.gid"] = { { user = { gid = mine } }, root and refused("user") or "%-%-map%-groups=", "GidMappings" },
    ["user.setgroups"] = { { user = { uid = mine, setgroups = "deny" } }, root and refused("user") or "%-%-setgroups=deny", refused() },
    sh = { { sh = "true" }, "sh %-c true", '"/bin/sh", "%-c", "true"' },
    argv0 = { { "true", argv0 = "name" }, refused(), 'cmd%.Args%[0%] = "name"' },
    args = { { function() end, args = {} }, refused("the body"), refused("the body") },
    max_reply = { { function() end, max_reply = 5000 }, refused("the body"), refused("the body") },
    stdin = { { "true", stdin = { path = "/etc/hosts" } }, "true </etc/hosts$", refused() },
    ["stdin.path"] = { { "true", stdin = { path = "-" } }, "true <%-$", refused("stdin") },
    ["stdin.data"] = { { "true", stdin = { data = "x\0y" } }, refused("stdin"), 'cmd%.Stdin = strings%.NewReader%("x\\x00y"%)' },
    stdout = { { "true", stdout = "/tmp/o u t" }, "true >'/tmp/o u t'$", refused() },
    stderr = { { "true", stderr = "null" }, "true 2>/dev/null$", "cmd%.Stdin, cmd%.Stdout = os%.Stdin, os%.Stdout\n" },
    env = { { "/bin/true", env = { A = "b c" } }, "env 'A=b c' /bin/true", 'cmd%.Env = append%(cmd%.Env, "A=b c"%)' },
    clear_env = { { "/bin/true", clear_env = true }, "env %-i /bin/true", "cmd%.Env = %[%]string{}" },
    cwd = { { "true", cwd = "/usr" }, "env %-%-chdir=/usr true", 'cmd%.Dir = "/usr"' },
    uid = { { "true", uid = 0 }, "%-%-setuid=0", "Credential: &syscall%.Credential{Uid: 0," },
    gid = { { "true", uid = 1, gid = 5 }, root and "%-%-setgid=5" or refused(), "Gid: 5" },
    groups = { { "true", uid = 1, gid = 5, groups = { 7 } }, refused(), "Gid: 5, Groups: %[%]uint32{7}" },
    session = { { "true", session = true }, refused(), refused() },
    fds = { { "true", fds = { [3] = io.stdout } }, refused(), refused() },
    detach = { { "true", detach = true }, refused(), "Setsid: true" },
    timeout = { { "true", timeout = 3 }, "^timeout %-%-signal=KILL 3 true", refused() },
    mnt = { { mnt = true }, "%-%-mount", "Unshareflags: syscall%.CLONE_NEWNS" },
    ["mnt.propagation"] = { { mnt = { propagation = "shared" } }, "%-%-propagation=shared", refused() },
    ["mnt.proc"] = { { mnt = { proc = true } }, "%-%-mount%-proc", refused() },
  }
  for _, type in ipairs{ "uts", "ipc", "pid", "mnt", "net", "cgroup", "time", "user" } do
    list[type .. ".join"] = { { "true", [type] = { join = p } }, "^nsenter .*%-%-" .. (type == "mnt" and "mount" or type), refused("join") }
  end
  for _, rest in ipairs{ "", ".join", ".propagation", ".proc" } do
    local sample = { table.unpack(list["mnt" .. rest]) }
    -- It is told by its usual name.
    if type(sample[3]) == "table" and not sample[3].refused then sample[3] = refused("mnt" .. rest) end
    list["mount" .. rest] = sample
  end
  return list
end

tests["every option is said, or refused by its name, in a command line and in Go"] = function()
  local every = { user = "root", uts = true, ipc = true, pid = true, mnt = true, net = true, cgroup = true, time = true }
  local p <close> = apart.clone(every)
  local samples = said(p)
  local records = {}
  for _, record in ipairs(require "nssh.reference".records) do records[record.name] = record end
  local names = {}
  for _, field in ipairs(records["ns.plan"].fields) do
    names[#names + 1] = field.name
    local settings = records[field.name .. " options"]
    for _, setting in ipairs(settings and settings.fields or {}) do names[#names + 1] = field.name .. "." .. setting.name end
  end
  check.ok(#names > 40, #names .. " options")
  for _, name in ipairs(names) do
    local sample = check.ok(samples[name], name .. ": this test does not know how it is said")
    local options = sample[1]
    if not options[1] and not options.sh then options[1] = "true" end
    local plan = ns.plan(options)
    for position, form in ipairs{ "command", "go" } do
      local expected, about = sample[position + 1], form .. " of " .. name
      if type(expected) == "table" then
        check.eq(plan[form], nil, about)
        local reason = plan.inexpressible[form] or ""
        check.eq(reason:match("^(.-): "), expected.refused or name, about .. ": " .. reason)
      else
        check.eq(plan.inexpressible[form], nil, about)
        check.match(plan[form], expected, about)
      end
    end
  end
end

tests["streams of every kind are said or refused"] = function()
  local function forms(options)
    local plan = ns.plan(options)
    local go = plan.go and plan.go:match("\ncmd%.Std[^\n]*") or plan.inexpressible.go:match("^%w+")
    return { plan.command or plan.inexpressible.command:match("^%w+"), go }
  end
  check.eq(forms{ "true" }, { "env true", "\ncmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr" })
  local nulls = { "true", stdin = "null", stdout = "null", stderr = "inherit" }
  check.eq(forms(nulls), { "env true </dev/null >/dev/null", "\ncmd.Stderr = os.Stderr" })
  check.eq(forms{ "true", stdin = "pipe" }, { "stdin", "stdin" })
  check.eq(forms{ "true", stdout = "capture" }, { "stdout", "stdout" })
  check.eq(forms{ "true", stderr = io.stderr }, { "stderr", "stderr" })
end

tests["what is not asked for and done all the same is said too"] = function()
  if not root then
    -- Its ids are kept by all.
    check.eq(ns.plan{ uid = 0, "true" }.command, "unshare --kill-child --setuid=0 true")
    return
  end
  -- Root's groups are dropped for another user: unshare(1) does that with a gid only.
  check.match(ns.plan{ uid = 1234, "id" }.inexpressible.command, "^groups: ")
  check.match(ns.plan{ uid = 1234, "id" }.go, "Uid: 1234, Gid: 0, Groups: %[%]uint32{}")
  check.match(ns.plan{ gid = 5, "id" }.inexpressible.command, "^gid: ")
  check.match(ns.plan{ gid = 5, "id" }.go, "Uid: 0, Gid: 5, NoSetGroups: true")
  -- nssh leaves setgroups(2) to root inside.
  check.match(ns.plan{ user = "root", "id" }.go, "GidMappingsEnableSetgroups: true")
  local denied = ns.plan{ user = { uid = { { 0, 0, 1 } }, gid = { { 0, 0, 1 } }, setgroups = "deny" }, "id" }.go
  check.ok(not denied:find("GidMappingsEnableSetgroups", 1, true), denied)
  -- It becomes the first of its subordinate ids.
  check.match(ns.plan{ user = "auto", "id" }.go, "Credential: &syscall.Credential{Uid: 0, Gid: 0, NoSetGroups: true}")
  check.match(ns.plan{ user = "auto", "id" }.inexpressible.command, "^user: ")
end

tests["a program's death with the thread that starts it is not left to chance"] = function()
  check.match(ns.plan{ uts = true, "true" }.go, "^runtime%.LockOSThread%(%)")
  local detached = ns.plan{ detach = true, "true" }.go
  check.ok(not detached:find("Pdeathsig", 1, true) and not detached:find("LockOSThread", 1, true), detached)
end

tests["words of any bytes are in the command line as they are"] = function()
  local options = { "printf", "%s|", "a\xffb", "it's", "\n", "$x", "" }
  check.eq(ns.run{ sh = ns.plan(options).command }.stdout, "a\xffb|it's|\n|$x||")
  options.env = { V = "\xfe" }
  check.match(ns.plan(options).go, '"a\\xffb", "it\'s", "\\n", "$x", ""')
  check.match(ns.plan(options).go, '"V=\\xfe"')
  check.match(ns.plan{ "-x" }.inexpressible.command, "^the body: ")
  check.match(ns.plan{ "a=b", cwd = "/" }.inexpressible.command, "^the body: ")
end

tests["Go's SysProcAttr has the flags, maps and strings of the options"] = function()
  local go = ns.plan{ uts = true, mnt = true, user = { uid = { { 0, 1000, 1 } } }, "sh", "-c", 'echo "a\\b"\n' }.go
  check.match(go, '\ncmd := exec%.Command%("sh", "%-c", "echo \\"a\\\\b\\"\\n"%)\n')
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
  check.match(ns.plan(mapped.options[[ROOT, uid = 0, "true"]]()).command, "%-%-setuid=0")
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

tests["what nsenter would take along to others is not said to be the same"] = function()
  local target <close> = require "strangers".boxed()
  local user = sys.geteuid() ~= 0 and target.pid or nil
  local plan = ns.plan{ user = user, mnt = target.pid, "true" }
  check.eq(plan.command, nil)
  check.match(plan.inexpressible.command, "environment")
end

return tests
