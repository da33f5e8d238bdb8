-- pid = { init = true }: an init that reaps, forwards signals and passes the end on.
local check = require "check"
local here = require "here"
local tests = {}

local function options(more)
  more.user = "root"
  more.pid = { init = true, proc = true }
  more.timeout = more.timeout or 20
  return more
end

local function need_proc()
  here.need("unshare --user --map-root-user --pid --fork --mount-proc true", "a pid namespace with its /proc is forbidden here")
end

local function run(more)
  need_proc()
  return ns.run(options(more))
end

tests["the body is the init's child, and its exit is passed on"] = function()
  local r = run{ sh = "echo $$ $PPID; exit 7" }
  check.eq({ r.stdout, r.status, r.signal }, { "2 1\n", 7 })
end

tests["a signal that ends the body is passed on as what it was"] = function()
  local r = run{ sh = "kill -USR1 $$" }
  check.eq({ r.status, r.signal, r.ok }, { nil, "SIGUSR1", false })
end

tests["orphans are reaped; without the init a PID 1 that does not wait leaves them as zombies"] = function()
  here.need_program("perl", "perl-base")
  -- A grandchild that ends after its parent has; then what becomes of it in /proc.
  local program = [[
    my $orphan = `sleep 0.05 >/dev/null & echo \$!` + 0;
    while (1) {
      open my $f, "<", "/proc/$orphan/status" or do { print "reaped"; exit };
      print("zombie"), exit if join("", <$f>) =~ /^State:\s+Z/m;
      select undef, undef, undef, 0.01;
    }]]
  -- Between its end and the init's wait it is a zombie, for a moment.
  local reaped = program:gsub('print%("zombie"%), exit', "0")
  check.eq(run{ "perl", "-e", reaped }.stdout, "reaped")
  check.eq(ns.run{ user = "root", pid = { proc = true }, timeout = 20, "perl", "-e", program }.stdout, "zombie")
end

tests["signals go to the body, also from inside"] = function()
  local p <close> = ns.clone{ user = "root", pid = { init = true }, stdout = "pipe",
    sh = "trap 'echo TERM' TERM; trap 'echo USR2; exit 9' USR2; echo ready; while :; do sleep 0.02; done" }
  check.eq(p.stdout:read("l"), "ready")
  check.eq(p.inner_pid, 1)
  p:kill("TERM")
  check.eq(p.stdout:read("l"), "TERM")
  p:run{ sh = "kill -USR2 1" }
  check.eq(p.stdout:read("l"), "USR2")
  check.eq(p:wait(10).status, 9)
end

tests["all in the namespace ends with the body"] = function()
  local p <close> = ns.clone{ user = "root", pid = { init = true }, stdin = "pipe", stdout = "pipe",
    sh = "setsid sleep 1000 & echo; read x; exit 3" }
  p.stdout:read("l")
  local h <close> = p:open("pid")
  check.ok(#h:processes() >= 3, #h:processes())
  p.stdin:close()
  check.eq(p:wait(10).status, 3)
  check.eq(#h:processes(), 0)
end

tests["a body that cannot be executed is an error, and nothing stays"] = function()
  need_proc()
  local e = check.fails(function() ns.run(options{ "/nonesuch/program" }) end, "No such file")
  check.eq({ e.syscall, e.code }, { "execve", "ENOENT" })
end

tests["functions have it too, and their values come back"] = function()
  local r = run{ function(a) return sys.getpid(), sys.getppid(), a * 2 end, args = { 21 } }
  check.eq({ r.values[1], r.values[2], r.values[3] }, { 2, 1, 42 })
  local failed = run{ function() error("no", 0) end }
  check.eq(failed.error, "no")
end

tests["the init carries nothing of nssh"] = function()
  local p <close> = ns.clone{ user = "root", pid = { init = true }, "sleep", "1000" }
  local init = ("/proc/%d"):format(p.pid)
  check.eq(io.open(init .. "/environ"):read("a"), "")
  check.match(sys.readlink(init .. "/exe"), "^/memfd:nssh%-init")
  for _ = 1, 100 do
    if #sys.readdir(init .. "/fd") == 1 then break end
    sys.sleep(0.01)
  end
  check.eq(sys.readdir(init .. "/fd"), { "0" }, "its only descriptor is the pipe for the body's end")
  check.match(sys.readlink(init .. "/fd/0"), "^pipe:")
  check.eq(#sys.readdir(init .. "/root"), 0)
  local maps = io.open(init .. "/maps"):read("a")
  check.ok(not maps:find("libc", 1, true) and not maps:find("heap", 1, true), maps)
end

tests["time is up, and close, end all of it"] = function()
  local r = run{ sh = "trap '' TERM; sleep 1000 & wait", timeout = 0.2 }
  check.eq({ r.timed_out, r.signal }, { true, "SIGKILL" })
  local p = ns.clone{ user = "root", pid = { init = true }, "sleep", "1000" }
  p:close()
  check.ok(not p:alive())
end

tests["a held process is its own init: the option changes nothing"] = function()
  local p <close> = ns.clone{ user = "root", pid = { init = true } }
  check.eq(p.inner_pid, 1)
  -- The kernel wakes nssh before it has closed what is closed at exec.
  for _ = 1, 100 do
    if #sys.readdir(("/proc/%d/fd"):format(p.pid)) == 0 then break end
    sys.sleep(0.01)
  end
  check.eq(sys.readdir(("/proc/%d/fd"):format(p.pid)), {})
end

-- Root in the namespace reaches the pipe to nssh by /proc/1/fd/0, once the init is there.
local wait_for_pipe = "until test -p /proc/1/fd/0; do :; done; "

tests["what PID 1 is said to have reported counts only where its own exit agrees"] = function()
  local function forged(bytes, line)
    local r = run{ sh = wait_for_pipe .. ("printf '%s' > /proc/1/fd/0; %s"):format(bytes, line), timeout = 20 }
    check.eq(r.stderr, "")
    return { r.status, r.signal, r.timed_out }
  end
  local function signal(number) return ("\\%03o\\000\\000\\000"):format(number) end
  check.eq(forged([[\177\377\377\377]], "exit 5"), { 5, nil, false })
  check.eq(forged(signal(0), "exit 5"), { 5, nil, false })
  check.eq(forged([[\000\007\000\000]], "exit 5"), { 5, nil, false })
  check.eq(forged(signal(9), "exit 5"), { 5, nil, false })
  check.eq(forged(signal(9), "exit 0"), { 0, nil, false })
  check.eq(forged("x", "exit 5"), { 5, nil, false })
  check.eq(forged(signal(0), "kill -USR1 $$"), { 138, nil, false })
  check.eq(forged(signal(15), "kill -USR1 $$"), { 138, nil, false })
  check.eq(forged(signal(127), "exit 255"), { 255, nil, false })
end

tests["a full pipe does not keep PID 1 from ending"] = function()
  local r = run{ sh = wait_for_pipe .. "head -c 65536 /dev/zero > /proc/1/fd/0; exit 4", timeout = 60 }
  check.eq({ r.status, r.signal, r.timed_out, r.stderr }, { 4, nil, false, "" })
  r = run{ sh = wait_for_pipe .. "head -c 65536 /dev/zero > /proc/1/fd/0; kill -USR1 $$", timeout = 60 }
  check.eq({ r.status, r.signal, r.timed_out, r.stderr }, { 138, nil, false, "" })
end

return tests
