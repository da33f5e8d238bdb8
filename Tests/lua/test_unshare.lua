-- What unshare(2) does to nssh itself, as LTP's unshare01 to 05 and utsname suites ask it. In copies of nssh.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

tests["each type is left for a new one, and nothing else"] = function()
  for _, type in ipairs{ "uts", "ipc", "net", "mnt", "cgroup" } do
    local differ = apart.call({}, function()
      local before = ns.inode("self")
      ns.unshare{ [type] = true }
      local differ = {}
      for name, inode in pairs(ns.inode("self")) do
        if inode ~= before[name] then differ[#differ + 1] = name end
      end
      return differ
    end)
    check.eq(differ, { type }, type)
  end
end

tests["pid and time are left by the next children only"] = function()
  for _, type in ipairs{ "pid", "time" } do
    local same, new, child = apart.call({}, function()
      local before = ns.inode("self", type)
      ns.unshare{ [type] = true }
      local child = ns.call({}, function() return sys.getpid() end)
      return ns.inode("self", type) == before, ns.inode("self")[type .. "_for_children"] ~= before, child
    end)
    check.eq({ same, new }, { true, true }, type)
    if type == "pid" then check.eq(child, 1) end
  end
end

tests["a second pid namespace, and children after the death of PID 1, are refused"] = function()
  local second, late = apart.call({}, function()
    ns.unshare{ pid = true }
    local _, second = pcall(ns.unshare, { pid = true })
    ns.clone{ "true" }:wait()
    local _, late = pcall(ns.run, { "true" })
    return second, late
  end)
  check.eq({ second.code, second.syscall }, { "EINVAL", "unshare" })
  check.eq({ late.code, late.syscall }, { "ENOMEM", "clone3" })
  check.match(late.message, "PID 1")
end

tests["the working directory is not shared afterwards"] = function()
  local before = sys.getcwd()
  apart.with_tmp({}, function()
    ns.call({}, function()
      ns.unshare{ mnt = true }
      sys.chdir("/proc/self")
    end)
    check.eq(sys.getcwd(), before)
  end)
  check.eq(sys.getcwd(), before)
end

tests["wrong options are refused by name, and change nothing"] = function()
  local before = ns.inode("self")
  check.fails(function() ns.unshare{ utz = true } end, "did you mean 'uts'")
  check.fails(function() ns.unshare{ uts = true, "true" } end, "ns%.run")
  check.fails(function() ns.unshare{ uts = 12 } end)
  check.fails(function() ns.unshare() end, "table expected")
  check.eq(ns.inode("self"), before)
end

tests["without CAP_SYS_ADMIN only a user namespace can be made"] = function()
  local codes = apart.without_privilege(function()
    local codes = {}
    for _, type in ipairs{ "uts", "ipc", "net", "mnt", "pid", "cgroup", "time" } do
      local ok, e = pcall(ns.unshare, { [type] = true })
      codes[#codes + 1] = ok or e.code .. " " .. e.syscall
    end
    return codes
  end)
  check.eq(codes, { "EPERM unshare", "EPERM unshare", "EPERM unshare", "EPERM unshare", "EPERM unshare", "EPERM unshare", "EPERM unshare" })
  local uid = apart.call({}, function()
    ns.unshare{ user = "root" }
    return sys.getuid()
  end)
  check.eq(uid, 0)
end

tests["a host name set after unshare stays inside"] = function()
  local outside, inside = apart.call({ uts = "outside" }, function()
    local inside = ns.call({}, function()
      ns.unshare{ uts = true }
      local inherited = sys.hostname()
      return { inherited, sys.hostname("inside"), sys.uname().nodename }
    end)
    return sys.hostname(), inside
  end)
  check.eq(inside, { "outside", "inside", "inside" })
  check.eq(outside, "outside")
end

tests["one that fails leaves no process that would have written the maps"] = function()
  local chunk = [[ns.unshare{ user = "root" } ns.limits{ user = 0 }
    local ok, e = pcall(ns.unshare, { user = { uid = { { 0, 0, 10 } }, gid = { { 0, 0, 10 } } } })
    local file <close> = io.open("/proc/thread-self/children")
    print(ok, e.code, file:read("a"))]]
  here.need_root("another process writes maps for root only")
  check.eq(ns.run{ sys.readlink("/proc/self/exe"), "-e", chunk }.stdout, "false\tENOSPC\t\n")
end

return tests
