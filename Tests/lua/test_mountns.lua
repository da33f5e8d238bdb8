-- How mounts travel between mnt namespaces, as LTP's mountns01 to 04 ask it, on a tmpfs of the test's own.
local check = require "check"
local apart = require "apart"
local tests = {}

-- With /tmp of the given propagation and a child that has a copy of the mounts: who sees a mount that the other has made?
local function travel(propagation, options)
  return apart.with_tmp({}, function()
    os.execute("mkdir /tmp/a /tmp/b /tmp/c; touch /tmp/a/seen")
    sys.mount{ target = "/tmp", flags = { "shared" } }
    if propagation == "private" then sys.mount{ target = "/tmp", flags = { "private" } } end
    local p <close> = ns.clone{ mnt = options or { propagation = "unchanged" } }
    if propagation == "slave" then p:call(function() sys.mount{ target = "/tmp", flags = { "slave" } } end) end
    sys.mount{ source = "/tmp/a", target = "/tmp/b", flags = { "bind" } }
    p:call(function() sys.mount{ source = "/tmp/a", target = "/tmp/c", flags = { "bind" } } end)
    local function seen(path) return sys.stat(path .. "/seen") ~= nil end
    return { down = p:call(seen, "/tmp/b"), up = seen("/tmp/c") }
  end)
end

tests["shared mounts travel both ways"] = function() check.eq(travel("shared"), { down = true, up = true }) end
tests["private mounts do not travel"] = function() check.eq(travel("private"), { down = false, up = false }) end
tests["slave mounts travel down only"] = function() check.eq(travel("slave"), { down = true, up = false }) end

tests["a new mnt namespace is private unless it is asked to be otherwise"] = function()
  check.eq(travel("shared", true), { down = false, up = false })
  check.eq(travel("shared", { propagation = "private" }), { down = false, up = false })
  check.eq(travel("shared", { propagation = "slave" }), { down = true, up = false })
end

tests["an unbindable mount cannot be bound"] = function()
  local e = apart.with_tmp({}, function()
    os.execute("mkdir /tmp/a /tmp/b")
    sys.mount{ target = "/tmp", flags = { "unbindable" } }
    return select(2, pcall(sys.mount, { source = "/tmp/a", target = "/tmp/b", flags = { "bind" } }))
  end)
  check.eq({ e.code, e.syscall }, { "EINVAL", "mount" })
end

tests["a mount made inside is not outside, and goes with the namespace"] = function()
  local before = #sys.mounts()
  local inside = apart.with_tmp({}, function() return #sys.mounts() end)
  check.eq(inside, before + 1)
  check.eq(#sys.mounts(), before)
end

tests["a new user namespace cannot undo what the outer one has mounted"] = function()
  local e = apart.with_tmp({}, function()
    return select(2, pcall(ns.call, { user = "root", mnt = true }, function() sys.umount("/tmp") end))
  end)
  check.eq({ e.code, e.syscall }, { "EINVAL", "umount2" }) -- locked: mount_namespaces(7)
end

return tests
