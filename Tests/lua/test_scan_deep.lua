-- What a deep scan finds: descriptors in flight, files of an io_uring, open files of /proc, and suspects. Perl makes the calls that
-- nssh has no word for.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local deep = { tasks = false, fds = false, sockets = false, deep = true }

-- A process that has run Perl code, with its arguments, and stays.
local function perl(code, options, ...)
  here.need_program("perl", "perl-base")
  local body = { "perl", "-e", '$| = 1; my $r = eval { ' .. code .. ' }; print(($@ || "ready") . "\n"); sleep 60', stdout = "pipe" }
  for name, value in pairs(options or {}) do body[name] = value end
  for _, argument in ipairs{ ... } do body[#body + 1] = tostring(argument) end
  local p = (options and apart or ns).clone(body)
  local answer = p.stdout:read()
  if answer ~= "ready" then
    p:close()
    error(answer or "perl has ended")
  end
  return p
end

-- What a namespace is held by for certain that is of a kind, in a new snapshot.
local function holders(link, kind)
  local found = {}
  for _, holder in ipairs(ns.scan(deep):holders(link)) do
    if holder.kind == kind and holder.certain then found[#found + 1] = holder end
  end
  return found
end

-- The suspects of a kind in a process, or in nssh.
local function suspects(kind, pid)
  local found = {}
  for _, suspect in ipairs(ns.scan(deep).suspects) do
    check.eq(suspect.certain, false)
    if suspect.kind == kind and suspect.pid == pid then found[#found + 1] = suspect end
  end
  return found
end

-- A new namespace that nothing holds but what take, called with a handle on it and its process, has made. Its link, and a weak reference.
local function only(type, take)
  local p <close> = apart.clone{ [type] = true }
  local h <close> = p:open(type)
  local weak = ns.weak(h)
  take(h, p)
  return ("%s:[%d]"):format(type, h:inode()), weak
end

local function dies(weak)
  local deadline = sys.clock("monotonic") + 5
  while weak:alive() and sys.clock("monotonic") < deadline do sys.sleep(0.02) end
  return not weak:alive()
end

tests["a descriptor in a message that waits is found, and stays there"] = function()
  local a, b = sys.socketpair()
  local id
  local link, weak = only("uts", function(h)
    id = h:id()
    ns.send(a, h)
  end)
  for _ = 1, 2 do
    local found = holders(link, "in_flight")
    check.eq(#found, 1)
    check.eq({ found[1].pid, found[1].certain }, { sys.getpid(), true })
  end
  for _, namespace in ipairs(ns.scan(deep).namespaces) do
    if namespace.link == link then check.eq(namespace.id, id) end
  end
  local received <close> = ns.receive(b, "uts")
  check.eq(("uts:[%d]"):format(received:inode()), link)
  check.eq(#holders(link, "in_flight"), 0)
  received:close()
  a:close()
  b:close()
  check.ok(dies(weak), "it dies with the last descriptor")
end

tests["descriptors behind the first message are suspected"] = function()
  local a, b = sys.socketpair()
  local own <close> = ns.open("self", "uts")
  ns.send(a, own)
  check.eq(#suspects("in_flight", sys.getpid()), 0)
  ns.send(a, own)
  local found = suspects("in_flight", sys.getpid())
  check.eq(#found, 1)
  check.match(found[1].detail, "^1 descriptor behind")
  check.eq(#found[1].types, 8)
  a:close()
  b:close()
end

tests["a file of an io_uring is found"] = function()
  local p
  local link, weak = only("uts", function(_, box)
    p = perl([[
      my $ring = syscall(425, 4, my $parameters = "\0" x 120);
      die "io_uring_setup: $!" if $ring < 0;
      open(my $file, "<", "/proc/$ARGV[0]/ns/uts") or die "open: $!";
      syscall(427, $ring, 2, my $list = pack("i", fileno $file), 1) == 0 or die "io_uring_register: $!";
    ]], nil, box.pid)
  end)
  local found = holders(link, "io_uring")
  check.eq(#found, 1)
  check.eq({ found[1].pid, found[1].detail }, { p.pid, "file 0" })
  p:close()
  check.ok(dies(weak), "it dies with the ring")
end

tests["an open file below /proc/PID/net is found, and suspected when no process is left there"] = function()
  local p
  local link, weak = only("net", function(_, box)
    local link = ("net:[%d]"):format(box:inode("net"))
    p = perl([[open(our $file, "<", "/proc/$ARGV[0]/net/dev") or die "open: $!"]], nil, box.pid)
    local found = holders(link, "proc_file")
    check.eq(#found, 1)
    check.eq({ found[1].pid, found[1].path }, { p.pid, ("/proc/%d/net/dev"):format(box.pid) })
    check.eq(#suspects("proc_file", p.pid), 0)
  end)
  check.ok(weak:alive(), link)
  check.eq(#holders(link, "proc_file"), 0)
  local found = suspects("proc_file", p.pid)
  check.eq(#found, 1)
  -- The file is below /proc/PID, too.
  check.eq(found[1].types, { "pid", "net" })
  p:close()
  check.ok(dies(weak), "it dies with the file")
end

tests["an open mountinfo is found, and goes on where it was"] = function()
  local box <close> = apart.clone{ mnt = true }
  local p <close> = perl([[
    open(our $file, "<", "/proc/$ARGV[0]/mountinfo") or die "open: $!";
    sysread($file, my $some, 10);
    our $rest = $some;
    $SIG{USR1} = sub {
      local $/;
      $rest .= <$file>;
      open(my $fresh, "<", "/proc/$ARGV[0]/mountinfo");
      print $rest eq <$fresh> ? "same\n" : "other\n";
    };
  ]], nil, box.pid)
  local link = ("mnt:[%d]"):format(box:inode("mnt"))
  local found = holders(link, "proc_file")
  check.eq(#found, 1)
  check.eq({ found[1].pid, found[1].path }, { p.pid, ("/proc/%d/mountinfo"):format(box.pid) })
  p:kill("USR1")
  check.eq(p.stdout:read(), "same")
end

tests["a file system that is being set up is suspected"] = function()
  local p <close> = perl([[syscall(430, my $type = "tmpfs", 0) >= 0 or die "fsopen: $!"]], { mnt = true })
  local found = suspects("fs_context", p.pid)
  check.eq(#found, 1)
  check.eq(found[1].types, { "ipc", "pid", "net", "user", "cgroup" })
end

tests["System V shared memory that is mapped is suspected"] = function()
  local p <close> = perl([[
    my $id = shmget(0, 4096, 0600);
    my $call = `uname -m` =~ /x86_64/ ? 30 : 196;
    my $at = syscall($call, $id, 0, 0);
    shmctl($id, 0, 0);
    die "shmat: $!" if $at == -1;
  ]], { ipc = true })
  local found = suspects("shared_memory", p.pid)
  check.eq(#found, 1)
  check.eq(found[1].types, { "ipc" })
  check.match(found[1].detail, "^shmid %d+$")
end

tests["the pidfd of a process that has been reaped is suspected"] = function()
  local p <close> = perl([[
    my $child = fork;
    if (!$child) { exec "true" }
    die "pidfd_open: $!" if syscall(434, $child, 0) < 0;
    waitpid $child, 0;
  ]])
  local found = suspects("pidfd", p.pid)
  check.eq(#found, 1)
  check.eq(found[1].types, { "pid" })
end

tests["without deep nothing of this is looked at"] = function()
  local snapshot = ns.scan{}
  for _, cost in ipairs(snapshot.costs) do check.ne(cost.source, "deep") end
  check.eq(ns.scan(deep).costs[#ns.scan(deep).costs - 1].source, "deep")
end

-- Only the kernel's own files tell of a namespace, whatever others are called.
tests["files elsewhere that are called as those of /proc are nothing"] = function()
  local directory = ns.run{ "mktemp", "-d" }:check().stdout:match("%g+")
  local remove <close> = setmetatable({}, { __close = function() ns.run{ "rm", "-rf", directory } end })
  check.ok(remove)
  ns.run{ "mkdir", directory .. "/net", directory .. "/sysvipc", directory .. "/cgroup" }:check()
  local files = {}
  for _, name in ipairs{ "net/tcp", "uid_map", "mountinfo", "mounts", "sysvipc/shm", "cgroup/cgroup.procs" } do
    files[#files + 1] = assert(io.open(directory .. "/" .. name, "w"))
  end
  local found = {}
  local function look(list)
    for _, holder in ipairs(list) do
      if holder.path and holder.path:find(directory, 1, true) then found[#found + 1] = tostring(holder.text) end
    end
  end
  local snapshot = ns.scan(deep)
  look(snapshot.suspects)
  for _, namespace in ipairs(snapshot.namespaces) do look(snapshot:holders(namespace.link)) end
  for _, file in ipairs(files) do file:close() end
  check.eq(found, {})
end

return tests
