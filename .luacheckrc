-- Lua of the scripts, the tests and the benchmarks. What nssh adds to the globals comes from the declarations of the
-- bindings (make generate), so that nothing is listed twice.
std = "lua54"
max_line_length = 140
codes = true
exclude_files = { ".build", ".build-*", "Scripts/library/luacheck_globals.lua" }

-- The list is a chunk that returns what read_globals takes. (luacheck itself may run under Lua 5.1.)
local generated = loadfile("Scripts/library/luacheck_globals.lua")
read_globals = generated and generated() or { "ns", "sys", "net" }

-- The LuaCATS file declares globals and functions without bodies for editors; nobody runs it.
files["Scripts/library/ns.d.lua"] = { ignore = { "1..", "2..", "3..", "431", "631" } }
