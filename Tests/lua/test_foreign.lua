-- In a mnt namespace or root of others nothing of the files becomes a part of nssh, and a copy of nssh there holds no way back.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")
local is_root = sys.geteuid() == 0

-- A directory for a test's files; it goes at the end of the scope.
local Scratch = { __close = function(self) ns.run{ "rm", "-rf", self.path } end }
local function scratch()
  return setmetatable({ path = ns.run{ "mktemp", "-d" }:check().stdout:gsub("\n", "") }, Scratch)
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

-- A process in a mnt namespace of its own, which has run `line` there. As root without a user namespace: it may do what root may.
local function box(line, options)
  options = options or {}
  options.mnt = true
  if not is_root then
    here.need_user_namespaces()
    options.user = "root"
  end
  options.stdout, options.stderr = "pipe", "inherit"
  options.sh = line .. "\necho ready; exec sleep 1000"
  local process = ns.clone(options)
  check.eq(process.stdout:read("l"), "ready")
  return process
end

-- What a box does whose root wants to run code in those who enter it: the name service loads a library of its own, for any name.
local function evil(directory)
  here.need_program("cc", "gcc")
  local find = "cc -print-file-name=libnss_compat.so.2"
  here.need(('test -e "$(%s)"'):format(find), "there is no module of the name service here but those in the C library")
  write(directory .. "/evil.c", ([[
    #include <fcntl.h>
    #include <unistd.h>
    __attribute__((constructor)) static void run(void) { close(open("%s/hit", O_CREAT | O_WRONLY, 0666)); }
  ]]):format(directory))
  write(directory .. "/nsswitch.conf", "passwd: compat\ngroup: compat\nhosts: compat\n")
  ns.run{ sh = ("cd '%s' && cc -shared -fPIC -o evil.so evil.c && touch nscd"):format(directory) }:check()
  return box(([[
    mount --bind '%s/nsswitch.conf' /etc/nsswitch.conf &&
    mount --bind '%s/evil.so' "$(readlink -f "$(%s)")" || exit]]):format(directory, directory, find))
end

