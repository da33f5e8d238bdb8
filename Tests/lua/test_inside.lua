-- What goes along into what others have made: not the environment, not descriptors, not keys, no directory that leads back.
local check = require "check"
local here = require "here"
local apart = require "apart"
local strangers = require "strangers"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")
local enter = strangers.enter

local secrets = {
  SSH_AUTH_SOCK = "/tmp/agent", SECRET = "s3cret", PATH = "/usr/local/bin:/usr/bin:/bin", TERM = "xterm", LANG = "C", LC_ALL = "C",
  HOME = "/home/caller", SHELL = "/bin/bash", LD_PRELOAD = false,
}

local function variables(text)
  local all = {}
  for name, value in text:gmatch("([%w_]+)=([^\n]*)\n") do all[name] = value end
  all.PWD, all._, all.SHLVL, all.OLDPWD = nil, nil, nil, nil
  return all
end

tests["the environment of what enters another's files"] = function()
  local target <close> = strangers.boxed()
  local t = tostring(target.pid)
  local function seen(...) return variables(enter({ env = secrets, clear_env = true }, ...):check().stdout) end
  local base = { PATH = secrets.PATH, TERM = "xterm", LANG = "C", LC_ALL = "C", HOME = "/root", SHELL = "/bin/sh" }
  check.eq(seen(t, "env"), base)
  -- What is kept is there once, as the caller has it.
  local kept = enter({ env = secrets, clear_env = true }, "--keep-env=HOME", t, "env"):check().stdout
  check.eq({ kept:match("HOME=[^\n]*"), select(2, kept:gsub("HOME=", "")) }, { "HOME=/home/caller", 1 })
  base.SECRET = "s3cret"
  check.eq(seen("--keep-env=SECRET,NOTHING", t, "env"), base)
  -- Where the files are the caller's the environment is, too.
  check.eq(seen("self", "env").SSH_AUTH_SOCK, "/tmp/agent")
  -- The target's own, whatever it says.
  local other <close> = strangers.start(("echo $$; exec unshare %s env -i OWN=theirs PATH=/bin:/usr/bin sleep 60"):format(
    sys.geteuid() == 0 and "-m" or "-r -m"))
  check.eq(seen("--env", tostring(other.pid), "env"), { OWN = "theirs", PATH = "/bin:/usr/bin" })
  check.eq(seen("-e", "--keep-env=SECRET", tostring(other.pid), "env"), { OWN = "theirs", PATH = "/bin:/usr/bin", SECRET = "s3cret" })
end

-- nssh itself with an environment that has a secret.
local function script(text, ...)
  local words = { nssh, "-e", text, ... }
  return ns.run{ timeout = 20, env = secrets, table.unpack(words) }:check().stdout
end

tests["the same from Lua"] = function()
  local target <close> = strangers.boxed()
  local go = ("local t = %d; local function text(r) return r:check().stdout end "):format(target.pid)
  local raw = sys.geteuid() == 0 and "mnt = t" or "user = t, mnt = t"
  local function has(text, name) return variables(text)[name] end
  local plain = script(go .. ("io.write(text(ns.run{%s, 'env'}))"):format(raw))
  check.eq({ has(plain, "SECRET"), has(plain, "SSH_AUTH_SOCK"), has(plain, "TERM"), has(plain, "HOME") }, { nil, nil, "xterm", "/root" })
  check.eq(has(script(go .. ("io.write(text(ns.run{%s, env = {SECRET = 'mine'}, 'env'}))"):format(raw)), "SECRET"), "mine")
  local body = script(go .. "io.write(ns.call(t, function() local f = io.popen('env') return f:read('a') end))")
  check.eq({ has(body, "SECRET"), has(body, "TERM") }, { nil, "xterm" })
  check.eq(script(go .. "print(ns.call(t, os.getenv, 'SECRET'))"), "nil\n")
  -- A box that nssh has made is one's own.
  local own = [[local b <close> = ns.clone{ user = "root", mnt = true } io.write(b:run{"env"}:check().stdout)]]
  check.eq(has(script(own), "SECRET"), "s3cret")
end

