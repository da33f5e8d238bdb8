-- nssh enter: nsenter(1) with more kinds of targets. What nsenter does in its options' terms, both do.
local check = require "check"
local here = require "here"
local apart = require "apart"
local typing = require "typing"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")
local types = { mnt = "-m", uts = "-u", ipc = "-i", net = "-n", pid = "-p", user = "-U", cgroup = "-C", time = "-T" }
local look = "cd -P .; pwd; id -u; cd /proc/self/ns && readlink uts ipc net cgroup mnt pid user time; hostname"

local function enter(...) return ns.run{ timeout = 20, nssh, "enter", ... } end

local function box()
  return apart.clone{
    uts = "box", ipc = true, net = true, cgroup = true, mnt = true, pid = { proc = true }, time = { boottime = 100000 }, cwd = "/tmp",
  }
end

tests["without options all that differs, with root and working directory"] = function()
  local p <close> = box()
  local r = enter(tostring(p.pid), "sh", "-c", look):check()
  check.eq(r.stdout, "/tmp\n" .. p:run{ sh = look }:check().stdout:match("\n(.*)"))
  for _, word in ipairs{ "-t", "--target" } do
    check.eq(enter(word, tostring(p.pid), "--", "sh", "-c", look):check().stdout, r.stdout, word)
  end
end

