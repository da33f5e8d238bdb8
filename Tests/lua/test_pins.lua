-- Namespaces bound to files. Everything in a mount namespace of its own, on a tmpfs of its own: nothing needs root or stays.
local check = require "check"
local apart = require "apart"
local tests = {}

-- Runs fn there, and gives its values.
local function elsewhere(fn, ...) return apart.with_tmp({}, fn, ...) end

tests["a pinned namespace outlives its processes, and goes with its pin"] = function()
  local inode, name, before, after, file = elsewhere(function()
    local p = ns.clone{ uts = "box" }
    local h = p:open("uts")
    local number = h:inode()
    h:pin("/tmp/box")
    h:close()
    p:close()
    local pins = ns.pins()
    local found = ns.call("/tmp/box", sys.hostname)
    ns.unpin("/tmp/box")
    return number, found, pins[#pins], #ns.pins(), (sys.stat("/tmp/box"))
  end)
  check.eq(name, "box")
  check.eq(before, { path = "/tmp/box", type = "uts", inode = inode })
  check.eq(after, #ns.pins())
  check.eq(file, nil)
end

tests["every type but mnt can be pinned where it is"] = function()
  local types = elsewhere(function()
    local p <close> = ns.clone{ uts = true, ipc = true, net = true, pid = true, cgroup = true, time = true, user = "root" }
    local pinned = {}
    for _, type in ipairs{ "uts", "ipc", "net", "pid", "cgroup", "time", "user" } do
      local h <close> = p:open(type)
      h:pin("/tmp/" .. type)
      pinned[#pinned + 1] = ns.inode("/tmp/" .. type, type) == p:inode(type) and ns.pins()[1] and type
      ns.unpin("/tmp/" .. type)
    end
    return pinned
  end)
  check.eq(types, { "uts", "ipc", "net", "pid", "cgroup", "time", "user" })
end

tests["a failed pin leaves no file, and says what to do"] = function()
  local e, file, missing, wrong = elsewhere(function()
    local h <close> = ns.open("self", "mnt")
    local _, failure = pcall(h.pin, h, "/tmp/mnt")
    local _, nowhere = pcall(h.pin, h, "/tmp/no/such")
    local _, unpinned = pcall(ns.unpin, "/tmp")
    return failure, (sys.stat("/tmp/mnt")), nowhere, unpinned
  end)
  check.eq(e.code, "EINVAL")
  check.match(e.message, "older than itself")
  check.eq(file, nil)
  check.eq(missing.code, "ENOENT")
  check.match(wrong.message, "is no pinned namespace")
end

tests["a file that was there before keeps what is in it"] = function()
  local pinned, failed = elsewhere(function()
    local function write(path)
      local file <close> = assert(io.open(path, "w"))
      file:write("somebody's")
    end
    local function read(path)
      local file <close> = io.open(path)
      return file and file:read("a")
    end
    write("/tmp/pinned")
    write("/tmp/failed")
    local uts <close> = ns.open("self", "uts")
    uts:pin("/tmp/pinned")
    ns.unpin("/tmp/pinned")
    local mnt <close> = ns.open("self", "mnt")
    return read("/tmp/pinned"), not pcall(mnt.pin, mnt, "/tmp/failed") and read("/tmp/failed")
  end)
  check.eq(pinned, "somebody's")
  check.eq(failed, "somebody's")
end

tests["a mnt namespace on a shared mount is explained"] = function()
  local e = elsewhere(function()
    sys.mount{ target = "/tmp", flags = { "shared" } }
    local p <close> = ns.clone{ mnt = { propagation = "unchanged" } }
    local h <close> = p:open("mnt")
    local _, failure = pcall(h.pin, h, "/tmp/mnt")
    return failure
  end)
  check.eq(e.code, "EINVAL")
  check.match(e.message, "shared mount")
end

return tests
