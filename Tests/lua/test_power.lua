-- Whoever enters a process has no more power than it has: capabilities, no_new_privs, limits, cgroup, umask.
local check = require "check"
local here = require "here"
local apart = require "apart"
local strangers = require "strangers"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")
local enter = strangers.enter

-- The lines that tell of power, of a text like /proc/PID/status and /proc/PID/limits together.
local function power(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    local name, value = line:match("^(%w+):%s*(%S+)$")
    if name == "CapPrm" or name == "CapEff" or name == "CapBnd" or name == "CapAmb" or name == "NoNewPrivs" or name == "Umask" then
      lines[name] = value
    end
    if line:find("^Max ") then lines[line:match("^Max ([%l ]-)  ")] = line:gsub("%s+", " ") end
  end
  return lines
end

local function of(stranger) return power(stranger:file("status") .. stranger:file("limits")) end
local look = { "cat", "/proc/self/status", "/proc/self/limits" }

local function bounded()
  return strangers.boxed("ulimit -n 64; ulimit -Sc 0; umask 0027",
    "setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+chown,+net_raw")
end

tests["a program that enters has what the target has"] = function()
  local target <close> = bounded()
  local theirs = of(target)
  check.eq({ theirs.NoNewPrivs, theirs.Umask, theirs.CapBnd }, { "1", "0027", "0000000000002001" })
  check.match(theirs["open files"], "64 64")
  local mine = power(enter(tostring(target.pid), table.unpack(look)):check().stdout)
  check.eq(mine, theirs)
  check.eq(power(enter("-a", tostring(target.pid), table.unpack(look)):check().stdout), theirs)
  local path = os.tmpname()
  ns.shell(target.pid, { sh = "cat /proc/self/status /proc/self/limits >" .. path }):check()
  local seen <close> = assert(io.open(path))
  os.remove(path)
  check.eq(power(seen:read("a")), theirs)
end

tests["a function that enters has what the target has"] = function()
  local target <close> = bounded()
  local text = ns.call(target.pid, function()
    local all = {}
    for _, name in ipairs{ "status", "limits" } do
      local from <close> = assert(io.open("/proc/self/" .. name))
      all[#all + 1] = from:read("a")
    end
    return table.concat(all)
  end)
  check.eq(power(text), of(target))
  -- What it starts has no more.
  local r = ns.call(target.pid, function() return ns.run{ "cat", "/proc/self/status", "/proc/self/limits" } end)
  check.eq(power(r.stdout), of(target))
end

tests["a limit of the caller's that is lower stays"] = function()
  local target <close> = strangers.boxed("ulimit -n 64")
  local line = "ulimit -n 50; exec \"$0\" enter \"$1\" sh -c 'ulimit -Sn; ulimit -Hn'"
  check.eq(ns.run{ timeout = 20, "sh", "-c", line, nssh, tostring(target.pid) }:check().stdout, "50\n50\n")
end

tests["no ambient capability goes along"] = function()
  here.need_root("they are given by root")
  local target <close> = strangers.boxed(nil, "setpriv --inh-caps=-all,+net_raw")
  local caller = { "setpriv", "--inh-caps=+net_raw", "--ambient-caps=-all,+net_raw" }
  local function ambient(...)
    local words = table.move({ ... }, 1, select("#", ...), #caller + 1, { table.unpack(caller) })
    return power(ns.run{ timeout = 20, table.unpack(words) }:check().stdout).CapAmb
  end
  check.eq(ambient(table.unpack(look)), "0000000000002000", "the control")
  check.eq(ambient(nssh, "enter", tostring(target.pid), table.unpack(look)), of(target).CapAmb)
  check.eq(of(target).CapAmb, "0000000000000000")
end

tests["a target without any capability gives none, to root neither"] = function()
  local target <close> = strangers.boxed(nil, "setpriv --inh-caps=-all --bounding-set=-all")
  local r = enter(tostring(target.pid), "sh", "-c", "id -u; grep Cap /proc/self/status"):check()
  check.match(r.stdout, "^0\n")
  for name, value in r.stdout:gmatch("(Cap%w+):%s*(%x+)") do check.eq(value, "0000000000000000", name) end
end

tests["privileged keeps what it names of one's own"] = function()
  local target <close> = bounded()
  local t = tostring(target.pid)
  local theirs = of(target)
  local file <close> = assert(io.open("/proc/self/status"))
  local own = power(file:read("a"))
  local function lines(...) return power(enter(t, ...):check().stdout) end
  local all = lines("--privileged", table.unpack(look))
  check.eq({ all.NoNewPrivs, all.Umask }, { own.NoNewPrivs, own.Umask })
  check.ne(all.CapBnd, theirs.CapBnd)
  check.ne(all["open files"], theirs["open files"])
  local caps = lines("--privileged=caps", table.unpack(look))
  check.ne(caps.CapBnd, theirs.CapBnd)
  check.eq(caps["open files"], theirs["open files"])
  local limits = lines("--privileged=cgroup,rlimits", table.unpack(look))
  check.eq(limits.CapBnd, theirs.CapBnd)
  check.ne(limits["open files"], theirs["open files"])
  check.match(enter("--privileged=nothing", t, "true").stderr, "caps, cgroup and rlimits expected")
  -- In Lua the same words.
  local function bounding(privileged)
    local path = os.tmpname()
    ns.shell(target.pid, { privileged = privileged, sh = "grep CapBnd /proc/self/status >" .. path }):check()
    local told <close> = assert(io.open(path))
    os.remove(path)
    return told:read("a"):match("%x+\n$"):sub(1, -2)
  end
  check.eq(bounding(), theirs.CapBnd)
  check.eq(bounding{ "cgroup", "rlimits" }, theirs.CapBnd)
  check.ne(bounding{ "caps" }, theirs.CapBnd)
  check.ne(bounding(true), theirs.CapBnd)
  check.fails(function() ns.shell(target.pid, { privileged = { "all" }, "true" }) end, "caps")
end

tests["a mnt namespace without its user namespace is refused"] = function()
  local target <close> = strangers.of_nobody("-r -m")
  local t = tostring(target.pid)
  local r = enter("-m", t, "true")
  check.eq(r.status, 125)
  check.match(r.stderr, "user namespace of its own")
  r = enter("-n", "-r", t, "true")
  check.eq(r.status, 125, "its root")
  check.ok(enter("-m", "--privileged=caps", t, "true").ok, "privileged")
  check.ok(enter("-m", "-U", t, "true").ok, "with its user namespace")
  check.ok(enter("-n", t, "true").ok, "nothing of its files")
end

tests["where the caller's files stay, so does its power"] = function()
  here.need_user_namespaces()
  local target <close> = strangers.start(
    ("ulimit -n 64; echo $$; exec unshare %s setpriv --no-new-privs --bounding-set=-all --inh-caps=-all sleep 60"):format(
      sys.geteuid() == 0 and "-u -m" or "-r -u -m"))
  local mine = power(enter("-u", tostring(target.pid), table.unpack(look)):check().stdout)
  check.eq(mine.NoNewPrivs, "0")
  check.ne(mine["open files"], of(target)["open files"])
end

tests["a box that nssh has made is bound by its options"] = function()
  local box <close> = apart.clone{ mnt = true, user = true }
  -- Its image has lost all at exec; what enters it is as powerful as what it was made with.
  check.match(box:run{ "grep", "CapBnd", "/proc/self/status" }:check().stdout, "[1-9a-f]")
  here.need_root("another uid takes root")
  local other <close> = ns.clone{ mnt = true, uid = 65534, gid = 65534, groups = {} }
  check.match(other:run{ "grep", "CapEff", "/proc/self/status" }:check().stdout, "0000000000000000")
  check.match(other:run{ privileged = true, "grep", "CapEff", "/proc/self/status" }:check().stdout, "[1-9a-f]")
end

tests["a child that has confined itself is not a box that nssh has made"] = function()
  here.need_user_namespaces()
  local types = sys.geteuid() == 0 and "-m" or "-rm"
  local p <close> = ns.clone{
    "unshare", types, "setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+chown", "sleep", "60",
  }
  apart.eventually(function()
    local file <close> = io.open(("/proc/%d/comm"):format(p.pid))
    return file and file:read("l") == "sleep"
  end)
  local theirs = of(setmetatable({ pid = p.pid }, { __index = { file = function(self, name)
    local file <close> = assert(io.open(("/proc/%d/%s"):format(self.pid, name)))
    return file:read("a")
  end } }))
  check.eq(theirs.CapBnd, "0000000000000001")
  check.eq(power(p:run{ table.unpack(look) }:check().stdout), theirs)
  check.eq(power(ns.call(p.pid, function() return ns.run{ table.unpack(look) }.stdout end)), theirs)
  -- Nor is one that nssh has put into others' files.
  local stranger <close> = bounded()
  local user = sys.geteuid() ~= 0 and ("user = %d, "):format(stranger.pid) or ""
  local r = ns.run{ env = { SECRET = "s3cret" }, nssh, "-e", ([[
    local q <close> = ns.clone{ %smnt = %d }
    print(q:call(os.getenv, "SECRET"), q:run{ sh = "echo $SECRET" }.stdout == "\n")
  ]]):format(user, stranger.pid) }:check()
  check.eq(r.stdout, "nil\ttrue\n")
end

tests["a target that could take over what enters it is refused"] = function()
  here.need_root("it takes root to have more power than the target")
  -- Undumpable is no protection from it, and in its pid namespace what enters shows.
  local target <close> = strangers.start(
    "echo $$; exec unshare -m -p setpriv --inh-caps=-all --bounding-set=-all,+chown,+sys_ptrace sleep 60")
  -- (Its own pid namespace is that of its children: -p here is another's, by a handle on the child's.)
  local line = "unshare -m -p --fork setpriv --inh-caps=-all --bounding-set=-all,+chown,+sys_ptrace sleep 60 & echo $!; wait"
  local shell <close> = ns.clone{ stdout = "pipe", "sh", "-c", line }
  local outer = shell.stdout:read("n")
  local pid = apart.eventually(function()
    local file <close> = io.open(("/proc/%d/task/%d/children"):format(outer, outer))
    local child = file and file:read("n")
    local comm <close> = child and io.open(("/proc/%d/comm"):format(child))
    return comm and comm:read("l") == "sleep" and child
  end)
  local r = enter(tostring(pid), "true")
  check.eq(r.status, 125)
  check.match(r.stderr, "CAP_SYS_PTRACE")
  check.fails(function() return ns.call(pid, sys.getpid) end, "CAP_SYS_PTRACE")
  check.ok(enter("-m", tostring(pid), "true").ok, "without its pid namespace")
  check.ok(enter("--privileged=caps", tostring(pid), "true").ok, "on purpose")
  check.ok(enter("-m", tostring(target.pid), "true").ok)
end

tests["a limit that the kernel refuses something for is named"] = function()
  -- execve(2) gives arguments and environment a quarter of the stack, and 128 KB at least.
  local target <close> = strangers.boxed("ulimit -s 256")
  local t, long = tostring(target.pid), ("x"):rep(100000)
  local r = enter(t, "true", long, long)
  check.eq(r.status, 126)
  check.match(r.stderr, "what enters pid " .. t .. ".*RLIMIT_STACK 262144.*privileged")
  check.ok(enter("--privileged=rlimits", t, "true", long, long).ok)
end

tests["what was taken is named where the kernel refuses something for the lack of it"] = function()
  local target <close> = bounded()
  local t = tostring(target.pid)
  local r = enter(t, "/etc/passwd")
  check.eq(r.status, 126)
  check.match(r.stderr, "what enters pid " .. t .. ".*capabilities %(CHOWN NET_RAW%), no_new_privs.*privileged")
end

tests["a child that is in a place of somebody else's is entered as that is"] = function()
  local target <close> = strangers.of_nobody("-r -m")
  local child <close> = ns.clone{ user = target.pid, mnt = target.pid,
    "setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+chown", "sleep", "60" }
  apart.eventually(function()
    local file <close> = io.open(("/proc/%d/comm"):format(child.pid))
    return file and file:read("l") == "sleep"
  end)
  local mine = power(child:run{ table.unpack(look) }:check().stdout)
  check.eq({ mine.CapBnd, mine.CapPrm, mine.NoNewPrivs }, { "0000000000000001", "0000000000000001", "1" })
end

tests["a seccomp filter is said, and strict refuses"] = function()
  here.need_program("cc", "gcc")
  local path = os.tmpname()
  local source = [[
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(int n, char **a) {
  struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {1, all};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 1;
  execvp(a[1], a + 1);
  return 127;
}
]]
  ns.run{ stdin = { data = source }, "cc", "-x", "c", "-o", path, "-" }:check()
  ns.run{ "chmod", "755", path }:check()
  local target <close> = strangers.boxed(nil, path)
  os.remove(path)
  check.match(target:file("status"), "Seccomp:%s*2\n")
  local t = tostring(target.pid)
  local r = enter(t, "echo", "in"):check()
  check.eq(r.stdout, "in\n")
  check.match(r.stderr, "seccomp filter")
  check.eq(select(2, r.stderr:gsub("\n", "")), 1)
  for _, words in ipairs{ { "--strict", t }, { "--strict", "-aF", t } } do
    r = enter(table.unpack(table.move({ "echo", "in" }, 1, 2, #words + 1, words)))
    check.eq({ r.status, r.stdout }, { 125, "" }, words[2])
  end
  check.match(r.stderr, "seccomp filter")
  check.match(table.concat(ns.shell(target.pid, { "true" }).weaker, ";"), "seccomp filter")
  check.fails(function() ns.shell(target.pid, { strict = true, "true" }) end, "seccomp filter")
  local handle <close> = ns.open(target.pid, "uts")
  check.fails(function() handle:run{ strict = true, "true" } end, "for a process that is entered")
  check.fails(function() handle:run{ privileged = true, "true" } end, "for a process that is entered")
  check.eq(enter("--privileged", t, "true"):check().stderr, "")
end

return tests