tests["no name service of a box is asked, in a copy of nssh or in nssh itself"] = function()
  local own <close> = scratch()
  local path = own.path
  local target <close> = evil(path)
  local function was_hit()
    local hit = sys.stat(path .. "/hit") ~= nil
    os.remove(path .. "/hit")
    return hit
  end
  -- The control: what is no nssh falls for it.
  target:run{ "getent", "passwd", "54321" }
  check.ok(was_hit(), "getent loads the box's library")
  local looks = {
    list = function() return #ns.list{} end, find = function() return #ns.find("sleep") end,
    why = function() return tostring(ns.why("self")) end,
    scan = function() return tostring(ns.scan{}:json()) end, ledger = function() return tostring(ns.ledger()) end,
    tree = function() return tostring(ns.tree{}) end, auto = function() return pcall(ns.clone, { user = "auto", "true" }) end,
    name = function() return pcall(ns.run, { net = "nosuchuser/nosuchname", "true" }) end,
  }
  for name, look in pairs(looks) do
    target:call(function() pcall(look) end)
    check.ok(not was_hit(), name)
  end
  local r = ns.run{ nssh, "-e", ([[
    ns.setns(%d)
    print(#ns.list{} > 0, pcall(ns.clone, { user = "auto", "true" }))
  ]]):format(target.pid) }:check()
  check.match(r.stdout, "^true")
  check.ok(not was_hit(), "ns.setns")
end

tests["users have the names that /etc/passwd says over there, read as text"] = function()
  local own <close> = scratch()
  write(own.path .. "/passwd", "\27[2Jbad:x:0:0::/:/bin/sh\nthe boss:x:0:0::/:/bin/sh\nno line\n:x:0:0\n")
  local target <close> = box(("mount --bind '%s/passwd' /etc/passwd"):format(own.path), { pid = { proc = true } })
  check.eq(target:call(function() return ns.list{ type = "mnt" }[1].user end), "the boss")
  -- What is known of one place is not what another says.
  write(own.path .. "/second", "the other:x:0:0::/:/bin/sh\n")
  local names = apart.call({ mnt = true }, function(directory)
    local boxes = {}
    for i, name in ipairs{ "passwd", "second" } do
      boxes[i] = ns.clone{ mnt = true }
      boxes[i]:call(function() sys.mount{ source = directory .. "/" .. name, target = "/etc/passwd", flags = { "bind" } } end)
    end
    local seen = {}
    for i, b in ipairs(boxes) do
      ns.setns(b.pid, "mnt")
      seen[i] = ns.list{ type = "mnt" }[1].user
    end
    return seen
  end, own.path)
  check.eq(names, { "the boss", "the other" })
  -- Nobody waits for what is no file.
  local line = ("mkfifo '%s/fifo' && mount --bind '%s/fifo' /etc/passwd"):format(own.path, own.path)
  local waiting <close> = box(line, { pid = { proc = true } })
  check.eq(ns.call(waiting, function() return tostring(ns.list{ type = "mnt" }[1].user) end), "nil")
end

tests["no locale, library or module is loaded over there, and here again after coming back"] = function()
  local own <close> = scratch()
  write(own.path .. "/theirs.lua", "return 'theirs'")
  local target <close> = box("true")
  local path = own.path .. "/?.lua;" .. package.path
  local function probe()
    package.path = path
    local answers = { pcall(require, "theirs") }
    package.loaded.theirs = nil
    return { answers[1], tostring(answers[2]), tostring((select(2, package.loadlib("/nonesuch.so", "*")))),
      tostring((select(2, os.setlocale("nonesuch")))), tostring(os.setlocale("C")), tostring(os.setlocale()),
      require("nssh.scripts") ~= nil,
      dofile(path:match("^(.-)%?") .. "theirs.lua") }
  end
  local function is_here(got, about)
    check.eq({ got[1], got[2], got[4], got[5] }, { true, "theirs", "nil", "C" }, about)
    check.match(got[3], "nonesuch", about)
  end
  local function is_there(got, about)
    check.eq(got[1], false, about)
    check.match(got[2], "no file is looked for in another's mnt namespace or root", about)
    check.match(got[3], "no library is loaded", about)
    check.match(got[4], "no locale but", about)
    check.eq({ got[5], got[6], got[7], got[8] }, { "C", "C", true, "theirs" }, about)
  end
  is_here(ns.call({}, probe), "a copy here")
  is_there(target:call(probe), "a copy there")
  local apart_here = apart.call({ mnt = true }, probe)
  is_here(apart_here, "a mnt namespace of its own")
  -- And so is a copy of that copy; and nssh itself till it comes home.
  is_there(target:call(function() return ns.call({}, probe) end), "a copy of a copy there")
  if is_root then
    local result = ns.call({}, function(pid)
      local before = probe()
      ns.setns(pid, "mnt")
      return { before, probe() }
    end, target.pid)
    is_here(result[1], "before setns")
    is_there(result[2], "after setns")
    for _, back in ipairs{ "ns.home()", "ns.setns(home)" } do
      local r = ns.run{ nssh, "-e", ([[
        package.path = %q
        local home = ns.open("self", "mnt")
        ns.setns(%d, "mnt")
        local there = pcall(require, "theirs")
        %s
        print(there, pcall(require, "theirs"))
      ]]):format(path, target.pid, back) }:check()
      check.match(r.stdout, "^false\ttrue\ttheirs", back)
    end
  end
  apart.call({ mnt = true }, function()
    sys.chroot("/")
    is_there(probe(), "chroot")
  end)
end

tests["a copy over there holds nothing that leads back"] = function()
  local own <close> = scratch()
  write(own.path .. "/inherited", "")
  write(own.path .. "/theirs", "")
  -- Which /proc it is that a copy looks at: one of other processes leads to their roots.
  local chunk = ([[
    local box <close> = ns.clone{ mnt = true, pid = { proc = true }, user = "root", uts = true }
    ns.open(box, "uts"):close()
    ns.run{ user = "root", "true" }
    local file <close> = io.open(%q)
    local found, pids = ns.call(box, function()
      local pids = #ns.scan{}.processes
      local found = {}
      for _, name in ipairs(sys.readdir("/proc/self/fd")) do
        local link = sys.readlink("/proc/self/fd/" .. name)
        if link and tonumber(name) > 2 then found[#found + 1] = link end
      end
      return table.concat(found, "\n"), pids
    end)
    print(pids)
    print(found)
  ]]):format(own.path .. "/theirs")
  write(own.path .. "/script.lua", chunk)
  here.need_user_namespaces()
  local r = ns.run{ sh = ("exec 7<'%s/inherited'; exec '%s' '%s/script.lua'"):format(own.path, nssh, own.path) }:check()
  -- The holder, which is PID 1, and the copy.
  check.match(r.stdout, "^2\n")
  check.match(r.stdout, "/theirs\n", "Lua's file")
  -- One /proc, and no pidfd: setns(2) would lead by it to where that process is.
  local count = { proc = 0, pidfd = 0 }
  for line in r.stdout:gmatch("[^\n]+") do
    if line == "/" or line == "/proc" then count.proc = count.proc + 1 end
    if line:find("pidfd", 1, true) then count.pidfd = count.pidfd + 1 end
  end
  check.eq(count, { proc = 1, pidfd = 0 }, r.stdout)
  for line in r.stdout:gmatch("[^\n]+") do
    local is_known = line == "2" or line:find("/theirs$") or line:find("^anon_inode:") or line:find("nssh%-results")
      or line:find("^pipe:") or line == "/" or line == "/proc"
    check.ok(is_known, line)
  end
end

tests["without a /proc of its pid namespace a copy says so"] = function()
  local target <close> = box("mount -t tmpfs none /proc")
  local ok, message = target:call(function()
    local ok, e = pcall(ns.inode, "self", "uts")
    return ok, tostring(e)
  end)
  check.eq(ok, false)
  check.match(message, "there is no /proc of this pid namespace")
  -- One of another pid namespace is none: its numbers are somebody else's.
  local inner <close> = box("true", { pid = true })
  check.eq(inner:call(function() return (pcall(ns.inode, "self", "uts")) end), true, "one that is mounted nowhere")
end

-- nssh itself keeps its way home, and its copies do not have it.
tests["a copy of nssh that has moved holds nothing that leads back, either"] = function()
  local target <close> = box("true", { pid = { proc = true } })
  local r = ns.run{ nssh, "-e", ([[
    ns.setns(%d)
    print(ns.call({}, function()
      local is_there = ns.inode("self", "mnt") == %d
      local ways, seen = {}, 0
      for _, name in ipairs(sys.readdir("/proc/self/fd")) do
        local worked, inside = pcall(sys.readdir, "/proc/self/fd/" .. name)
        for _, entry in ipairs(worked and inside or {}) do seen = seen + (tonumber(entry) and 1 or 0) end
        local link = tonumber(name) > 2 and sys.readlink("/proc/self/fd/" .. name) or ""
        local is_file = link:find("^/") and not link:find("^/memfd:")
        if is_file or link:find("pidfd") or link:find("^%%a+:%%[") and not link:find("^pipe") then ways[#ways + 1] = link end
      end
      return #ways, table.concat(ways, " "), is_there, seen
    end))
  ]]):format(target.pid, target:inode("mnt")) }:check()
  -- The one is its /proc: that of the box, or one like it; in it are the box's process and the copy.
  check.match(r.stdout, "^1\t/[proc]*\ttrue\t2\n$")
end

tests["what a function body executes gets no file of nssh's or its caller's"] = function()
  local own <close> = scratch()
  write(own.path .. "/secret", "secret")
  write(own.path .. "/script.lua", ([[
    local path = %q
    local files = { io.open(path), io.open(path, "r+"), io.tmpfile(), io.popen("cat", "w"), io.popen("sleep 1"), (io.lines(path)) }
    files[#files + 1] = select(4, io.lines(path))
    io.input(path)
    local function passed()
      local got
      if not arg[1] then
        local name = os.tmpname()
        os.execute("exec ls -l /proc/self/fd >" .. name)
        local file <close> = io.open(name)
        got = file:read("a")
        os.remove(name)
      else
        local file <close> = io.popen("exec ls -l /proc/self/fd")
        got = file:read("a")
      end
      local list = {}
      for number, link in got:gmatch("(%%d+) %%-> ([^\n]+)") do
        -- One is ls's own.
        if tonumber(number) > 2 and not link:find("^/proc/%%d+/fd$") then list[#list + 1] = number .. " " .. link end
      end
      return table.concat(list, ", ")
    end
    print("here: " .. passed())
    print("copy: " .. ns.call({}, passed))
  ]]):format(own.path .. "/secret"))
  for _, way in ipairs{ "", "popen" } do
    local r = ns.run{ sh = ("exec 7<'%s/secret'; exec '%s' '%s/script.lua' %s"):format(own.path, nssh, own.path, way) }:check()
    -- Here a script passes on what its caller gave it, as Lua does, and make(1) wants.
    check.match(r.stdout, "^here: 7 [^\n,]+/secret\n", way)
    check.match(r.stdout, "\ncopy: \n$", way)
  end
end

-- What the C library opens, asked of the kernel.
tests["a copy over there opens nothing that the C library would load"] = function()
  here.need_strace()
  here.need_root("strace of an ordinary user cannot read paths in an undumpable process")
  local own <close> = scratch()
  local target <close> = box("true", { pid = { proc = true } })
  local log = own.path .. "/log"
  write(own.path .. "/script.lua", ([[
    os.setlocale("C.UTF-8")
    ns.call(%d, function()
      io.open("/begin-of-the-copy")
      local function try(fn, ...) pcall(fn, ...) end
      try(error, "x")
      xpcall(function() local t = nil; t.x = 1 end, debug.traceback)
      local text = ("%%5.1f %%s"):format(1.5, os.date()) .. os.date("%%c %%Z %%x") .. os.date("!%%c")
      text = text .. os.time{ year = 2000, month = 1, day = 1 }
      text = text:upper() .. tostring(text < "b") .. tostring(select(2, io.open("/nonesuch")))
      os.setlocale("")
      os.setlocale("de_DE.UTF-8")
      os.remove(os.tmpname())
      io.tmpfile():close()
      io.popen("true"):close()
      os.execute("true")
      try(ns.list, {}) try(ns.find, "sleep") try(ns.why, "self") try(ns.ledger) try(ns.scan, {}) try(ns.tree, {})
      try(ns.clone, { user = "auto", "true" })
      try(ns.run, { user = "root", "true" })
      try(ns.call, { user = "root" }, function() return os.date() end)
      try(function() return ns.scan{}:json() end)
      try(help, "ns.clone")
      try(require, "nssh.demo") try(require, "posix") try(package.loadlib, "libm.so.6", "*")
      io.open("/end-of-the-copy")
      os.exit(true)
    end)
  ]]):format(target.pid))
  ns.run{ "strace", "-f", "-o", log, "-e", "trace=open,openat,openat2", nssh, own.path .. "/script.lua", stdout = "null" }
  local file <close> = assert(io.open(log))
  local copy, ended
  local seen = 0
  for line in file:lines() do
    local pid, rest = line:match("^(%d+) +(.*)")
    if rest:find("/begin-of-the-copy", 1, true) then copy = pid end
    if pid == copy and rest:find("/end-of-the-copy", 1, true) then ended = true end
    local path = pid == copy and rest:match('"(/[^"]*)"')
    if path then
      seen = seen + 1
      for _, part in ipairs{ "^/lib", "^/usr/lib", "^/etc", "locale", "gconv", "zoneinfo", "nscd", "%.so" } do
        -- Users' names.
        if path ~= "/etc/passwd" then check.ok(not path:find(part), path) end
      end
    end
  end
  check.ok(copy and ended and seen > 2, "the trace shows the copy from its beginning to its end")
end

return tests
