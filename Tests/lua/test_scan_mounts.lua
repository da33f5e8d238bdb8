-- What a scan finds by mounts: bound namespaces and procfs, in mnt namespaces with processes and without.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

-- A process in mnt and other namespaces, with a tmpfs at /tmp.
local function box(options)
  options.mnt = true
  local p = apart.clone(options)
  p:call(sys.mount, { source = "none", target = "/tmp", type = "tmpfs" })
  return p
end

-- In p: pins a new uts namespace, and gives its link and id.
local function pin_new(p, path)
  return p:call(function(file)
    local child <close> = ns.clone{ uts = true }
    local h <close> = child:open("uts")
    h:pin(file)
    return ("uts:[%d]"):format(h:inode()), h:id()
  end, path)
end

local function find(snapshot, link)
  for _, namespace in ipairs(snapshot.namespaces) do
    if namespace.link == link then return namespace end
  end
end

local only_mounts = { tasks = false, fds = false, sockets = false }

-- What a namespace is held by, as texts.
local function holders(link, options)
  local texts = {}
  for _, holder in ipairs(ns.scan(options or only_mounts):holders(link)) do
    local certainty = holder.certain and "" or "perhaps "
    texts[#texts + 1] = certainty .. holder.kind .. " " .. (holder.path or "") .. (holder.detail and ", " .. holder.detail or "")
  end
  return texts
end

tests["a bind mount in another mnt namespace is found, and its namespace opened there"] = function()
  local p <close> = box{}
  local link, id = pin_new(p, "/tmp/a b")
  local snapshot = ns.scan(only_mounts)
  local namespace = check.ok(find(snapshot, link), link .. " is not in the snapshot")
  check.eq(namespace.id, id)
  check.eq(namespace.owner, ("user:[%d]"):format(p:inode("user")))
  local found = snapshot:holders(link)
  check.eq(#found, 1)
  check.eq({ found[1].kind, found[1].path, found[1].detail }, { "mount", "/tmp/a b" })
  check.eq(found[1].mnt, ("mnt:[%d]"):format(p:inode("mnt")))
  p:call(ns.unpin, "/tmp/a b")
  check.eq(find(ns.scan(only_mounts), link), nil)
end

tests["the types that were not asked for are left out"] = function()
  local p <close> = box{}
  local link = pin_new(p, "/tmp/pin")
  check.eq(find(ns.scan{ types = "net" }, link), nil)
  local snapshot = ns.scan{ types = "uts" }
  check.ok(find(snapshot, link))
  for _, namespace in ipairs(snapshot.namespaces) do check.ok(namespace.type == "uts" or namespace.type == "user", namespace.link) end
end

tests["a bind mount with something over it, or over the way to it, is marked"] = function()
  local p <close> = box{}
  p:run{ sh = "mkdir /tmp/way /tmp/way/on /tmp/way/to /tmp/other" }:check()
  local link = pin_new(p, "/tmp/way/to/it")
  p:run{ sh = "mount -t tmpfs none /tmp/other && mount -t tmpfs none /tmp/way/on" }:check()
  check.eq(holders(link), { "mount /tmp/way/to/it" }, "beside it")
  pin_new(p, "/tmp/way/to/it")
  check.eq(holders(link), { "mount /tmp/way/to/it, over-mounted" }, "on it")
  p:call(ns.unpin, "/tmp/way/to/it")
  check.eq(holders(link), { "mount /tmp/way/to/it" }, "free again")
  for _, directory in ipairs{ "/tmp/way/to", "/tmp/way", "/tmp" } do
    p:run{ "mount", "-t", "tmpfs", "none", directory }:check()
    check.eq(holders(link), { "mount /tmp/way/to/it, over-mounted" }, directory)
    p:run{ "umount", directory }:check()
  end
  check.eq(holders(link), { "mount /tmp/way/to/it" }, "free again")
end

-- A mnt namespace that only a descriptor of nssh holds, with a uts namespace bound in it.
local function empty_box()
  local p <close> = box{}
  local link, id = pin_new(p, "/tmp/pin")
  return p:open("mnt"), link, id, ("user:[%d]"):format(p:inode("user"))
end

-- Whether the kernel gives the mounts of a mnt namespace that no process is in.
local function lists_all() return here.has("mntns_walk") and here.has("statmount") end

-- Whether nssh has power over every mnt namespace of the machine.
local function has_all_power()
  local map <close> = io.open("/proc/self/uid_map")
  return here.has("mntns_walk_all") and sys.geteuid() == 0 and map:read("a"):match("^%s*0%s+0%s+4294967295%s*$") ~= nil
end

-- What a snapshot says of mnt namespaces that it may have missed.
local function missed(snapshot)
  for _, item in ipairs(snapshot.unreadable) do
    if item.target == "mnt namespaces without a process" then return item.code end
  end
end

local function check_empty_box(options)
  local mnt <close>, link, id, owner = empty_box()
  local name = ("mnt:[%d]"):format(mnt:inode())
  local snapshot = ns.scan(options)
  if not lists_all() or not options.fds and not has_all_power() then
    -- It is not found, and that there may be such is said.
    check.eq(find(snapshot, link), nil)
    return check.eq(missed(snapshot), lists_all() and "EPERM" or "ENOTTY")
  end
  local mnt_seen, uts_seen = find(snapshot, name), find(snapshot, link)
  check.eq(mnt_seen and { mnt_seen.id, mnt_seen.owner }, { mnt:id(), owner })
  check.eq(uts_seen and { uts_seen.id, uts_seen.owner }, { id, owner })
  check.eq(snapshot:holders(link)[1].mnt, name)
  check.eq(#snapshot:holders(name), options.fds and 1 or 0)
  mnt:close()
  local after = ns.scan(options)
  check.eq({ find(after, name), find(after, link) }, {})
end

tests["a mnt namespace without a process is found, and what is bound in it"] = function() check_empty_box(only_mounts) end

tests["what is bound in a mnt namespace that only a descriptor holds is found"] = function()
  check_empty_box{ tasks = false, fds = true, sockets = false }
end

tests["a procfs holds the pid namespace that it shows"] = function()
  local p <close> = box{ pid = true }
  p:run{ sh = "mkdir /tmp/proc /tmp/sys && mount -t proc proc /tmp/proc && mount --bind /tmp/proc/sys /tmp/sys" }:check()
  local link = ("pid:[%d]"):format(p:inode("pid"))
  check.eq(holders(link), { "process ", "procfs /tmp/proc", "procfs /tmp/sys, its /sys" })
  p:run{ "umount", "/tmp/proc" }:check()
  -- What was seen before is not remembered: nothing shows any more whose it is.
  check.eq(holders(link), { "process " })
  p:run{ "umount", "/tmp/sys" }:check()
end

tests["a procfs whose processes have ended is suspected"] = function()
  local p <close> = box{}
  p:run{ "mkdir", "/tmp/proc" }:check()
  local inode = p:call(function()
    local child <close> = ns.clone{ pid = true }
    child:run{ "mount", "-t", "proc", "proc", "/tmp/proc" }:check()
    return child:inode("pid")
  end)
  local function suspects()
    local texts = {}
    for _, suspect in ipairs(ns.scan(only_mounts).suspects) do
      if suspect.path == "/tmp/proc" then
        texts[#texts + 1] = suspect.kind .. " of " .. table.concat(suspect.types, ", ") .. ": " .. suspect.detail
      end
    end
    return texts
  end
  check.eq(suspects(), { "procfs of pid: no process shows there" })
  check.eq(find(ns.scan(only_mounts), ("pid:[%d]"):format(inode)), nil)
  p:run{ "umount", "/tmp/proc" }:check()
  check.eq(suspects(), {})
end

-- Binds the mnt namespace of one box at /tmp/mnt of another. The kernel refuses that where the number of the one to be bound is lower, so
-- that no two hold each other: true or false.
local function bind_mnt(outer, inner)
  return outer:call(function(pid)
    local h <close> = ns.open(pid, "mnt")
    local worked, e = pcall(h.pin, h, "/tmp/mnt")
    if not worked and e.code ~= "EINVAL" then error(e, 0) end
    return worked
  end, inner.pid)
end

tests["a mnt namespace that is bound in another one is looked into"] = function()
  local a <close> = box{}
  local b <close> = box{ user = a }
  -- On several processors the numbers do not come in the order of time.
  local outer, inner = a, b
  if not bind_mnt(outer, inner) then
    outer, inner = b, a
    check.ok(bind_mnt(outer, inner), "neither of two mnt namespaces can be bound in the other")
  end
  local uts = pin_new(inner, "/tmp/pin")
  local mnt, owner = ("mnt:[%d]"):format(inner:inode("mnt")), ("user:[%d]"):format(inner:inode("user"))
  inner:close()
  check.eq(holders(mnt), { "mount /tmp/mnt" })
  local snapshot = ns.scan(only_mounts)
  if lists_all() then
    check.eq(holders(uts), { "mount /tmp/pin" })
    check.eq(snapshot:holders(uts)[1].mnt, mnt)
    check.eq(find(snapshot, uts).owner, owner)
  else
    check.eq(find(snapshot, uts), nil)
    check.eq(missed(snapshot), "ENOTTY")
  end
  outer:call(ns.unpin, "/tmp/mnt")
  local after = ns.scan(only_mounts)
  check.eq({ find(after, mnt), find(after, uts) }, {})
end

-- Mounts on top of each other, for which the kernel goes through all of them each time: stack.c makes them.
local Stack = { __close = function(self)
  self.p:close()
  os.remove(self.program)
end }
local function stack(number)
  here.need_program("cc", "gcc")
  local program = os.tmpname()
  ns.run{ "cc", "-O1", "-o", program, (arg[0]:match("^(.*)/") or ".") .. "/stack.c" }:check()
  ns.run{ "chmod", "755", program }:check()
  local p = apart.clone{ mnt = true, stdin = "pipe", stdout = "pipe", program, tostring(number), "/mnt" }
  return setmetatable({ p = p, program = program, link = check.ok(p.stdout:read("l"), "the stack was not made") }, Stack)
end

-- What a snapshot says of a mnt namespace that was not looked at to its end.
local function left_out(snapshot, link)
  for _, item in ipairs(snapshot.unreadable) do
    if item.target == link then return item.message, item.code end
  end
end

tests["of a stack of 30,000 mounts some are looked at, and that it is not all is said"] = function()
  local s <close> = stack(30000)
  local link = ("mnt:[%d]"):format(s.p:inode("mnt"))
  local snapshot = ns.scan()
  local text, code = left_out(snapshot, link)
  local looked, all = check.ok(text, "nothing is said"):match("^mnt:%S+: (%d+) ?o?f? ?(%d*) looked at, the rest not: they are too many")
  check.eq(code, "E2BIG")
  -- Each costs as many steps as it is deep: 3,200 of them are ten million.
  check.ok(tonumber(looked) > 1000 and tonumber(looked) < 3500, text)
  if has_all_power() then check.ok(tonumber(all) > 30000, text) end
  -- What the last one holds is not found, and not dead therefore.
  local why = ns.why(s.link)
  check.eq({ why.alive, why.explained, #why.certain }, { nil, false, 0 })
  check.match(table.concat(why.unseen, "\n"), "mounts of [^\n]*" .. link:gsub("%p", "%%%0") .. "[^\n]*looked at, the rest not")
  local nssh = sys.readlink("/proc/self/exe")
  check.eq(ns.run{ nssh, "why", s.link }.status, 1)
  check.match(ns.run{ nssh, "enter", s.link, "true" }.stderr, "not all was: mounts of mnt:")
  for _, command in ipairs{ "ls", "tree" } do
    check.match(ns.run{ nssh, command }.stderr, link:gsub("%p", "%%%0") .. ": %d+ [^\n]*looked at")
  end
  check.match(ns.run{ nssh, "ls", "-J" }.stdout, '"not_looked_at": %[%s*"mounts of mnt')
  -- What was not looked at twice has not changed.
  check.eq(ns.diff(snapshot, ns.scan()).ignored, { "mounts" })
  -- It is in what is kept, and read again.
  local path = os.tmpname()
  snapshot:save(path)
  check.eq(left_out(ns.load(path), link), text)
  os.remove(path)
end

tests["stacks do not keep a scan from the mounts of others"] = function()
  local stacks = {}
  for i = 1, 4 do stacks[i] = stack(6000) end
  local ordinary <close> = box{}
  ordinary:call(function()
    for i = 1, 300 do
      local path = "/tmp/" .. i
      assert(os.execute("mkdir " .. path))
      sys.mount{ source = "none", target = path, type = "tmpfs" }
    end
  end)
  local link = pin_new(ordinary, "/tmp/300/pin")
  local snapshot = ns.scan(only_mounts)
  check.eq(left_out(snapshot, ("mnt:[%d]"):format(ordinary:inode("mnt"))), nil)
  check.eq(#snapshot:holders(link), 1)
  local looked = {}
  for _, s in ipairs(stacks) do
    local text = left_out(snapshot, ("mnt:[%d]"):format(s.p:inode("mnt"))) or ""
    looked[#looked + 1] = tonumber(text:match(": (%d+) [^:]*looked at, the rest not"))
    getmetatable(s).__close(s)
  end
  check.eq(#looked, 4)
  -- There is one budget for all of them: what the first have used up the last do not have.
  table.sort(looked)
  check.ok(looked[1] < looked[4] // 4, table.concat(looked, " "))
end

tests["nssh's own mounts, where they are a stack"] = function()
  local s <close> = stack(30000)
  local pins, unreadable, ledger = s.p:call(function()
    local list, texts = ns.pins()
    return #list, texts, ns.ledger().unreadable
  end)
  check.eq(pins, 0)
  check.match(unreadable[1], "^mounts: %d+ looked at, the rest not: they are too many or too deep$")
  check.match(table.concat(ledger, "\n"), "mount: %d+ looked at, the rest not")
end

return tests
