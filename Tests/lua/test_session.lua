-- session: a session and a terminal of its own. fds: descriptors that a program is granted.
local check = require "check"
local typing = require "typing"
local tests = {}

tests["the program leads a session with a controlling terminal that is not nssh's"] = function()
  local r = ns.run{ session = true, sh = "tty; test -t 0 && test -t 1 && test -t 2 && echo all; ps -o sid=,tty= -p $$; echo $$" }
  local terminal, all, sid, tty, pid = r.stdout:match("^/dev/(%g+)\r\n(%a+)\r\n%s*(%d+)%s+(%g+)%s*\r\n(%d+)\r\n$")
  check.eq({ all, sid, tty }, { "all", pid, terminal }, r.stdout)
end

tests["without it there is no terminal"] = function()
  check.eq(ns.run{ sh = "test -t 0 || echo none" }.stdout, "none\n")
end

tests["what is written to its standard input is typed at its terminal"] = function()
  local p <close> = ns.clone{ session = true, sh = "stty -echo; echo ready; read line; echo got $line; exit 5" }
  check.eq(p.stdout:read("l"), "ready\r")
  p.stdin:write("hello\n")
  p.stdin:flush()
  check.eq(p.stdout:read("l"), "got hello\r")
  check.eq(p:wait(10).status, 5)
end

tests["^C typed there interrupts what runs there"] = function()
  local line = "trap 'echo; echo interrupted; exit 6' INT; echo ready; while :; do sleep 0.05; done"
  local p <close> = ns.clone{ session = true, typing.heeding("sh", "-c", line) }
  check.eq(p.stdout:read("l"), "ready\r")
  p.stdin:write("\3")
  p.stdin:flush()
  check.eq(p:wait(10).status, 6)
end

tests["much output on the terminal comes whole"] = function()
  local r = ns.run{ session = true, "seq", "20000" }
  check.eq(select(2, r.stdout:gsub("\r\n", "")), 20000)
  check.eq(r.stdout:sub(-7), "20000\r\n")
end

tests["streams that are given stay what they are"] = function()
  local r = ns.run{ session = true, stdin = { data = "abc" }, stderr = "capture", sh = "cat; test -t 1 && echo; echo e >&2" }
  check.eq({ r.stdout, r.stderr }, { "abc\r\n", "e\n" })
end