tests["each type by its letter and its name, as nsenter"] = function()
  here.need_program("nsenter", "util-linux")
  local outer <close> = apart.clone{ uts = true }
  for _, pair in ipairs(outer:call(function()
    local p <close> = ns.clone{ uts = "box", ipc = true, net = true, cgroup = true, mnt = true, time = true }
    local t, pairs_seen = tostring(p.pid), {}
    local function both(title, ours, theirs)
      local mine = ns.run{ nssh, "enter", t, table.unpack(ours) }
      local there = ns.run{ "nsenter", "-t", t, table.unpack(theirs or ours) }
      pairs_seen[#pairs_seen + 1] = { title, mine.stdout .. mine.stderr, there.stdout .. there.stderr }
    end
    for type, letter in pairs(types) do
      if type ~= "pid" and type ~= "user" then
        both(type, { letter, "sh", "-c", look })
        both(type, { "--" .. (type == "mnt" and "mount" or type), "sh", "-c", look })
        both(type, { letter .. "=/proc/" .. t .. "/ns/" .. type, "sh", "-c", look },
          { letter .. "/proc/" .. t .. "/ns/" .. type, "sh", "-c", look })
      end
    end
    both("several", { "-n", "-u", "-i", "sh", "-c", look })
    both("-w", { "-m", "-w", "sh", "-c", look })
    both("-w=DIR", { "-u", "--wd=/usr", "sh", "-c", look })
    both("-r", { "-m", "-r", "sh", "-c", look })
    both("--root=/", { "-u", "--root=/", "--wd=/", "sh", "-c", look })
    -- Newer ones of util-linux take the letter without a directory, too.
    both("-W", { "-m", "-W", "/usr", "sh", "-c", look }, { "-m", "-W/usr", "sh", "-c", look })
    both("exit", { "-n", "sh", "-c", "exit 9" })
    return pairs_seen
  end)) do check.eq(pair[2], pair[3], pair[1]) end
end

tests["types that are named are joined without the target's root, as nsenter"] = function()
  here.need("test -x /usr/bin/sleep -a -e /usr/lib64", "no program can be run with /usr as the root")
  local p <close> = apart.clone{ mnt = true, uts = true, "chroot", "/usr", "/bin/sleep", "60" }
  apart.eventually(function() return sys.readlink("/proc/" .. p.pid .. "/root") == "/usr" end)
  local words = { tostring(p.pid), "/bin/sh", "-c", "cd /; test -e usr && echo whole" }
  check.eq(enter("-U", "-S", "0", "-m", table.unpack(words)):check().stdout, "whole\n")
  check.eq(enter("-U", "-S", "0", "-m", "-r", table.unpack(words)).stdout, "")
  check.eq(enter(table.unpack(words)).stdout, "")
end

tests["a pid namespace, with and without a child"] = function()
  local p <close> = box()
  local link = ("pid:[%d]\n"):format(p:inode("pid"))
  check.eq(enter("-p", "-U", tostring(p.pid), "sh", "-c", "readlink /proc/self/ns/pid; exit 3").stdout, "pid:[" .. p:inode("pid") .. "]\n")
  local outside = ("pid:[%d]\n"):format(ns.inode("self", "pid"))
  check.eq(enter("-pUF", tostring(p.pid), "sh", "-c", "readlink /proc/$$/ns/pid").stdout, outside)
  check.eq(enter("-pUF", tostring(p.pid), "sh", "-c", "readlink /proc/$$/ns/pid_for_children").stdout, link)
end

tests["who one is there"] = function()
  local p <close> = apart.clone{ net = true }
  local who = { "sh", "-c", "id -u; id -g" }
  check.eq(enter(tostring(p.pid), table.unpack(who)).stdout, "0\n0\n")
  if ns.inode("self", "user") ~= p:inode("user") then
    local r = enter("-U", "--preserve-credentials", tostring(p.pid), table.unpack(who)):check()
    local theirs = ns.run{ "nsenter", "-t", tostring(p.pid), "-U", "--preserve-credentials", table.unpack(who) }
    check.eq(r.stdout, theirs.stdout)
  end
  if sys.geteuid() == 0 then
    -- Root there is somebody else.
    local map = { { 0, 1, 1 }, { 1000, 0, 1 } }
    local q <close> = apart.clone{ user = { uid = map, gid = map } }
    check.eq(enter("-U", tostring(q.pid), table.unpack(who)).stdout, "0\n0\n")
    check.eq(enter("-U", "--preserve-credentials", tostring(q.pid), table.unpack(who)).stdout, "1000\n1000\n")
    check.eq(enter("-n", "-S", "1234", "-G", "2345", tostring(p.pid), "sh", "-c", "id -u; id -G").stdout, "1234\n2345\n")
  end
end

tests["how the command ends is how it ends"] = function()
  local p <close> = box()
  local t = tostring(p.pid)
  for _, how in ipairs{ {}, { "-u" } } do -- with a child, and without
    local function run(...)
      local words = { nssh, "enter", t }
      for _, list in ipairs{ how, { ... } } do table.move(list, 1, #list, #words + 1, words) end
      return ns.run{ timeout = 20, table.unpack(words) }
    end
    check.eq(run("true").status, 0)
    check.eq(run("sh", "-c", "exit 125").status, 125)
    check.eq(run("sh", "-c", "kill -KILL $$").signal, "SIGKILL")
    check.eq(run("sh", "-c", "kill -SEGV $$").signal, "SIGSEGV")
    local missing = run("/nssh-no-such-program")
    check.eq(missing.status, 127)
    check.match(missing.stderr, "^nssh: enter: .*/nssh%-no%-such%-program")
    check.eq(run("/etc/passwd").status, 126)
  end
end

tests["what cannot be entered is 125"] = function()
  for _, case in ipairs{
    { "TARGET is missing" }, { "unknown option '%-%-no%-frok'; did you mean '%-%-no%-fork'", "--no-frok", "self" },
    { "'%-x'", "-x", "self" }, { "No such process", "4194303", "true" }, { "no namespace", "/etc/passwd", "true" },
    { "names no|nothing is called", "nssh-no-such-name", "true" }, { "from 0 to", "-S", "x", "self", "true" },
    { "is ambiguous", "--u", "self", "true" }, { "takes no value", "--all=x", "self", "true" }, { "needs a value", "self", "-S" },
    { "only a process has a root", "-r", "/proc/self/ns/net", "true" }, { "not a uts namespace", "-u", "/proc/self/ns/net", "true" },
  } do
    local r = enter(table.unpack(case, 2))
    check.eq({ r.status, r.stdout }, { 125, "" }, case[1])
    local seen = false
    for pattern in case[1]:gmatch("[^|]+") do seen = seen or r.stderr:find(pattern) ~= nil end
    check.ok(seen, case[1] .. ": " .. r.stderr)
  end
end

tests["targets by link, inode and path"] = function()
  local p <close> = apart.clone{ net = true, uts = "box" }
  local inode = p:inode("net")
  local link = ("net:[%d]\n"):format(inode)
  for _, target in ipairs{ link:sub(1, -2), tostring(inode), ("/proc/%d/ns/net"):format(p.pid) } do
    check.eq(enter(target, "readlink", "/proc/self/ns/net").stdout, link, target)
    check.eq(enter("-n", target, "readlink", "/proc/self/ns/net").stdout, link, target)
  end
  check.eq(enter(("--net=/proc/%d/ns/net"):format(p.pid), "--", "readlink", "/proc/self/ns/net").stdout, link)
end

-- What the caller has called so himself. Root's own are in no user namespace.
local function named(name, options)
  options.argv0, options[1], options[2] = name, "sleep", "20"
  local p = sys.geteuid() == 0 and ns.clone(options) or apart.clone(options)
  -- argv is there when exec is done, which clone does not wait for.
  apart.eventually(function()
    for _, item in ipairs(ns.find(name)) do
      if item.pid == p.pid then return true end
    end
  end, name .. " is not found")
  return p
end

tests["targets by name"] = function()
  local name = "nssh-enter-test"
  local p <close> = named(name, { uts = "box" })
  local r = enter(name, "hostname")
  check.eq({ r.stdout, p:alive() }, { "box\n", true }, r.stderr)
  local other <close> = named(name, { uts = "other" })
  r = enter(name, "hostname")
  check.eq({ r.status, r.stdout }, { 125, "" })
  local pids = { p.pid, other.pid }
  table.sort(pids)
  check.match(r.stderr, ("more than one: pid %d of uid %d .*%s 20; pid %d of uid %d .*; say which by its pid, such as %d"):format(
    pids[1], sys.geteuid(), name:gsub("%-", "%%-"), pids[2], sys.geteuid(), pids[1]))
  -- Neither is it looked at.
  check.eq(ns.run{ nssh, "ls", name }.status, 2)
end

-- A process of another user, in a box of theirs, that calls itself so.
local function stranger(name, options)
  here.need_root("somebody else's process has to be made")
  here.need_user_namespaces_of_nobody()
  local script = ([[exec -a '%s' sleep 20]]):format(name)
  local words = { "bash", "-c", script }
  if options then words = table.move(words, 1, #words, #options + 1, table.move(options, 1, #options, 1, {})) end
  here.need_program("bash", "bash")
  local p = ns.clone{ uid = 65534, gid = 65534, groups = {}, table.unpack(words) }
  apart.eventually(function()
    local found = ns.find(name)
    return found[#found] and found[#found].pid == p.pid
  end, name .. " is not found")
  return p
end

tests["a name that another user's process has given itself"] = function()
  local name = "nssh-enter-spoof"
  local p <close> = stranger(name, { "unshare", "-Urun" })
  local r = enter(name, "true")
  check.eq({ r.status, r.stdout }, { 125, "" })
  for _, text in ipairs{
    ('nobody vouches for the name "%s": pid %d of uid 65534 (nobody), %s 20'):format(name, p.pid, name),
    ("; name it by its pid, such as %d, or as nobody/%s;"):format(p.pid, name),
  } do check.ok(r.stderr:find(text, 1, true), r.stderr) end
  check.eq({ ns.find(name)[1].vouched, ns.find(name)[1].uid }, { false, 65534 })
  -- To look, it may be named.
  check.match(ns.run{ nssh, "ls", "-t", "net", name }:check().stdout, tostring(p:inode("net")))
  local link = ("net:[%d]\n"):format(p:inode("net"))
  for _, word in ipairs{ "nobody/" .. name, "65534/" .. name, tostring(p.pid) } do
    check.eq(enter("-n", word, "readlink", "/proc/self/ns/net").stdout, link, word)
  end
  for _, word in ipairs{ "root/" .. name, "0/" .. name, "65533/" .. name } do
    check.eq({ word, enter(word, "true").status }, { word, 125 })
  end
  -- It does not keep root from what is root's.
  local mine <close> = named(name, { uts = "mine" })
  check.eq(enter(name, "hostname").stdout, "mine\n")
  check.eq(mine:alive(), true)
end

tests["USER/NAME is for a user namespace of that user"] = function()
  local name = "nssh-enter-user"
  local p <close> = stranger(name)
  check.eq(enter("nobody/" .. name, "true").status, 125)
  check.eq(enter("root/" .. name, "true").status, 125)
  check.eq(p:alive(), true)
  local inside <close> = apart.clone{ uts = "box", argv0 = "nssh-enter-box", "sleep", "20" }
  apart.eventually(function() return #ns.find("nssh-enter-box") > 0 end)
  -- As root of a container is not root.
  check.match(enter("nssh-enter-box", "true").stderr, "or as root/nssh%-enter%-box")
  check.eq(enter("root/nssh-enter-box", "hostname").stdout, "box\n")
  check.eq(inside:alive(), true)
end

tests["a file that is called as a user's process is"] = function()
  here.need_root("USER/NAME is for root")
  local directory = apart.output(ns.run{ "mktemp", "-d" })
  ns.run{ cwd = directory, "mkdir", "root" }:check()
  ns.run{ cwd = directory, "touch", "root/x" }:check()
  local r = ns.run{ cwd = directory, nssh, "enter", "root/x", "true" }
  check.eq(r.status, 125)
  check.match(r.stderr, "root/x is a file here, and a name of user 0; %./root/x is the file")
  ns.run{ "rm", "-r", directory }:check()
end

tests["a program that runs as root for another user bears the name that they gave it"] = function()
  here.need_root("a setuid program has to be made")
  here.need_program("cc", "gcc")
  local directory = apart.output(ns.run{ "mktemp", "-d" })
  local source <close> = assert(io.open(directory .. "/x.c", "w"))
  source:write("#define _GNU_SOURCE\n#include <unistd.h>\nint main(void) { return setresuid(0, 0, 0) || setresgid(0, 0, 0) || pause(); }\n")
  source:close()
  ns.run{ "cc", "-o", directory .. "/nssh-setuid", directory .. "/x.c" }:check()
  ns.run{ "chmod", "4755", directory, directory .. "/nssh-setuid" }:check()
  do
    local p <close> = ns.clone{ uid = 65534, gid = 65534, groups = {}, uts = "box", directory .. "/nssh-setuid" }
    apart.eventually(function()
      local status <close> = assert(io.open("/proc/" .. p.pid .. "/status"))
      return status:read("a"):find("Uid:\t0\t0\t0\t0") and #ns.find("nssh-setuid") > 0
    end, "setuid programs do not run here")
    check.eq(ns.find("nssh-setuid")[1].vouched, false)
    check.eq(enter("nssh-setuid", "true").status, 125)
  end
  ns.run{ "rm", "-r", directory }:check()
end

-- An ordinary user, or root without power outside: what is owned by another user namespace is entered by that one.
tests["the user namespace that owns a namespace is joined where it must be"] = function()
  local seen = ns.call({ user = "root" }, function()
    local inner <close> = ns.clone{ user = "root", net = true, uts = "box" }
    -- A sandbox such as bwrap's: its net namespace belongs to the parent of its user namespace.
    local t = tostring(inner.pid)
    return { ns.run{ nssh, "enter", t, "-n", "readlink", "/proc/self/ns/net" }.stdout, ("net:[%d]\n"):format(inner:inode("net")) }
  end)
  check.eq(seen[1], seen[2])
  local p <close> = ns.clone{ user = "root", net = true, uts = "box" }
  for _, words in ipairs{ { "-n", tostring(p.pid) }, { "-u", tostring(p.pid) }, { ("net:[%d]"):format(p:inode("net")) } } do
    local r = enter(table.unpack(table.move({ "cat", "/proc/self/uid_map" }, 1, 2, #words + 1, words)))
    check.ok(r.ok, r.stderr)
    if sys.geteuid() ~= 0 then check.match(r.stdout, "^%s+0%s+" .. sys.geteuid() .. "%s+1\n$", words[1]) end
  end
end

tests["a sandbox whose user namespace is nested in the one that owns the rest"] = function()
  local owner <close> = ns.clone{ user = "root", net = true, uts = "box", stdout = "pipe", function()
    local inner <close> = ns.clone{ user = "root" }
    print(inner.pid)
    io.stdout:flush()
    sys.sleep(20)
  end }
  -- As nssh's own /proc has it: the function's nssh looks with the same eyes, in no pid namespace of its own.
  local inner = owner.stdout:read("l")
  local r = enter(inner, "sh", "-c", "hostname; readlink /proc/self/ns/net; cd /proc/self/ns; readlink user")
  check.eq(r.stdout, ("box\nnet:[%d]\nuser:[%d]\n"):format(owner:inode("net"), ns.inode(tonumber(inner), "user")), r.stderr)
end

tests["streams are the caller's, and so are descriptors where its files stay"] = function()
  local p <close> = box()
  local file <close> = assert(io.tmpfile())
  local function streams(...)
    local words = { nssh, "enter", ... }
    return ns.run{ timeout = 20, stdin = { data = "typed\n" }, fds = { [7] = file }, table.unpack(words) }
  end
  local line = { tostring(p.pid), "sh", "-c", "cat; echo err >&2; echo x >&7; ls /proc/self/fd | wc -l" }
  for _, letters in ipairs{ { "-a", "--keep-fds" }, { sys.geteuid() == 0 and "-u" or "-uU" } } do
    local r = streams(table.unpack(table.move(line, 1, #line, #letters + 1, letters)))
    check.eq({ r.stdout, r.stderr }, { "typed\n5\n", "err\n" }, letters[1])
  end
  file:seek("set")
  check.eq(file:read("a"), "x\nx\n")
  -- Where somebody else's files are, its program gets three.
  local r = streams("-a", table.unpack(line))
  check.eq(r.stdout, "typed\n4\n")
  check.match(r.stderr, "^err\nsh: .*[Bb]ad file descriptor")
end

tests["SIGTERM for nssh is the command's"] = function()
  local p <close> = box()
  local e <close> = ns.clone{ stdout = "pipe", nssh, "enter", tostring(p.pid), "sh", "-c",
    "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done" }
  check.eq(e.stdout:read("l"), "ready")
  e:kill("TERM")
  check.eq(e:wait(10).status, 5)
end

tests["a caller that ignores the end of its children"] = function()
  here.need_program("perl", "perl-base")
  local p <close> = box()
  local words = { "perl", "-e", "$SIG{CHLD} = 'IGNORE'; exec @ARGV", nssh, "enter", tostring(p.pid), "sh", "-c", "exit 3" }
  check.eq(ns.run{ timeout = 20, table.unpack(words) }.status, 3)
end

tests["when nssh is killed the command goes with it"] = function()
  local p <close> = box()
  local e <close> = ns.clone{ stdout = "pipe", nssh, "enter", tostring(p.pid), "sh", "-c", "echo ready; exec sleep 20" }
  check.eq(e.stdout:read("l"), "ready")
  e:kill("KILL")
  e:wait(10)
  local h <close> = p:open("pid")
  for _ = 1, 100 do
    if #h:processes() == 1 then return end
    sys.sleep(0.01)
  end
  check.eq(#h:processes(), 1)
end

-- nssh at a terminal: a shell around it, in a session of its own.
local function at_terminal(line, timeout)
  return ns.run{ session = true, timeout = timeout or 20, env = { NSSH = nssh }, sh = line }
end

tests["the terminal is whole afterwards"] = function()
  local p <close> = box()
  local line = [[stty -a > /tmp/nssh-enter-$$.a; "$NSSH" enter %d -u -U -- sh -c 'stty raw -echo; %s'; echo "status $?"
    stty -a > /tmp/nssh-enter-$$.b; cmp /tmp/nssh-enter-$$.a /tmp/nssh-enter-$$.b && echo same; rm /tmp/nssh-enter-$$.*]]
  check.match(at_terminal(line:format(p.pid, "exit 4")).stdout, "status 4\r\nsame\r\n")
  check.match(at_terminal(line:format(p.pid, "kill -9 $$")).stdout, "status 137\r\nsame\r\n")
end

tests["^C is the command's, and nssh tells how that ended"] = function()
  local p <close> = box()
  local shell <close> = typing.start{ env = { NSSH = nssh, P = p.pid }, sh = [[
    trap : INT
    "$NSSH" enter $P -- sh -c 'trap "exit 6" INT; echo ready; while :; do sleep 0.05; done'; echo "status $?"]] }
  shell:expect("ready")
  shell:type("\3")
  shell:expect("status 6")
  check.eq(shell:wait(), 0)
end

tests["^Z stops both, and fg goes on"] = function()
  here.need_program("bash", "bash")
  local p <close> = box()
  local shell <close> = typing.start{ env = { NSSH = nssh, P = p.pid }, "bash", "-c", [[
    set -m; stty -echo
    "$NSSH" enter $P -- sh -c 'echo ready; read x; echo got $x; exit 7'
    echo "stopped $?"; echo more; fg; echo "status $?"]] }
  shell:expect("ready")
  shell:type("\26")
  shell:expect("stopped 148")
  shell:expect("more")
  shell:type("typed\n")
  shell:expect("got typed")
  shell:expect("status 7")
  check.eq(shell:wait(), 0)
end

tests["without a command a shell, which another mnt namespace need not have"] = function()
  local p <close> = box()
  for _, shell in ipairs{ "/bin/sh", "/nssh/no/such/shell", "" } do
    local r = ns.run{ timeout = 20, stdin = { data = "hostname; exit 8\n" }, env = { SHELL = shell }, nssh, "enter", tostring(p.pid) }
    check.eq({ r.status, r.stdout }, { 8, "box\n" }, shell)
  end
end

return tests
