-- ns.weak: a reference that does not keep the namespace alive. Nothing here needs root.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

-- A death may show some 50 ms late.
local function dies(w)
  local alive, certain
  for _ = 1, 200 do
    alive, certain = w:alive()
    if not alive then return true, certain end
    sys.sleep(0.01)
  end
  return false, certain
end

local function weak_of(p, type)
  local h <close> = p:open(type)
  return ns.weak(h)
end

for _, type in ipairs{ "uts", "ipc", "net", "mnt", "cgroup", "pid", "time", "user" } do
  tests["of " .. type .. ": alive while a process is in it, dead after"] = function()
    local p <close> = apart.clone{ [type] = type == "user" and "root" or true }
    local w = weak_of(p, type)
    check.eq(w:alive(), true)
    local h = w:open()
    check.eq(h:inode(), p:inode(type))
    h:close()
    p:close()
    local dead, certain = dies(w)
    check.ok(dead, "it lives on")
    if type ~= "user" or here.has("ns_handles") then check.eq(certain, true, "the death of " .. type) end
    check.match(tostring(w), "^weak " .. type .. ":%[%d+%] · dead")
    local e = check.fails(function() w:open() end, certain and "the namespace is dead" or "Linux 6%.18 or newer")
    check.eq(e.code, "ESTALE")
  end
end

tests["a handle keeps it alive, the reference does not"] = function()
  local p = apart.clone{ uts = true }
  local h = p:open("uts")
  local w = ns.weak(h)
  p:close()
  check.eq(w:alive(), true)
  local again = w:open()
  check.ok(again == h)
  h:close()
  check.eq(w:alive(), true)
  again:close()
  check.ok(dies(w))
end

tests["a new namespace with the same inode number is another"] = function()
  here.need_new("ns_handles", "exact only with file handles of namespaces: Linux 6.18 or newer")
  -- The kernel gives the lowest free number, for which others on the machine may be quicker.
  local dead = {}
  for _ = 1, 500 do
    local p <close> = apart.clone{ uts = true }
    local inode = p:inode("uts")
    if dead[inode] then return check.eq(dead[inode]:alive(), false) end
    local w = weak_of(p, "uts")
    p:close()
    check.ok(dies(w))
    dead[inode] = w
  end
  error("no inode number was used again in 500 tries")
end

tests["the id stays when the namespace is dead"] = function()
  local p = apart.clone{ ipc = true }
  local w = weak_of(p, "ipc")
  local id, reason = w:id()
  p:close()
  if id then check.eq(w:id(), id) else check.match(reason, "Linux 6%.18 or newer") end
end

tests["of one that is out of reach, nothing is certain"] = function()
  local p <close> = apart.clone{ uts = true }
  local w = weak_of(p, "uts")
  -- A sibling user namespace has no power over it, and may not see its process either.
  local alive, certain, opens, message = ns.call({ user = "root", uts = true }, function()
    local a, c = w:alive()
    local ok, e = pcall(w.open, w)
    return a, c, ok, not ok and e.message
  end)
  check.eq(opens, alive)
  if not alive then
    check.eq(certain, false, "it lives, and is called dead for certain")
    check.match(message, here.has("ns_handles") and "out of reach" or "Linux 6%.18 or newer")
  end
  check.eq(w:alive(), true)
end

tests["of a closed handle is an error"] = function()
  local h = ns.open("self", "uts")
  h:close()
  check.eq(check.fails(function() ns.weak(h) end, "is closed").code, "CLOSED")
end

return tests
