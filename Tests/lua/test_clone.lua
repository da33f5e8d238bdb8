-- What clone(2) makes, as LTP's clone01 to 11, clone3 and utsname suites ask it.
local check = require "check"
local typing = require "typing"
local apart = require "apart"
local tests = {}

tests["the child's pid is what it sees itself, and what is waited for"] = function()
  local p <close> = ns.clone{ sh = "echo $$ $PPID", stdout = "pipe" }
  local pid, parent = p.stdout:read("n", "n")
  check.eq({ pid, parent }, { p.pid, sys.getpid() })
  local result = p:wait()
  check.eq({ result.pid, result.status, result.ok }, { p.pid, 0, true })
end

tests["status and signal of the end are told apart"] = function()
  check.eq(ns.run{ sh = "exit 7" }.status, 7)
  check.eq(ns.run{ sh = "exit 255" }.status, 255)
  local killed = ns.run{ sh = "kill -USR1 $$" }
  check.eq({ killed.ok, killed.status, killed.signal }, { false, nil, "SIGUSR1" })
  check.eq(ns.run{ sh = "exit 138" }.signal, nil)
end

tests["memory, working directory and descriptors of a function are copies"] = function()
  local counter, before = 1, sys.getcwd()
  local file <close> = io.tmpfile()
  ns.call({}, function()
    counter = counter + 1
    sys.chdir("/")
    file:write("written by the child")
    file:close()
  end)
  check.eq(counter, 1)
  check.eq(sys.getcwd(), before)
  file:seek("set")
  check.eq(file:read("a"), "written by the child") -- the open file itself is shared, as after fork(2)
end

tests["a program gets the environment, and none of nssh's descriptors"] = function()
  local file <close> = io.open("/dev/null")
  local result = ns.run{ env = { NSSH_TEST = "value" }, sh = "echo $NSSH_TEST; ls /proc/self/fd" }
  check.match(result.stdout, "^value\n0\n1\n2\n3\n$") -- 3 is the directory that ls reads
  check.ok(file)
end

tests["a program starts with default handlers and an empty signal mask"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local status = ns.run{ typing.heeding(nssh, "-e", [[io.write(ns.run{ "cat", "/proc/self/status" }.stdout)]]) }.stdout
  for _, name in ipairs{ "SigBlk", "SigCgt" } do check.match(status, name .. ":%s+0+\n", name) end
  -- posix_spawn(3) of nssh's parent may ignore 32 and 33, the C library's own.
  local ignored = tonumber(status:match("SigIgn:%s+(%x+)"), 16)
  check.eq(ignored & ~(3 << 31), 0)
end

tests["each type is new when asked for, and nothing else is"] = function()
  for _, type in ipairs{ "uts", "ipc", "net", "mnt", "pid", "cgroup", "time" } do
    local outer = apart.call({}, function()
      local p <close> = ns.clone{ [type] = true }
      local differ = {}
      for name in pairs(ns.diff("self", p)) do differ[#differ + 1] = name end
      return differ
    end)
    check.eq(outer, { type }, type)
  end
end

tests["every type at once"] = function()
  local p <close> = apart.clone{ uts = true, ipc = true, net = true, mnt = true, pid = true, cgroup = true, time = true }
  local count = 0
  for _ in pairs(ns.diff("self", p)) do count = count + 1 end
  check.eq(count, 8)
end

tests["without CAP_SYS_ADMIN every type but user is refused, with its name"] = function()
  local errors = apart.without_privilege(function()
    local errors = {}
    for _, type in ipairs{ "uts", "ipc", "net", "mnt", "pid", "cgroup", "time" } do
      for body, call in pairs{ held = ns.clone, program = function(t) t[1] = "true" return ns.run(t) end } do
        local ok, e = pcall(call, { [type] = true })
        errors[type .. " " .. body] = ok or { e.code, e.syscall, e.target }
      end
    end
    return errors
  end)
  for _, kind in ipairs(ns.types()) do
    for _, body in ipairs{ "held", "program" } do
      local e = errors[kind.name .. " " .. body]
      -- Before Linux 6.3 the child makes its time namespace itself.
      local call = kind.name == "time" and not ns.features().clone3_time.supported and "unshare" or "clone3"
      if kind.name ~= "user" then check.eq(e, { "EPERM", call, kind.flag }, kind.name .. " " .. body) end
    end
  end
end

tests["the sysctls of a new net namespace are the defaults"] = function()
  local tag = "/proc/sys/net/ipv4/conf/lo/tag"
  local outer, inner = apart.call({ net = true }, function()
    local f <close> = check.ok(io.open(tag, "w"))
    f:write("7")
    f:close()
    local function read() return io.open(tag):read("n") end
    return read(), ns.call({ net = true }, read)
  end)
  check.eq({ outer, inner }, { 7, 0 })
end

tests["a host name set in the child, or in the parent, stays there"] = function()
  local seen = apart.call({ uts = "parent" }, function()
    local p <close> = ns.clone{ uts = true }
    local inherited = p:call(sys.hostname)
    p:call(function() sys.hostname("child") end)
    local parent = sys.hostname()
    sys.hostname("changed")
    return { inherited, parent, p:call(sys.hostname), sys.hostname() }
  end)
  check.eq(seen, { "parent", "parent", "child", "changed" })
end

tests["without CAP_SYS_ADMIN the host name cannot be set"] = function()
  local e = apart.without_privilege(function() return select(2, pcall(sys.hostname, sys.hostname())) end)
  check.eq({ e.code, e.syscall }, { "EPERM", "sethostname" })
end

tests["children that end together are all there to be waited for"] = function()
  local children = {}
  for i = 1, 20 do children[i] = ns.clone{ sh = "exit " .. i } end
  for i = 20, 1, -1 do check.eq(children[i]:wait(10).status, i) end
end

return tests
