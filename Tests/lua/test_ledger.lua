-- ns.ledger: what counts as left behind by nssh.
local check = require "check"
local apart = require "apart"
local here = require "here"

local nssh = sys.readlink("/proc/self/exe")
local tests = {}

-- The kinds and names that are surely left.
local function certain(left)
  local names = {}
  for _, item in ipairs(left) do
    if item.certain then names[#names + 1] = item.kind .. " " .. item.name end
  end
  return names
end

-- A shell with a child that echoes; it is there when the echo has come. Both end with their input, so that no orphan of a
-- killed shell is still dying when the test is over.
local function with_grandchild(fn)
  local process <close> = ns.clone{ "sh", "-c", "cat; :", stdin = "pipe", stdout = "pipe" }
  local output <close> = process.stdout
  local input <close> = process.stdin
  input:write("there\n")
  input:flush()
  check.eq(output:read("l"), "there")
  fn(process)
  input:close()
  check.eq(process:wait(10).status, 0)
end

tests["a child and a child's child count"] = function()
  local before = ns.ledger()
  with_grandchild(function()
    local names = table.concat(certain(ns.ledger():since(before)), "\n")
    check.match(names, "process %d+ sh ")
    check.match(names, "process %d+ cat ")
  end)
end

-- The name and the state of a process.
local function state(pid)
  local file <close> = assert(io.open("/proc/" .. pid .. "/stat"))
  return file:read("a"):match("%((.*)%) (%a)")
end

tests["a child that has ended and not been reaped counts"] = function()
  local process <close> = ns.clone{ "cat", stdin = "pipe" }
  local before = ns.ledger()
  process.stdin:close()
  apart.eventually(function() return select(2, state(process.pid)) == "Z" end)
  check.eq(certain(ns.ledger():since(before)), {}, "it was there before")
  local fresh <close> = ns.clone{ "cat", stdin = "pipe" }
  fresh.stdin:close()
  apart.eventually(function() return select(2, state(fresh.pid)) == "Z" end)
  check.match(table.concat(certain(ns.ledger():since(before)), "\n"), "process " .. fresh.pid .. " cat %(zombie")
end

tests["nssh that is PID 1 knows what is its own"] = function()
  here.need("unshare --user --map-root-user --pid --fork --mount-proc true", "a pid namespace with its /proc is forbidden here")
  local out = apart.run{ pid = { proc = true }, timeout = 20, nssh, "-e", [[
    local before = ns.ledger()
    ns.run{ sh = "setsid sleep 60 & until [ $(ps -o sid= -p $!) = $! ]; do :; done" }
    local process = ns.clone{ "cat", stdin = "pipe" }
    process.stdin:close()
    local stat = "/proc/" .. process.pid .. "/stat"
    local function is_zombie()
      local file <close> = io.open(stat)
      return file:read("a"):find(") Z ", 1, true)
    end
    repeat until is_zombie()
    for _, item in ipairs(ns.ledger():since(before)) do
      if item.kind == "process" then print(item.name:match("^%d+ (%S+)"), item.certain) end
    end
  ]] }
  check.eq(out.stdout, "sleep\ttrue\ncat\ttrue\n", out.stderr)
end

tests["who moves to another time namespace has not made all processes"] = function()
  local text, moved = apart.call({}, function()
    local p <close> = ns.clone{ time = { boottime = 100000.123 } }
    local own = ns.inode("self", "time")
    local before = ns.ledger()
    ns.setns(p, "time")
    return tostring(ns.ledger():since(before)), ns.inode("self", "time") ~= own
  end)
  check.ok(moved)
  check.eq(text, "left behind: nothing")
end

tests["a process that calls exec between two ledgers is not new"] = function()
  local process <close> = ns.clone{ "sh", "-c", "read line; exec cat", stdin = "pipe" }
  local input <close> = process.stdin
  apart.eventually(function() return state(process.pid) == "sh" end)
  local before = ns.ledger()
  input:write("go\n")
  input:flush()
  apart.eventually(function() return state(process.pid) == "cat" end)
  check.eq(certain(ns.ledger():since(before)), {})
end

tests["mounts, pins, links and queues of both kinds count"] = function()
  local kinds, text = apart.with_tmp({ net = true, ipc = true, uts = true }, function()
    local before = ns.ledger()
    assert(io.open("/tmp/pin", "w")):close()
    local uts <close> = ns.open("self", "uts")
    uts:pin("/tmp/pin")
    sys.mount{ source = "none", target = "/mnt", type = "mqueue" }
    assert(io.open("/mnt/nssh-test", "w")):close()
    sys.umount("/mnt")
    sys.mount{ source = "none", target = "/mnt", type = "tmpfs" }
    ns.run{ sh = "ipcmk -Q && ipcmk -S 1 && ipcmk -M 1 && ip link add dum0 type veth peer dum1" }:check()
    uts:close()
    local left, kinds = ns.ledger():since(before), {}
    for _, item in ipairs(left) do
      if item.certain then kinds[item.kind] = (kinds[item.kind] or 0) + 1 end
    end
    return kinds, tostring(left)
  end)
  check.eq(kinds, { mount = 1, pin = 1, queue = 4, link = 2 }, text)
  check.match(text, "pin /tmp/pin %(uts:%[%d+%]%)")
  check.match(text, "queue POSIX message queue /nssh%-test\n")
end

tests["a mount is not new when a directory above it is renamed"] = function()
  check.eq(apart.with_tmp({}, function()
    ns.run{ "mkdir", "-p", "/tmp/a/b" }:check()
    sys.mount{ source = "none", target = "/tmp/a/b", type = "tmpfs" }
    local before = ns.ledger()
    ns.run{ "mv", "/tmp/a", "/tmp/c" }:check()
    return tostring(ns.ledger():since(before))
  end), "left behind: nothing")
end

-- What a mount and a link count as that somebody makes beside an nssh whose bounding set lacks these capabilities.
local function made_beside(lacking)
  return apart.call({ mnt = true, net = true }, function()
    local observed <close> = ns.clone{ "setpriv", "--bounding-set", lacking, "--inh-caps", lacking, nssh, "-e", [[
      local before = ns.ledger()
      print("ready")
      io.flush()
      io.read("l")
      local found = {}
      for _, item in ipairs(ns.ledger():since(before)) do
        if item.kind == "mount" or item.kind == "link" then found[item.kind] = item.certain end
      end
      print(found.mount, found.link)
    ]], stdin = "pipe", stdout = "pipe" }
    check.eq(observed.stdout:read("l"), "ready")
    ns.run{ sh = "mount -t tmpfs none /mnt && ip link add dum0 type veth peer dum1" }:check()
    observed.stdin:write("go\n")
    observed.stdin:flush()
    return observed.stdout:read("l")
  end)
end

tests["mounts and links are nobody's for certain where nssh can make none"] = function()
  here.need_program("setpriv", "util-linux")
  check.eq(made_beside("+all"), "true\ttrue", "with all capabilities")
  check.eq(made_beside("-sys_admin"), "false\ttrue")
  check.eq(made_beside("-net_admin"), "true\tfalse")
end

tests["a link that is renamed is not new"] = function()
  check.eq(apart.call({ net = true }, function()
    ns.run{ sh = "ip link add dum0 type veth peer dum1" }:check()
    local before = ns.ledger()
    ns.run{ sh = "ip link set dum0 name dum2" }:check()
    return tostring(ns.ledger():since(before))
  end), "left behind: nothing")
end

-- In a function body, orphans go to the nssh outside: only the session tells whose they are.
tests["a descriptor whose number is used again is new"] = function()
  local first <close> = assert(io.open("/dev/null"))
  local before = ns.ledger()
  first:close()
  local second <close> = assert(io.open("/dev/zero"))
  local names = certain(ns.ledger():since(before))
  check.eq(#names, 1, table.concat(names, ", "))
  check.match(names[1], "^descriptor %d+ %(/dev/zero%)$")
  second:close()
  check.eq(certain(ns.ledger():since(before)), {})
end

tests["what is in the session of a child that has ended counts"] = function()
  check.match(ns.call({}, function()
    local before = ns.ledger()
    ns.run{ session = true, "bash", "-c", "set -m; sleep 60 <&- >&- 2>&- & disown; exit 0" }:check()
    local left = ns.ledger():since(before)
    local found = "nothing"
    for _, item in ipairs(left) do
      local pid = item.kind == "process" and item.name:match("^(%d+) ")
      if pid then
        found = tostring(item.certain)
        ns.run{ "kill", "-KILL", pid }:check()
      end
    end
    return found
  end), "^true$")
end

-- An nssh in a pid namespace of its own, and there, with the number that a child of its had, somebody else's `stranger`.
local function with_number_used_again(stranger)
  local box <close> = apart.clone{ pid = { init = true, proc = true }, "sleep", "60" }
  local observed <close> = ns.clone{ user = box, pid = box, mnt = box, nssh, "-e", [[
    local ended = ns.run{ "true" }
    local before = ns.ledger()
    print(ended.pid)
    io.flush()
    io.read("l")
    for _, item in ipairs(ns.ledger():since(before)) do
      if item.kind == "process" then print(item.name:match("^%d+ (%S+)"), item.certain) end
    end
  ]], stdin = "pipe", stdout = "pipe" }
  local output <close> = observed.stdout
  local input <close> = observed.stdin
  local number = tonumber(output:read("l"))
  -- Clock ticks are as fine as /proc tells when something started.
  sys.sleep(0.05)
  local made = ns.run{ user = box, pid = box, mnt = box, timeout = 10, sh = ([[
    echo %d > /proc/sys/kernel/ns_last_pid
    setsid %s <&- &
    echo $!
    until ps -eo comm,sid | grep -qx "sleep  *$!"; do :; done]]):format(number - 1, stranger) }
  check.eq(made.stdout, number .. "\n", made.stderr)
  input:write("go\n")
  input:flush()
  local lines = {}
  for line in output:lines() do lines[#lines + 1] = line end
  return lines
end

tests["a number that was a child's and leads a stranger's session is no proof"] = function()
  check.eq(with_number_used_again("sleep 60"), { "sleep\tfalse" })
  check.eq(with_number_used_again("sh -c 'sleep 60 & :'"), { "sleep\tfalse" }, "its leader has ended")
end

tests["another job in nssh's session is not nssh's"] = function()
  -- This process is like a terminal's shell: the one observed and another job are its children, in one session.
  local observed <close> = ns.clone{ nssh, "-e", [[
    ns.run{ "true" }
    local before = ns.ledger()
    print("ready")
    io.flush()
    io.read("l")
    local count = 0
    for _, item in ipairs(ns.ledger():since(before)) do count = count + (item.certain and 1 or 0) end
    print("counted " .. count)
  ]], stdin = "pipe", stdout = "pipe" }
  local input <close> = observed.stdin
  local output <close> = observed.stdout
  check.eq(output:read("l"), "ready")
  with_grandchild(function()
    input:write("go\n")
    input:flush()
    check.eq(output:read("l"), "counted 0")
  end)
  check.eq(observed:wait(10).status, 0)
end

return tests