tests["a user namespace of somebody else is enough for it"] = function()
  local target <close> = strangers.of_nobody("-r")
  check.eq(variables(enter({ env = secrets }, tostring(target.pid), "env"):check().stdout).SECRET, nil)
  -- However it is named.
  for _, name in ipairs{ "%d", "'/proc/%d/ns/user'", "ns.open(%d, 'user')" } do
    local seen = variables(script(("io.write(ns.run{user = " .. name .. ", 'env'}:check().stdout)"):format(target.pid)))
    check.eq({ seen.SECRET, seen.TERM }, { nil, "xterm" }, name)
  end
end

tests["a mnt namespace is another's however it is named, and one's own box is not"] = function()
  here.need_root("an ordinary user joins no mnt namespace without its user namespace")
  local target <close> = strangers.boxed()
  for _, name in ipairs{ "%d", "'/proc/%d/ns/mnt'", "ns.open(%d, 'mnt')" } do
    local seen = variables(script(("io.write(ns.run{mnt = " .. name .. ", 'env'}:check().stdout)"):format(target.pid)))
    check.eq({ seen.SECRET, seen.TERM }, { nil, "xterm" }, name)
  end
  -- Who is not root has no business in its home.
  local as = "io.write(ns.run{ mnt = %d, uid = %d, gid = 0, 'env' }:check().stdout)"
  for uid, home in pairs{ [0] = "/root", [65534] = "/" } do
    check.eq(variables(script(as:format(target.pid, uid))).HOME, home, uid)
  end
  local own = [[
    local b <close> = ns.clone{ mnt = true }
    io.write(ns.run{ mnt = b:open("mnt"), "env" }:check().stdout)
  ]]
  check.eq(variables(script(own)).SECRET, "s3cret")
end

tests["a mnt namespace that a process names has its own root, not the process's"] = function()
  here.need("test -x /usr/bin/sleep -a -e /usr/lib64", "no program can be run with /usr as the root")
  local target <close> = strangers.boxed(nil, "chroot /usr")
  local options = sys.geteuid() == 0 and { mnt = target.pid } or { user = target.pid, mnt = target.pid }
  for i, word in ipairs{ "/bin/sh", "-c", "cd /; test -e usr && echo whole" } do options[i] = word end
  check.eq(ns.run(options).stdout, "whole\n")
  -- Who enters the process is where it is.
  check.eq(enter(tostring(target.pid), "/bin/sh", "-c", "cd /; test -e usr || echo jail"):check().stdout, "jail\n")
end

tests["a working directory outside of the root is not taken over"] = function()
  here.need_user_namespaces()
  here.need_program("python3")
  local python = [[
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def must(result):
    if result: raise OSError(ctypes.get_errno(), "")
os.chdir("/usr/bin" if len(sys.argv) < 3 else sys.argv[2])
must(libc.syscall(155, b"/mnt", b"/mnt/old") if os.uname().machine == "x86_64" else libc.syscall(41, b"/mnt", b"/mnt/old"))
must(libc.umount2(b"/old", 2))
os.execv("/usr/bin/sleep", ["sleep", "60"])
]]
  -- It is in a root of its own, and its working directory is still in the old one.
  local line = [[
    echo $$
    mount -t tmpfs none /mnt && mkdir /mnt/usr /mnt/old /mnt/proc && mount --rbind /usr /mnt/usr && mount --rbind /proc /mnt/proc
    for d in bin lib lib64; do ln -s usr/$d /mnt/$d; done
    exec python3 -c "$1"
  ]]
  local target <close> = strangers.start(("exec unshare %s sh -c '%s' sh \"$1\""):format(
    sys.geteuid() == 0 and "-m" or "-r -m", line:gsub("'", "'\\''")), python)
  local t = tostring(target.pid)
  local look = { "/bin/sh", "-c", "/bin/pwd; test -e ../../etc/passwd && echo out; test -e etc/passwd && echo out; ls /" }
  local r = enter(t, table.unpack(look)):check()
  check.eq(r.stdout, "/\nbin\nlib\nlib64\nold\nproc\nusr\n")
  check.match(r.stderr, "working directory is /")
  check.eq(ns.call(target.pid, function()
    local out <close> = io.popen("/bin/pwd; test -e ../../etc/passwd && echo out")
    return out:read("a")
  end), "/\n")
  check.match(table.concat(ns.shell(target.pid, { "/bin/true" }).notes, ";"), "working directory is /")
  -- A path that is named, and leads out, is an error: through a descriptor of the joiner's own, or from here.
  for number = 3, 12 do
    r = enter({ stdin = "null" }, "-W", ("/proc/self/fd/%d/"):format(number), t, "/bin/sh", "-c", "ls; /bin/pwd")
    -- One of them is the root that was taken on; no other is even tried.
    local is_refused = r.status == 125 and r.stdout == ""
    check.ok(is_refused or r.stdout == "bin\nlib\nlib64\nold\nproc\nusr\n/\n", "-W /proc/self/fd/" .. number .. ": " .. r.stdout)
  end
  for _, letters in ipairs{ { "-a", "-w=/tmp" }, { "-a", "-r=/" }, { "-a", "-r", "-w=/" } } do
    r = enter(letters[1], letters[2], letters[3] or "-a", t, "/bin/pwd")
    check.eq({ r.status, r.stdout }, { 125, "" }, table.concat(letters, " "))
    check.match(r.stderr, "not below the root")
  end
  check.eq(enter("-W", "/usr", t, "/bin/pwd"):check().stdout, "/usr\n")
