-- The rules of these tests themselves.
local check = require "check"
local tests = {}

local directory = arg[0]:match("^(.*)/") or "."

-- A lesson asks unshare(1) before it says that it cannot be played, and holder.c is not nssh.
local MAY_SKIP = { ["test_course.lua"] = true, ["test_demos.lua"] = true, ["test_holders.lua"] = true, ["test_lessons.lua"] = true }

tests["tests skip through here.lua, which asks without nssh"] = function()
  local call = "check" .. ".skip"
  local found = {}
  for _, name in ipairs(sys.readdir(directory)) do
    if name:find("^test_.*%.lua$") and not MAY_SKIP[name] then
      local file <close> = assert(io.open(directory .. "/" .. name))
      if file:read("a"):find(call, 1, true) then found[#found + 1] = name end
    end
  end
  check.eq(found, {})
end

return tests
