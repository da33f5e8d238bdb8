-- ns.ledger: what counts as left behind by nssh.
local check = require "check"

local nssh = sys.readlink("/proc/self/exe")
local tests = {}

-- The kinds and names that are surely left.
local function certain(left)
  local names = {}
  for _, item in ipairs(left) do
    if item.certain then names[#names + 1] = item.kind .. " " .. item.name end
  end
  return names
end

-- A shell with a child that echoes; it is there when the echo has come. Both end with their input, so that no orphan of a
-- killed shell is still dying when the test is over.
local function with_grandchild(fn)
  local process <close> = ns.clone{ "sh", "-c", "cat; :", stdin = "pipe", stdout = "pipe" }
  local output <close> = process.stdout
  local input <close> = process.stdin
  input:write("there\n")
  input:flush()
  check.eq(output:read("l"), "there")
  fn(process)
  input:close()
  check.eq(process:wait(10).status, 0)
end

tests["a child and a child's child count"] = function()
  local before = ns.ledger()
  with_grandchild(function()
    local names = table.concat(certain(ns.ledger():since(before)), "\n")
    check.match(names, "process %d+ sh ")
    check.match(names, "process %d+ cat ")
  end)
end

tests["another job in nssh's session is not nssh's"] = function()
  -- This process is like a terminal's shell: the one observed and another job are its children, in one session.
  local observed <close> = ns.clone{ nssh, "-e", [[
    ns.run{ "true" }
    local before = ns.ledger()
    print("ready")
    io.flush()
    io.read("l")
    local count = 0
    for _, item in ipairs(ns.ledger():since(before)) do count = count + (item.certain and 1 or 0) end
    print("counted " .. count)
  ]], stdin = "pipe", stdout = "pipe" }
  local input <close> = observed.stdin
  local output <close> = observed.stdout
  check.eq(output:read("l"), "ready")
  with_grandchild(function()
    input:write("go\n")
    input:flush()
    check.eq(output:read("l"), "counted 0")
  end)
  check.eq(observed:wait(10).status, 0)
end

return tests
