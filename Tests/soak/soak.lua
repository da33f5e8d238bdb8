-- Scans while two loops on both processors make and drop namespaces, and holds the answers against what is known: markers that live all
-- the time must always be listed, and what a weak reference has called dead must never be listed again.
-- usage: nssh Tests/soak/soak.lua [MINUTES, 10 if not given]
local minutes = tonumber(arg[1]) or 10
local nssh = assert(sys.readlink("/proc/self/exe"))
local is_root = sys.geteuid() == 0

-- A mnt namespace of its own takes the pin with it.
ns.unshare{ user = not is_root and "root" or nil, mnt = true }
sys.mount{ source = "none", target = "/mnt", type = "tmpfs" }

local churn = {
  [[while true do ns.clone{ user = "root", uts = true, ipc = true, pid = true, net = true }:close() end]],
  [[while true do ns.run{ user = "root", uts = true, time = true, cgroup = true, mnt = true, "true" } end]],
}
local loops = {}
for i, script in ipairs(churn) do loops[i] = ns.clone{ stdout = "null", nssh, "-e", script } end

-- ---- markers ----------------------------------------------------------------------------------------------------

local markers = {}

local function mark(kind, type, handle, pid)
  markers[#markers + 1] =
    { kind = kind, type = type, inode = handle:inode(), id = (handle:id()), owner = handle:userns():inode(), pid = pid }
end

local kept = {}
for _, type in ipairs{ "uts", "ipc", "net", "pid", "mnt", "cgroup", "time", "user" } do
  local p = ns.clone{ user = "root", [type] = type ~= "user" and true or nil }
  kept[#kept + 1] = p
  local h <close> = p:open(type)
  if type ~= "user" then mark("process", type, h, p.pid) end
end
for i = 1, 2 do
  local p = ns.clone{ user = "root", uts = true }
  local h = p:open("uts")
  if i == 1 then
    kept[#kept + 1] = h
    mark("descriptor", "uts", h)
  else
    h:pin("/mnt/pin")
    mark("mount", "uts", h)
    h:close()
  end
  p:close()
end

-- ---- the oracle -------------------------------------------------------------------------------------------------

local counts = { scans = 0, deaths = 0, namespaces = 0, most = 0 }

local function wrong(what, ...) error(("WRONG after %d scans: "):format(counts.scans) .. what:format(...), 0) end

local function index(list, key)
  local found = {}
  for _, item in ipairs(list) do found[item[key]] = item end
  return found
end

-- Whether a process is this one or below it; others may open a namespace too, to look at it.
local function is_ours(pid, by_pid)
  while pid and pid ~= sys.getpid() do pid = by_pid[pid] and by_pid[pid].parent end
  return pid ~= nil
end

local function check(snapshot, is_full)
  counts.scans = counts.scans + 1
  local namespaces = snapshot.namespaces
  local by_inode, by_pid = index(namespaces, "inode"), index(snapshot.processes, "pid")
  counts.namespaces = counts.namespaces + #namespaces
  counts.most = math.max(counts.most, #namespaces)
  for _, marker in ipairs(markers) do
    if is_full or marker.kind == "process" then
      local name = ("%s:[%d], held by a %s"):format(marker.type, marker.inode, marker.kind)
      local found = by_inode[marker.inode] or wrong("%s is not listed", name)
      if found.type ~= marker.type then wrong("%s is listed as %s", name, found.type) end
      if found.id ~= marker.id then wrong("%s has the id %s, not %s", name, found.id, marker.id) end
      if found.owner ~= ("user:[%d]"):format(marker.owner) then wrong("%s is owned by %s, not %d", name, found.owner, marker.owner) end
      if marker.pid and (by_pid[marker.pid] or wrong("process %d is not listed", marker.pid)).namespaces[marker.type] ~= marker.inode then
        wrong("process %d is not in %s", marker.pid, name)
      end
      if is_full then
        local holders = snapshot:holders(marker.inode)
        -- Every mnt namespace that the loops make has a copy of the mount.
        local is_found = false
        for _, holder in ipairs(holders) do
          if holder.kind == marker.kind then
            is_found = true
          elseif is_ours(holder.pid, by_pid) then
            wrong("%s is said to be held by %s", name, holder.text)
          end
        end
        if not is_found then wrong("%s is not said to be held by a %s", name, marker.kind) end
      end
    end
  end
  return namespaces
end

local function parent(pid)
  local file <close> = io.open("/proc/" .. pid .. "/stat")
  return file and tonumber((file:read("a") or ""):match("%) %a (%d+)"))
end

-- What could not be read as root of a process of ours must be so when it is asked again: the end of a process is no refusal. (Others
-- may give up capabilities that nssh has not, and can be looked at from then on.)
local function check_refusals(snapshot)
  if not is_root then return end
  for _, item in ipairs(snapshot.unreadable) do
    local worked, e = pcall(ns.inode, item.pid or "self", "uts")
    local is_refused = not worked and e.code == item.code
    local pid = item.pid
    while pid and pid ~= sys.getpid() do pid = parent(pid) end
    if item.source == "processes" and not is_refused and pid then wrong("%s, but it can be read", item.message) end
  end
end

-- A namespace that is dead for certain, by its id; nil where death cannot be told or ids are not there.
local function dead()
  local p = ns.clone{ user = "root", uts = true }
  local h = p:open("uts")
  local weak, id = ns.weak(h), (h:id())
  h:close()
  p:close()
  local limit = sys.clock() + 5
  repeat
    local alive, certain = weak:alive()
    if not alive then return certain and id or nil end
    sys.sleep(0.002)
  until sys.clock() > limit
  wrong("a namespace that nothing holds lives for 5 seconds: %s", weak)
end

local only = { tasks = false, fds = false, sockets = false, mounts = false, names = false }
local finish, report = sys.clock() + minutes * 60, sys.clock() + 60
local last = {}
while sys.clock() < finish do
  for round = 1, 5 do
    local id = dead()
    if id then
      counts.deaths = counts.deaths + 1
      last[counts.deaths % 1000] = id
    end
    local is_full = round == 5
    local snapshot = ns.scan(is_full and {} or only)
    local namespaces = index(check(snapshot, is_full), "link")
    check_refusals(snapshot)
    local ids = {}
    for link, namespace in pairs(namespaces) do if namespace.id then ids[namespace.id] = link end end
    for _, old in pairs(last) do if ids[old] then wrong("%s is dead, and listed", ids[old]) end end
  end
  for i, loop in ipairs(loops) do if not loop:alive() then wrong("loop %d has ended", i) end end
  if sys.clock() > report then
    print(("# %d scans, %d deaths"):format(counts.scans, counts.deaths))
    report = report + 60
  end
end
for _, item in ipairs(table.move(kept, 1, #kept, #loops + 1, loops)) do item:close() end
print(("soak: %g minutes, %d scans of %.0f namespaces (%d at most), %d markers listed in each, %d namespaces dead and not listed"):format(
  minutes, counts.scans, counts.namespaces / counts.scans, counts.most, #markers, counts.deaths))
