-- nssh --strict, require "nssh.strict" and -W: what is said of a global variable that was never assigned to.
local check = require "check"
local tests = {}
local nssh = sys.readlink("/proc/self/exe")

local function lua(...) return ns.run{ timeout = 20, nssh, ... } end

tests["--strict makes reading an undefined global an error that names it"] = function()
  local r = lua("--strict", "-e", "local x = ture")
  check.eq(r.status, 1)
  check.match(r.stderr, "^nssh: %(command line%):1: undefined global 'ture'; did you mean 'true'%?\n")
  check.match(lua("--strict", "-e", "prnt(1)").stderr, "undefined global 'prnt'; did you mean 'print'%?")
  check.match(lua("--strict", "-e", "ns.run{net=ture, 'true'} print('ran')").stderr, "undefined global 'ture'")
  check.eq(lua("-e", "print(ture)").stdout, "nil\n", "without it")
end

tests["an assignment declares a variable, rawget and locals are free"] = function()
  local chunk = [[
    a = nil
    b = 1 b = nil
    function _G.c() end c = nil
    local d
    print(a, b, c, d, rawget(_G, "e"), _G[1], print ~= nil)
    print = nil
    assert(print == nil and arg and _PROMPT == nil)
    for name in pairs(ns) do assert(ns[name]) end
    assert(sys.getpid() and net.links and help and #ns.types() == 8)
    local env <const> = setmetatable({ own = 1 }, { __index = _G })
    assert(load("return own", "=x", "t", env)() == 1)
    assert(not pcall(load("return other", "=x", "t", env)))
    io.write(ns.call({}, function() made = 1 return made end), "\n")
    io.write(tostring(select(2, pcall(ns.call, {}, function() return inside end))), "\n")
  ]]
  for _, how in ipairs{ { "--strict" }, { "-l", "nssh.strict" } } do
    local r = lua(how[1], how[2] or "-e", how[2] and "-e" or chunk, how[2] and chunk or nil)
    check.eq(r.stderr, "")
    check.match(r.stdout, "^nil\tnil\tnil\tnil\tnil\tnil\ttrue\n1\n%(command line%):14: undefined global 'inside'")
  end
end

tests["require \"nssh.strict\" is for scripts, and goes together with metatables that are there"] = function()
  local r = lua("-e", [[
    local got = {}
    setmetatable(_G, { __index = function(_, name) return name == "magic" and "yes" or nil end,
      __newindex = function(t, name, value) got[name] = value rawset(t, name, value) end })
    require "nssh.strict"
    require "nssh.strict"
    new = 5
    print(magic, got.new, new, pcall(function() return nothing end))
  ]])
  check.match(r.stdout, "^yes\t5\t5\tfalse\t%(command line%):7: undefined global 'nothing'")
end

tests["bundled scripts and modules run with --strict"] = function()
  local r = ns.run{ nssh, "--strict", "demo_types.lua", "--check", cwd = "/", env = { LC_ALL = "C.UTF-8" }, timeout = 60 }
  check.eq(r.stderr, "")
  check.eq(lua("--strict", "-l", "nssh.demo", "-l", "nssh.course", "-e", "print(ns.list)").status, 0)
end

tests["-W warns of an undefined global, once for each name and place"] = function()
  local r = lua("-W", "-e", "for i = 1, 3 do local x = ture end\nlocal y = ture\nlocal z = ns.run{net=ture, 'true'}.ok print(z, _PROMPT)")
  check.eq(r.status, 0)
  check.eq(r.stdout, "true\tnil\n")
  local said = "nssh: warning: (command line):%d: undefined global 'ture'; did you mean 'true'?\n"
  check.eq(r.stderr, said:format(1) .. said:format(2) .. said:format(3))
  check.eq(lua("-e", "local x = ture").stderr, "", "without it")
  check.match(lua("-W", "--strict", "-e", "local x = ture").stderr, "^nssh: %(command line%):1: undefined global")
end

return tests
