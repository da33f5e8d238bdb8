-- What a pid namespace isolates and how its PID 1 lives, as LTP's pidns01 to 32 ask it. A mnt namespace of its own gives /proc.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

-- Words 1, 4, 5, 6 of stat: pid, parent, process group, session. The shell itself opens /proc/self.
local STAT = "read -r pid name state parent group session rest < /proc/self/stat; echo $pid $parent $group $session"

-- A perl program that tells who has sent it each USR1, and "ready" when it listens. perl runs such a handler at once, in the
-- middle of a print too: hence syswrite.
local LISTENER = [[
use POSIX;
sigaction(SIGUSR1, POSIX::SigAction->new(sub { syswrite STDOUT, "from $_[1]{pid}\n" }, POSIX::SigSet->new, SA_SIGINFO));
syswrite STDOUT, "ready\n";
]]

tests["the first process is PID 1 without a parent, and leads a group in a session from outside"] = function()
  check.eq(apart.output(apart.run{ pid = { proc = true }, sh = STAT }), "1 0 1 0")
  local pid, parent = apart.call({ pid = true }, function() return sys.getpid(), sys.getppid() end)
  check.eq({ pid, parent }, { 1, 0 })
end

tests["the outer pid of PID 1 and its inner one are both told"] = function()
  local p <close> = apart.clone{ pid = true }
  check.eq(p.inner_pid, 1)
  check.ok(p.pid > 1)
  local numbers = io.open("/proc/" .. p.pid .. "/status"):read("a"):match("NSpid:([%d%s]-)\n")
  check.match(numbers, p.pid .. "%s+1$")
end

tests["a fresh /proc shows the processes inside only"] = function()
  local link, names = apart.call({ pid = { proc = true } }, function()
    local pids = {}
    for _, name in ipairs(sys.readdir("/proc")) do pids[#pids + 1] = tonumber(name) end
    return sys.readlink("/proc/self"), pids
  end)
  check.eq({ link, names }, { "1", { 1 } })
end

tests["orphans become children of PID 1"] = function()
  -- The orphan waits for its parent's end, and PID 1 for the orphan.
  local line = "( (until " .. STAT .. " | grep '^[0-9]* 1 '; do :; done; kill -USR1 1) & ); while :; do sleep 0.01; done"
  check.match(apart.output(apart.run{ pid = { proc = true }, timeout = 20, sh = "trap 'exit 0' USR1; " .. line }), "^%d+ 1 ")
end

tests["the end of PID 1 is the end of all"] = function()
  local p <close> = apart.clone{ pid = true, sh = "sleep 1000 & setsid sleep 1000 & setsid -f sleep 1000; echo; wait", stdout = "pipe" }
  check.eq(p.stdout:read("l"), "")
  local h <close> = p:open("pid")
  apart.eventually(function() return #h:processes() == 4 end)
  p:kill("KILL")
  check.eq(p:wait(5).signal, "SIGKILL")
  check.eq(h:processes(), {})
end

tests["processes outside are out of reach"] = function()
  local outer <close> = ns.clone{ "sleep", "1000" }
  local result = apart.run{ pid = true, sh = ("kill -0 %d"):format(outer.pid) }
  check.eq(result.ok, false)
  check.match(result.stderr, "[Nn]o such process")
  check.ok(outer:alive())
end

tests["kill(-1) of a PID 1 that is alone finds nobody"] = function()
  here.need_program("perl", "perl-base")
  check.eq(apart.output(apart.run{ pid = true, "perl", "-e", "print kill('KILL', -1), ' ', $! + 0" }), "0 3") -- ESRCH
end

tests["kill(-1) of PID 1 ends all the others"] = function()
  here.need_program("perl", "perl-base")
  local code = [[for (1 .. 5) { if (!fork) { sleep 1000; exit 1 } } kill 'USR1', -1; print wait > 0 && ($? & 127), ' ' for 1 .. 5]]
  check.eq(apart.output(apart.run{ pid = true, timeout = 20, "perl", "-e", code }), "10 10 10 10 10 ")
end

tests["a signal from outside has no sender, one from inside has"] = function()
  here.need_program("perl", "perl-base")
  local code = LISTENER .. [[
    select undef, undef, undef, 10;
    my $child = fork;
    if (!$child) { kill 'USR1', 1; exit }
    wait;
    syswrite STDOUT, "child $child\n"]]
  local p <close> = apart.clone{ pid = true, stdout = "pipe", "perl", "-e", code }
  check.eq(p.stdout:read("l"), "ready")
  p:kill("USR1")
  check.eq(p.stdout:read("l"), "from 0")
  local from, child = p.stdout:read("l", "l")
  check.eq(from:match("%d+"), child:match("%d+"))
end

tests["PID 1 without a handler ignores every signal but KILL"] = function()
  local p <close> = apart.clone{ pid = true, "sleep", "1000" }
  for _, signal in ipairs{ "USR1", "TERM", "INT", "HUP" } do p:kill(signal) end
  check.eq(p:wait(0.1), nil)
  p:kill("KILL")
  check.eq(p:wait(5).signal, "SIGKILL")
end

tests["PID 1 cannot be killed from inside"] = function()
  check.eq(apart.output(apart.run{ pid = true, sh = "(kill -KILL 1; kill -TERM 1); echo alive" }), "alive")
end

tests["a signal that PID 1 blocks is kept for it"] = function()
  here.need_program("perl", "perl-base")
  local block = [[
    use POSIX; $| = 1; my $set = POSIX::SigSet->new(SIGUSR1); $SIG{USR1} = sub { print "wrong handler\n" };
    sigprocmask(SIG_BLOCK, $set); print "ready\n"; <STDIN>;
    $SIG{USR1} = %s; sigprocmask(SIG_UNBLOCK, $set); print "alive\n"]]
  for handler, expected in pairs{ [ [[sub { print "handled\n" }]] ] = "handled\nalive\n", ["'DEFAULT'"] = "alive\n" } do
    local p <close> = apart.clone{ pid = true, stdin = "pipe", stdout = "pipe", "perl", "-e", block:format(handler) }
    check.eq(p.stdout:read("l"), "ready")
    p:kill("USR1")
    p.stdin:write("\n")
    p.stdin:close()
    check.eq(p.stdout:read("a"), expected)
    check.eq(p:wait(5).status, 0)
  end
end

tests["32 levels can be nested, and the next one is refused"] = function()
  local depth, code = apart.call({}, function()
    local function nest(depth)
      local result = table.pack(pcall(ns.call, { pid = true }, function() return nest(depth + 1) end))
      if result[1] then return table.unpack(result, 2, result.n) end
      return depth, result[2].code
    end
    return nest(0)
  end)
  -- As many as unshare(1) can: this process may be nested itself.
  check.eq(depth, here.depth("--pid --fork", "--user --map-root-user"))
  check.eq(code, "ENOSPC")
end

tests["what joins is a child of nobody there, and PID 1 does not reap it"] = function()
  local p <close> = apart.clone{ pid = true, mnt = { proc = true } }
  local pid, parent = p:call(function() return sys.getpid(), sys.getppid() end)
  check.ok(pid > 1, pid)
  check.eq(parent, 0)
  check.ok(p:alive())
end

return tests