end

tests["a jail of one's own, too"] = function()
  here.need_user_namespaces()
  local r = ns.call({ user = "root" }, function()
    local box <close> = ns.clone{ mnt = true }
    box:call(function()
      sys.mount{ source = "none", target = "/mnt", type = "tmpfs" }
      for _, name in ipairs{ "usr", "old" } do ns.run{ "mkdir", "/mnt/" .. name }:check() end
      sys.mount{ source = "/usr", target = "/mnt/usr", flags = { "bind", "rec" } }
      for _, name in ipairs{ "bin", "lib", "lib64" } do ns.run{ "ln", "-s", "usr/" .. name, "/mnt/" .. name }:check() end
      ns.run{ "pivot_root", "/mnt", "/mnt/old" }:check()
    end)
    box:call(function() sys.umount("/old", true) end)
    local after = box:run{ "/bin/sh", "-c", "/bin/pwd; ls /; test -e ../../etc/passwd && echo out" }
    return { out = after.stdout, notes = table.concat(after.notes or {}, ";") }
  end)
  check.eq(r.out, "/\nbin\nlib\nlib64\nold\nusr\n")
  check.match(r.notes, "working directory is /")
end

tests["the target's environment is for its own files only"] = function()
  -- Its PATH would choose a program, and its LD_PRELOAD a library, of the caller's.
  local line = ("echo $$; exec unshare %s env PATH=/tmp/evil:/usr/bin:/bin sleep 60"):format(sys.geteuid() == 0 and "-u" or "-r -u")
  here.need_user_namespaces()
  local target <close> = strangers.start(line)
  local r = enter("--env", tostring(target.pid), "true")
  check.eq(r.status, 125)
  check.match(r.stderr, "its own files")
end

tests["nssh itself leaves its environment behind, and finds it again"] = function()
  here.need_root("an ordinary user does not come back")
  local target <close> = strangers.boxed()
  local text = script(([[
    ns.setns(%d, "mnt")
    local inside <close> = io.popen("echo popen $SECRET")
    os.execute("echo execute $SECRET")
    print(ns.run{ sh = "echo run $SECRET" }.stdout, inside:read("a"), os.getenv("SECRET"), os.getenv("TERM"))
    ns.home()
    print(os.getenv("SECRET"), os.getenv("TZ"), (ns.run{ sh = "echo run $SECRET $TZ" }.stdout))
    -- There and back, over and over; the last time by the handle that leads home.
    local home = ns.open("self", "mnt")
    for _ = 1, 3 do ns.setns(%d, "mnt") ns.setns(home) end
    print(os.getenv("SECRET"), os.getenv("TZ"))
  ]]):format(target.pid, target.pid))
  check.eq(text, "execute\nrun\n\tpopen\n\tnil\txterm\ns3cret\tnil\trun s3cret\n\ns3cret\tnil\n")
end

