-- env and clear_env: of function bodies, and of very many names. environ(7).
local check = require "check"
local apart = require "apart"
local tests = {}
local nssh = sys.readlink("/proc/self/exe")

tests["a function body has the environment that was asked for"] = function()
  local function look() return os.getenv("NSSH_NEW"), os.getenv("HOME"), io.popen("echo $NSSH_NEW-$HOME"):read("l") end
  check.eq({ ns.call({ env = { NSSH_NEW = "a=b c", HOME = false } }, look) }, { "a=b c", nil, "a=b c-" })
  check.eq({ ns.call({ clear_env = true, env = { NSSH_NEW = 1 } }, look) }, { "1", nil, "1-" })
  local nested = ns.call({ env = { NSSH_NEW = "x" } }, function() return ns.run{ sh = "echo $NSSH_NEW" }.stdout end)
  check.eq(nested, "x\n", "and what it starts by nssh")
  local r = ns.run{ clear_env = true, env = { ONE = "1" }, function() os.execute("/usr/bin/env | grep -v -e PWD= -e SHLVL= -e _=") end }
  check.eq(r.stdout, "ONE=1\n")
  local p <close> = apart.clone{ uts = true, env = { NSSH_NEW = "there" }, stdout = "pipe", function() print(sys.env("NSSH_NEW")) end }
  check.eq(p.stdout:read("l"), "there")
  check.eq(os.getenv("NSSH_NEW"), nil, "and nssh has its own")
  check.ok(os.getenv("PATH"))
end

tests["env, clear_env and argv0 are refused where nothing would come of them"] = function()
  check.fails(function() ns.run{ argv0 = "x", function() end } end, "argv0: a function has no name of its own")
  for name, value in pairs{ env = { A = 1 }, clear_env = true, argv0 = "x" } do
    check.fails(function() ns.clone{ uts = true, [name] = value } end, name .. ": a held process executes nothing: give it a body")
  end
end

tests["a name that is changed is there once, and the last of an environment's"] = function()
  local r = ns.run{ env = { PATH = "/usr/bin:/bin", Z = "1", PAT = "2" }, "/usr/bin/env" }
  local count = 0
  for name in r.stdout:gmatch("([^\n=]+)=") do count = count + (name == "PATH" and 1 or 0) end
  check.eq(count, 1)
  check.match("\n" .. r.stdout, "\nPAT=2\n")
end

-- They are quadratic without a table: a million took minutes.
tests["a million names are read in their number's time"] = function()
  local many = {}
  for i = 1, 1000000 do many["k" .. i] = i end
  check.eq(ns.call({ env = many }, function() return os.getenv("k1"), os.getenv("k1000000") end), "1")
  check.fails(function() ns.run{ "true", env = many } end, "Argument list too long")
end

tests["^C ends the reading of very many names"] = function()
  local p <close> = ns.clone{ stdout = "pipe", stderr = "pipe", timeout = nil, nssh, "-e", [[
    local many = {}
    for i = 1, 1000000 do many["k" .. i] = i end
    io.write("ready\n") io.flush()
    while true do ns.plan{ "true", env = many } end]] }
  check.eq(p.stdout:read("l"), "ready")
  p:kill("INT")
  local r = check.ok(p:wait(20), "it goes on")
  check.eq(r.status, 130)
end

return tests
