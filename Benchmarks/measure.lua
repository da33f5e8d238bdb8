-- What the benchmarks share: runs in turn (A B A B …), so that a machine that slows down slows them all alike, medians, ratios, targets.
local measure = { scale = 1 }

-- The first line of a file; empty where there is none.
function measure.first_line(path)
  local file <close> = io.open(path)
  return file and file:read("l") or ""
end

local function in_path(program)
  for place in (sys.env("PATH") or ""):gmatch("[^:]+") do
    local path = place .. "/" .. program
    -- The shims of version managers are scripts that start slower than what they start.
    if not place:find("shims", 1, true) and sys.stat(path) then return path end
  end
end

local copies = {}

-- Copies programs (names, or paths) into a directory, all before anything is measured, so that the kernel keeps the files of all of them
-- alike: how long a start takes depends on how its file was written.
function measure.copy(directory, programs)
  directory = directory .. "/copies"
  ns.run{ "mkdir", "-p", directory }:check()
  for _, program in ipairs(programs) do
    local path = program:find("/", 1, true) and program or in_path(program)
    if path and sys.stat(path) then
      local name = program:match("[^/]*$")
      copies[name] = directory .. "/" .. name
      os.remove(copies[name])
      ns.run{ "cp", "--", path, copies[name] }:check()
    end
  end
end

-- The copy of a program; nil where the program is not there.
function measure.find(program) return copies[program] end

-- ---- measuring --------------------------------------------------------------------------------------------------

-- Microseconds of a whole command.
function measure.command(argv)
  return function()
    local start = sys.clock()
    local result = ns.run{ stdout = "null", stderr = "null", table.unpack(argv) }
    local time = (sys.clock() - start) * 1e6
    if not result.ok then error(("%s: %s"):format(table.concat(argv, " "), result), 0) end
    return time
  end
end

-- Microseconds of one operation, as the command has measured them itself.
function measure.loop(argv)
  return function() return assert(tonumber(ns.run(argv):check().stdout)) end
end

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return sorted[#sorted // 2 + 1], sorted[1]
end

-- The median of so many runs, after one that does not count.
function measure.median(rounds, run)
  run()
  local values = {}
  for i = 1, rounds do values[i] = run() end
  return (median(values))
end

-- Runs all in turn; a list of the values of each. The first round warms the caches and does not count.
local function in_turn(rounds, runs)
  local values = {}
  for i in ipairs(runs) do values[i] = {} end
  for round = 0, rounds do
    for i, run in ipairs(runs) do
      local value = run()
      if round > 0 then table.insert(values[i], value) end
    end
  end
  return values
end

-- ---- printing ---------------------------------------------------------------------------------------------------

local reached, missed = 0, 0

local function judge(value, target)
  local is_reached = value <= target
  reached, missed = reached + (is_reached and 1 or 0), missed + (is_reached and 0 or 1)
  return (", at most %g: %s"):format(target, is_reached and "reached" or "missed")
end

-- A line about one value, with its target if there is one.
function measure.line(text, value, unit, target)
  print(("  %-34s %9.1f %s%s"):format(text, value, unit, target and judge(value, target) or ""))
end

-- A group: nssh first, then the others, each with the ratio that is to be reached, if any. The ratio of medians decides; that of the
-- least, which a busy machine blurs less, stands beside it.
function measure.group(title, unit, rounds, rows)
  local runs = {}
  for i, row in ipairs(rows) do runs[i] = row.run end
  local values = in_turn(math.max(3, math.floor(rounds * measure.scale)), runs)
  print(title)
  local own, own_least = median(values[1])
  for i, row in ipairs(rows) do
    local theirs, least = median(values[i])
    local line = ("  %-34s %9.1f %s  (least %.1f)"):format(row.name, theirs, unit, least)
    if i > 1 then
      local ratio, ratio_of_least = own / theirs, own_least / least
      line = line .. ("   nssh is %.2f of it (%.2f)"):format(ratio, ratio_of_least)
      if row.target then
        line = line .. judge(ratio, row.target)
      end
    end
    print(line)
  end
end

-- A peer's row; nil, and a line that says so, where the peer is not there or cannot do it here.
function measure.peer(argv, target, name)
  local path = measure.find(argv[1])
  if not path then
    print(("# %s is not installed: left out"):format(argv[1]))
    return nil
  end
  local complete = table.move(argv, 2, #argv, 2, { path })
  local result = ns.run{ stdin = "null", table.unpack(complete) }
  if not result.ok then
    print(("# %s: left out: %s"):format(table.concat(argv, " "), (result.stderr:match("[^\n]+") or tostring(result))))
    return nil
  end
  return { name = name or table.concat(argv, " "), run = measure.command(complete), target = target }
end

function measure.rows(...)
  local list = {}
  for i = 1, select("#", ...) do list[#list + 1] = (select(i, ...)) end
  return list
end

-- How many targets were reached, and how many were missed.
function measure.close() print(("# reached: %d, missed: %d"):format(reached, missed)) end

return measure