tests["a shell's streams are passed on"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local r = ns.run{ nssh, "-e", "local r = ns.shell{ session = true, 'sh', '-c', 'tty; read x; echo $x; exit 4' } os.exit(r.status)",
    stdin = { data = "typed\n" }, timeout = 20 }
  check.match(r.stdout, "/dev/pts/%d+\r\n")
  check.match(r.stdout, "typed\r\n")
  check.eq(r.status, 4)
end

tests["much input to a shell comes whole, and its end also within a line"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local lines = ("a line of the input\n"):rep(20000) .. "end"
  local chunk = "local r = ns.shell{ session = true, timeout = 20, sh = 'stty -echo -onlcr; echo; cat; exit 4' } os.exit(r.status)"
  local r = ns.run{ nssh, "-e", chunk, stdin = { data = lines }, timeout = 30 }
  check.eq(r.status, 4)
  -- What was typed before the echo was off is there twice: once before cat's.
  check.ok(r.stdout:sub(-#lines) == lines, "the input did not come whole: " .. #r.stdout .. " bytes")
end

tests["what a shell has written comes whole when its time is up"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  -- More than one read gives, and less than a terminal takes, while nssh is stopped until the time is up.
  local chunk = [[local r = ns.shell{ session = true, timeout = 0.5,
      sh = "kill -STOP $PPID; printf '%6000s' end; sleep 0.6; kill -CONT $PPID; exec sleep 60" }
    os.exit(r.timed_out and 5 or 6)]]
  local r = ns.run{ nssh, "-e", chunk, timeout = 25 }
  check.eq({ r.status, #r.stdout, r.stdout:match("%S+") }, { 5, 6000, "end" }, r.stderr)
end

tests["input that nobody reads keeps a shell from nothing"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local data = { data = ("x\n"):rep(200000) }
  local timed = "local r = ns.shell{ session = true, timeout = 0.5, 'sleep', '20' } os.exit(r.timed_out and 5 or 6)"
  check.eq(ns.run{ nssh, "-e", timed, stdin = data, timeout = 10 }.status, 5)
  local ended = "local r = ns.shell{ session = true, sh = 'sleep 0.3; exit 7' } os.exit(r.status)"
  check.eq(ns.run{ nssh, "-e", ended, stdin = data, timeout = 10 }.status, 7)
end

tests["what cannot use nssh's terminal is not given it"] = function()
  local held <close> = ns.clone{ uts = true, user = "root" }
  check.fails(function() held:fg() end, "is held")
  local own <close> = ns.clone{ session = true, "sleep", "10" }
  check.fails(function() own:fg() end, "a terminal of its own")
  local detached <close> = ns.clone{ detach = true, "sleep", "10" }
  check.fails(function() detached:fg() end, "is detached")
end

tests["bad uses are refused"] = function()
  check.fails(function() ns.clone{ session = true, uts = true } end, "a held process has no terminal")
end

tests["a program gets the descriptors that it is granted, and no others"] = function()
  local h <close> = ns.open("self", "uts")
  local file <close> = assert(io.tmpfile())
  local other <close> = assert(io.tmpfile())
  local r = ns.run{ fds = { [9] = file, [3] = h }, sh = "echo hello >&9; readlink /proc/self/fd/3; ls /proc/self/fd" }
  file:seek("set")
  check.eq(file:read("a"), "hello\n")
  -- ls has one for the directory itself.
  check.eq(r.stdout, ("uts:[%d]\n0\n1\n2\n3\n4\n9\n"):format(h:inode()))
  check.ok(other:write("x"))
end

tests["a granted number may be one that nssh uses itself"] = function()
  local file <close> = assert(io.tmpfile())
  local h <close> = ns.open("self", "uts")
  local grants
  -- From 40 on: there, and not from 3 on, a number may be that of nssh's copy of what another one is to be.
  for _, first in ipairs{ 40, 3 } do
    grants = {}
    for number = first, 80 do grants[number] = number < 60 and h or file end
    for _, user in ipairs{ false, "root" } do
      local r = ns.run{ user = user, fds = grants, "bash", "-c", [[
        for ((i = $1; i <= 80; i++)); do
          case $((i < 60)),$(readlink /proc/$$/fd/$i) in 1,uts:*|0,/*) ;; *) echo wrong $i ;; esac
        done; echo x >&80]], "bash", tostring(first) }
      check.eq({ r.ok, r.stdout }, { true, "" })
    end
  end
  file:seek("set")
  check.eq(file:read("a"), "x\nx\nx\nx\n")
  check.fails(function() ns.run{ user = "root", fds = grants, "/nonesuch" } end, "No such file")
end

tests["bad grants are refused"] = function()
  check.fails(function() ns.run{ fds = { [1] = io.stdout }, "true" } end, "from 3 on")
  check.fails(function() ns.run{ fds = { [-1] = io.stdout }, "true" } end, "from 3 on")
  check.fails(function() ns.run{ fds = { [1 << 40] = io.stdout }, "true" } end, "from 3 on")
  check.fails(function() ns.run{ fds = { x = io.stdout }, "true" } end, "numbers expected as keys")
  check.fails(function() ns.run{ fds = { [3] = 7 }, "true" } end, "%[3%]")
  check.fails(function() ns.run{ fds = { [3] = io.stdout }, function() end } end, "for a program")
  local chunk = "ns.run{ fds = { [99] = io.stdout }, 'true' }"
  local limited = ns.run{ "sh", "-c", "ulimit -n 100; exec \"$@\"", "sh", sys.readlink("/proc/self/exe"), "-e", chunk }
  check.match(limited.stderr, "limit of open files")
  local file = io.tmpfile()
  file:close()
  check.fails(function() ns.run{ fds = { [3] = file }, "true" } end, "closed")
  local h = ns.open("self", "uts")
  h:close()
  check.fails(function() ns.run{ fds = { [3] = h }, "true" } end, "closed")
end

return tests