tests["a root is taken without its mnt namespace, and nothing leads out of it"] = function()
  local line = [[exec unshare %s sh -c 'mount -t tmpfs none /mnt && touch /mnt/theirs; echo $$; exec sleep 60']]
  local target <close> = strangers.start(line:format(sys.geteuid() == 0 and "-m" or "-r -m"))
  local t = tostring(target.pid)
  local letters = sys.geteuid() == 0 and "-r" or "-Ur"
  check.eq(enter(letters, t, "ls", "/mnt"):check().stdout, "theirs\n")
  check.eq(enter(letters .. "w", t, "sh", "-c", "cd ..; cd ..; cd ..; cd ..; ls mnt"):check().stdout, "theirs\n")
end

tests["a time zone of theirs is not read"] = function()
  local zone = "/usr/share/zoneinfo/Asia/Tokyo"
  here.need("test -e " .. zone .. " -a -e /etc/localtime", "there are no time zones here")
  local line = [[exec unshare %s sh -c 'mount --bind %s "$(readlink -f /etc/localtime)"; echo $$; exec sleep 60']]
  local target <close> = strangers.start(line:format(sys.geteuid() == 0 and "-m" or "-r -m", zone))
  for _, tz in ipairs{ false, "Europe/Berlin" } do
    local r = ns.run{ env = { TZ = tz }, nssh, "-e", ([[
      local function zone() os.time{ year = 2020, month = 1, day = 1 } return os.date("%%Z", 0) .. os.date("%%z", 0) end
      local here = zone()
      print(here == ns.call(%d, zone), here)
    ]]):format(target.pid) }:check()
    check.match(r.stdout, "^true", tostring(tz))
  end
end

tests["nil for a place is not this place"] = function()
  check.fails(function() ns.shell(nil) end, "got nil")
  check.fails(function() ns.clone(nil) end, "got nil")
  check.fails(function() ns.shell("self", nil) end, "got nil")
  check.fails(function() ns.call({}, function() ns.setns("self", nil) end) end, "got nil")
end

tests["descriptors of the caller's stay out"] = function()
  local target <close> = strangers.boxed()
  local file <close> = assert(io.tmpfile())
  local look = { "sh", "-c", "ls /proc/self/fd | tr '\\n' ' '" }
  local t = tostring(target.pid)
  check.eq(enter({ fds = { [9] = file } }, t, table.unpack(look)):check().stdout, "0 1 2 3 ")
  check.eq(enter({ fds = { [9] = file } }, "--keep-fds", t, table.unpack(look)):check().stdout, "0 1 2 3 9 ")
end

