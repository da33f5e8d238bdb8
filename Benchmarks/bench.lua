-- nssh beside its peers: whole commands, run in turn (A B A B …), so that a machine that slows down slows them all alike.
-- `make bench`, or: nssh Benchmarks/bench.lua [rounds]
local rounds = tonumber(arg[1]) or 200
local nssh = assert(sys.readlink("/proc/self/exe"))

local function median(list)
  table.sort(list)
  return list[#list // 2 + 1]
end

local function exists(program)
  for directory in (sys.env("PATH") or ""):gmatch("[^:]+") do
    if sys.stat(directory .. "/" .. program) then return true end
  end
  return false
end

-- Milliseconds of one run of a command.
local function time(command)
  local options = { stdout = "null", stderr = "null", table.unpack(command) }
  local start = sys.clock()
  local result = ns.run(options)
  local milliseconds = (sys.clock() - start) * 1000
  if not result.ok then error(("%s: %s"):format(table.concat(command, " "), result)) end
  return milliseconds
end

-- Each group is measured in turn; the ratio is to its first peer that is there.
local groups = {
  { title = "start-up", nssh = { nssh, "-e", "" }, peers = { { "lua5.4", "-e", "" } } },
  {
    title = "true in a new uts namespace",
    nssh = { nssh, "-e", "ns.run{user='root', uts=true, 'true'}" },
    peers = { { "unshare", "--map-root-user", "--uts", "true" }, { "bwrap", "--bind", "/", "/", "--unshare-uts", "true" } },
  },
}

for _, group in ipairs(groups) do
  local commands = { group.nssh }
  for _, peer in ipairs(group.peers) do
    if exists(peer[1]) then commands[#commands + 1] = peer else print(("# %s is not installed: left out"):format(peer[1])) end
  end
  local times = {}
  for i in ipairs(commands) do times[i] = {} end
  for round = -10, rounds do  -- the first ones warm the caches and do not count
    for i, command in ipairs(commands) do
      local milliseconds = time(command)
      if round > 0 then table.insert(times[i], milliseconds) end
    end
  end
  local own = median(times[1])
  print(("%s, median of %d:"):format(group.title, rounds))
  print(("  %-28s %6.2f ms"):format("nssh", own))
  for i = 2, #commands do
    local theirs = median(times[i])
    print(("  %-28s %6.2f ms   nssh is %.2f of it"):format(commands[i][1], theirs, own / theirs))
  end
end
