-- What is generated from the declarations is what they say now: the LuaCATS file, the API page, the luacheck list.
local check = require "check"
local nssh = sys.readlink("/proc/self/exe")
local top = (arg[0]:match("^(.*)/") or ".") .. "/../.."

return {
  ["the generated files are in step with the declarations"] = function()
    local result = ns.run{ nssh, "Tools/generate.lua", "--check", cwd = top, timeout = 30 }
    check.eq(result.stderr, "")
    check.eq(result.status, 0)
  end,
}
