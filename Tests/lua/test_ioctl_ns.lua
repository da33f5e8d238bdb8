-- What ioctl_ns(2) answers, as LTP's ioctl_ns01 to 07 and the kernel's selftest of nsfs ask it.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

tests["the parent of one's own pid and user namespace is out of sight"] = function()
  local function look()
    for _, type in ipairs{ "pid", "user" } do
      local h <close> = ns.open("self", type)
      local parent, reason = h:parent()
      check.eq(parent, nil, type)
      check.match(reason, "%a", type)
    end
  end
  look()
  apart.call({ pid = { proc = true } }, look)
end

tests["only pid and user namespaces have parents"] = function()
  for _, type in ipairs{ "uts", "ipc", "net", "mnt", "cgroup", "time" } do
    local h <close> = ns.open("self", type)
    local e = check.fails(function() h:parent() end, "only pid and user namespaces have parents", type)
    check.eq({ e.code, e.errno, e.syscall, e.stage }, { "EINVAL", 22, "ioctl", "NS_GET_PARENT" }, type)
  end
end

tests["only a user namespace has an owner uid"] = function()
  for _, type in ipairs{ "uts", "ipc", "net", "mnt", "cgroup", "time", "pid" } do
    local h <close> = ns.open("self", type)
    local e = check.fails(function() h:owner_uid() end, "only user namespaces have an owner uid", type)
    check.eq({ e.code, e.stage }, { "EINVAL", "NS_GET_OWNER_UID" }, type)
  end
  local p <close> = apart.clone{}
  local h <close> = p:open("user")
  check.eq(h:owner_uid(), sys.geteuid())
end

tests["who owns one's own user namespace is out of sight"] = function()
  local function look()
    local h <close> = ns.open("self", "user")
    local e = check.fails(function() h:userns() end)
    check.eq({ e.code, e.stage }, { "EPERM", "NS_GET_USERNS" })
  end
  look()
  apart.call({}, look)
end

tests["the parent of a new pid namespace is nssh's"] = function()
  local p <close> = apart.clone{ pid = true }
  local h <close> = p:open("pid")
  local parent <close> = h:parent()
  check.eq(parent:inode(), ns.inode("self", "pid"))
  check.eq(parent, ns.open("self", "pid"))
end

tests["parent and owner of a new user namespace are nssh's"] = function()
  local p <close> = apart.clone{}
  local h <close> = p:open("user")
  local parent <close> = h:parent()
  local owner <close> = h:userns()
  check.eq(parent:inode(), ns.inode("self", "user"))
  check.eq(owner:inode(), ns.inode("self", "user"))
end

tests["what is made together with a user namespace is owned by it"] = function()
  local p <close> = apart.clone{ uts = true, ipc = true, net = true, pid = true, mnt = true, cgroup = true, time = true }
  for _, type in ipairs{ "uts", "ipc", "net", "pid", "mnt", "cgroup", "time" } do
    local h <close> = p:open(type)
    local owner <close> = h:userns()
    check.eq(owner:inode(), p:inode("user"), type)
  end
end

tests["each level of nested user namespaces is the parent of the next"] = function()
  local nested = apart.call({}, function()
    local p <close> = ns.clone{ user = "root", uts = true }
    local user <close> = p:open("user")
    local uts <close> = p:open("uts")
    local parent <close> = user:parent()
    local owner <close> = uts:userns()
    return { parent:inode() == ns.inode("self", "user"), owner:inode() == p:inode("user"), owner == user }
  end)
  check.eq(nested, { true, true, true })
  local outer <close> = apart.clone{}
  local inner <close> = ns.clone{ user = outer, pid = true }
  local pid <close> = inner:open("pid")
  local owner <close> = pid:userns()
  check.eq(owner:inode(), outer:inode("user"))
end

tests["the type of every open namespace is told"] = function()
  for _, type in ipairs{ "uts", "ipc", "net", "pid", "mnt", "cgroup", "time", "user" } do
    local h <close> = ns.open("self", type)
    check.eq(h:type(), type)
  end
end

tests["a file that is no namespace is refused as the kernel does"] = function()
  for _, path in ipairs{ "/etc/passwd", "/dev/null", "/" } do
    local e = check.fails(function() ns.open(path) end, "that is no namespace", path)
    check.eq({ e.code, e.errno, e.stage }, { "ENOTTY", 25, "NS_GET_NSTYPE" }, path)
  end
end

tests["an id is never used again, where the kernel has ids"] = function()
  local self <close> = ns.open("self", "uts")
  here.need_new("ns_id", "namespaces have no ids here: NS_GET_ID came with Linux 6.18")
  local seen = { [self:id()] = true }
  for _ = 1, 20 do
    local p <close> = apart.clone{ uts = true }
    local h <close> = p:open("uts")
    local again <close> = p:open("uts")
    check.eq(h:id(), again:id())
    check.eq(seen[h:id()], nil)
    seen[h:id()] = true
  end
end

tests["namespaces of different types are neither the same nor different"] = function()
  local uts <close> = ns.open("self", "uts")
  local net <close> = ns.open("self", "net")
  local raised = check.fails(function() ns.same(uts, net) end, "of different types: nothing to compare")
  check.eq(raised.code, "EINVAL")
  check.eq(ns.same(uts, "self"), true)
  check.eq(uts == net, false)
end

return tests
