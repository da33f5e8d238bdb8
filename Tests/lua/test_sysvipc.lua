-- What an ipc namespace isolates, as LTP's sysvipc and mqns suites ask it: System V objects by key, POSIX queues by name. The
-- outside is an ipc namespace of the test's own, so that nothing is left on the machine.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local KEY = 4711
local get = { msg = "msgget(%d, %s)", sem = "semget(%d, 1, %s)", shm = "shmget(%d, 64, %s)" }

-- A perl program: "there" or the errno of looking for the object by its key; `flags` of IPC_CREAT make it.
local function perl(kind, flags)
  local call = get[kind]:format(KEY, flags)
  return { "perl", "-e", ("my $id = %s; print defined $id ? 'there' : $! + 0"):format(call) }
end
local FIND, CREATE = "0", "0666 | 01000"

for kind in pairs(get) do
  tests[kind .. ": what was made outside is not there in a new ipc namespace"] = function()
    here.need_program("perl", "perl-base")
    local seen = apart.call({ ipc = true }, function(find, create)
      local seen = { ns.run(create).stdout, ns.run(find).stdout }
      local p <close> = ns.clone{ ipc = true }
      seen[3] = p:run(find).stdout
      seen[4] = ns.call({}, function()
        ns.unshare{ ipc = true }
        return ns.run(find).stdout
      end)
      return seen
    end, perl(kind, FIND), perl(kind, CREATE))
    check.eq(seen, { "there", "there", "2", "2" }) -- ENOENT
  end

  tests[kind .. ": the same key is another object in each of two ipc namespaces"] = function()
    here.need_program("perl", "perl-base")
    local a <close> = apart.clone{ ipc = true }
    local b <close> = ns.clone{ user = a, ipc = true }
    for _, p in ipairs{ a, b } do check.eq(p:run(perl(kind, FIND)).stdout, "2") end
    check.eq(a:run(perl(kind, CREATE)).stdout, "there")
    check.eq(b:run(perl(kind, FIND)).stdout, "2")
    check.eq(b:run(perl(kind, CREATE .. " | 02000")).stdout, "there") -- IPC_EXCL: it is new
    check.eq(a:run(perl(kind, CREATE .. " | 02000")).stdout, "17") -- EEXIST
  end
end

-- What is put into the object of one namespace does not come out of the other's.
local contents = {
  msg = {
    put = [[msgsnd(msgget(4711, 01666), pack("l! a*", 1, $ARGV[0]), 0) or die $!]],
    take = [[my $m; print msgrcv(msgget(4711, 01666), $m, 9, 0, 04000) ? (unpack("l! a*", $m))[1] : "nothing"]],
    nothing = "nothing",
  },
  sem = {
    put = [[defined semctl(semget(4711, 1, 01666), 0, 16, $ARGV[0] eq "a" ? 5 : 6) or die $!]],
    take = [[print semctl(semget(4711, 1, 01666), 0, 12, 0) == 5 ? "a" : semctl(semget(4711, 1, 01666), 0, 12, 0) == 6 ? "b" : "nothing"]],
    nothing = "nothing",
  },
  shm = {
    put = [[shmwrite(shmget(4711, 64, 01666), $ARGV[0], 0, 1) or die $!]],
    take = [[my $m; shmread(shmget(4711, 64, 01666), $m, 0, 1) or die $!; print $m eq "\0" ? "nothing" : $m]],
    nothing = "nothing",
  },
}

for kind, code in pairs(contents) do
  tests[kind .. ": what one writes the other does not read"] = function()
    here.need_program("perl", "perl-base")
    local a <close> = apart.clone{ ipc = true }
    local b <close> = ns.clone{ user = a, ipc = true }
    a:run{ "perl", "-e", code.put, "a" }:check()
    check.eq(b:run{ "perl", "-e", code.take }:check().stdout, code.nothing)
    b:run{ "perl", "-e", code.put, "b" }:check()
    check.eq(a:run{ "perl", "-e", code.take }:check().stdout, "a")
    check.eq(b:run{ "perl", "-e", code.take }:check().stdout, "b")
  end
end

tests["POSIX queues are the ipc namespace's, whoever has mounted them"] = function()
  local before, there, outside, inside = apart.with_tmp({ ipc = true }, function()
    os.execute("mkdir /tmp/q /tmp/p")
    sys.mount{ source = "none", target = "/tmp/q", type = "mqueue" }
    os.execute("touch /tmp/q/outer")
    local p <close> = ns.clone{ ipc = true }
    local inside = p:call(function()
      sys.mount{ source = "none", target = "/tmp/p", type = "mqueue" }
      local before = sys.readdir("/tmp/p")
      os.execute("touch /tmp/p/inner")
      return { before, sys.readdir("/tmp/p"), sys.readdir("/tmp/q") }
    end)
    return inside[1], inside[2], sys.readdir("/tmp/q"), inside[3]
  end)
  check.eq(before, {})
  check.eq(there, { "inner" })
  check.eq(outside, { "outer" })
  check.eq(inside, { "outer" }, "a mount shows the queues of the namespace that it was made in")
end

tests["POSIX queues stay as long as the namespace, without the process that made them"] = function()
  local names = apart.with_tmp({ ipc = true }, function()
    sys.mount{ source = "none", target = "/tmp", type = "mqueue" }
    ns.run{ "touch", "/tmp/kept" }:check()
    return sys.readdir("/tmp")
  end)
  check.eq(names, { "kept" })
end

return tests