tests["a program of theirs that is a script of /proc/self/exe does not get nssh's file"] = function()
  -- CVE-2019-5736: the kernel would run what executes it.
  local target <close> = strangers.start(([[exec unshare %s sh -c '
    mount -t tmpfs none /mnt && printf "#!/proc/self/exe\nprint(7)\n" >/mnt/bait && chmod 755 /mnt/bait; echo $$; exec sleep 60']]):format(
      sys.geteuid() == 0 and "-m" or "-r -m"))
  local t = tostring(target.pid)
  for _, letters in ipairs{ "-a", "-aF" } do
    local r = enter(letters, t, "/mnt/bait")
    check.ok(not r.ok and r.stdout == "", letters .. ": " .. r.stdout .. r.stderr)
    r = enter(letters, t, "/mnt/nothing")
    check.eq(r.status, 127, letters)
    check.match(r.stderr, "/mnt/nothing", letters)
    r = enter(letters, t, "/etc/passwd")
    check.eq(r.status, 126, letters)
    check.match(r.stderr, "/etc/passwd", letters)
  end
  local options = sys.geteuid() == 0 and { mnt = target.pid } or { user = target.pid, mnt = target.pid }
  options[1] = "/mnt/bait"
  local r = ns.run(options)
  check.eq({ r.ok, r.stdout }, { false, "" })
  options[1] = "/mnt/nothing"
  check.fails(function() ns.run(options) end, "execve%(/mnt/nothing%): No such file")
  r = ns.call(target.pid, function() return ns.run{ "/mnt/bait" } end)
  check.eq({ r.ok, r.stdout }, { false, "" })
  -- What a body executes by Lua's own means is executed so, too: here sh itself is the bait.
  local said = ns.call(target.pid, function()
    ns.run{ "cp", "/mnt/bait", "/mnt/sh" }:check()
    local ran <close> = io.popen("exit 3")
    local first = { ran:read("a"), select(3, ran:close()) }
    local whole = { os.execute("exit 4") }
    sys.mount{ source = "/mnt/sh", target = sys.readlink("/bin") and "/usr/bin/sh" or "/bin/sh", flags = { "bind" } }
    local baited <close> = io.popen("exit 3")
    return { first, whole, baited:read("a"), (select(3, baited:close())), (select(3, os.execute("exit 3"))) }
  end)
  check.eq(said, { { "", 3 }, { nil, "exit", 4 }, "", 127, 127 })
  -- A box of nssh's own may have others' programs in it.
  local box <close> = apart.clone{ mnt = true }
  box:call(function()
    sys.mount{ source = "none", target = "/mnt", type = "tmpfs" }
    local file <close> = io.open("/mnt/bait", "w")
    file:write("#!/proc/self/exe\nprint(7)\n")
    ns.run{ "chmod", "755", "/mnt/bait" }:check()
  end)
  r = box:run{ "/mnt/bait" }
  check.eq({ r.ok, r.stdout }, { false, "" })
end

tests["os.execute over there leaves signals to the command, as here"] = function()
  local target <close> = strangers.boxed()
  local function signals()
    local path = os.tmpname()
    os.execute("grep -E '^Sig(Blk|Ign)' /proc/self/status >" .. path)
    local file <close> = assert(io.open(path))
    os.remove(path)
    local blocked, ignored = file:read("a"):match("SigBlk:%s*(%x+)\nSigIgn:%s*(%x+)\n")
    -- The C library has two signals of its own, 32 and 33.
    return { tonumber(blocked, 16), tonumber(ignored, 16) & 0x7fffffff }
  end
  check.eq(ns.call(target.pid, signals), ns.call({}, signals))
end

-- nssh is given a session keyring: who has none gets a new one each time that it is asked for.
local keys = [[
import ctypes, os, sys
libc = ctypes.CDLL(None)
def keyctl(*words): return libc.syscall(250 if os.uname().machine == "x86_64" else 219, *words)
if len(sys.argv) < 2: print(keyctl(0, -3, 0))
elif keyctl(1, None) < 0: print("forbidden")
else: os.execv(sys.argv[1], sys.argv[1:])
]]

tests["the session keyring is another one"] = function()
  here.need_program("python3")
  local target <close> = strangers.boxed()
  -- Whether what runs with these options has nssh's own; nil where keyctl(2) is forbidden, inside too.
  local function shares(options)
    local chunk = ([[
      for _, options in ipairs{ {}, %s } do
        for i, word in ipairs{ "python3", "-c", sys.env("KEYS") } do options[i] = word end
        io.write(ns.run(options):check().stdout)
      end
    ]]):format(options)
    local r = ns.run{ timeout = 20, env = { KEYS = keys }, "python3", "-c", keys, nssh, "-e", chunk }:check()
    if r.stdout == "forbidden\n" then return nil end
    local own, theirs = r.stdout:match("^(%-?%d+)\n(%-?%d+)\n$")
    check.ok(own and tonumber(own) > 0, options .. ": " .. r.stdout .. r.stderr)
    return own == theirs
  end
  local plain = shares"{}"
  if plain == nil then return check.ok(true) end
  check.eq(plain, true, "the control")
  if sys.geteuid() == 0 then
    check.eq(shares(("{ mnt = %d }"):format(target.pid)), false, "another's files")
    -- As the keys of this session are not for others, so they are not for a box of others' ids.
    check.eq(shares"{ user = { uid = { { 0, 100000, 10 } }, gid = { { 0, 100000, 10 } } }, uid = 0, gid = 0 }", false, "others' ids")
    check.eq(shares"{ mnt = true }", true, "one's own")
  else
    check.eq(shares(("{ user = %d, mnt = %d }"):format(target.pid, target.pid)), false, "another's files")
  end
end

return tests
