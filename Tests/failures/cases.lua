-- Launches of every kind for driver.lua: name -> { prepare = fn or nil, run = fn(what prepare returned) }. `run` leaves nothing if
-- it works. Nothing needs root. What lasts is there to be left behind when nssh is killed.
local cases = {}

-- Everything that a launch can be asked for, so that each step is there.
local function everything(fields)
  local options = {
    user = "root", uts = { hostname = "box", domainname = "domain" }, ipc = true, net = { lo = true }, cgroup = true,
    mnt = { proc = true }, pid = true, time = { boottime = 1000 }, cwd = "/", uid = 0, gid = 0,
  }
  for key, value in pairs(fields) do options[key] = value end
  return options
end

local function box() return ns.clone(everything{}) end
local function clone(options) ns.clone(options):close() end
local function sleep() sys.sleep(1000) end
local function one() return 1 end

local function case(name, run, prepare) cases[name] = { run = run, prepare = prepare } end

case("program", function() ns.run{ "/bin/true" } end)
case("program in new namespaces", function() ns.run(everything{ "/bin/true", stdin = "data", env = { A = "b" } }) end)
case("program in the foreground", function() ns.shell(everything{ "/bin/true" }) end)
case("program in a process's namespaces", function(p) p:run{ "/bin/true" } end, box)
case("program, joined and new", function(p) ns.run{ user = p, net = p, uts = "new", mnt = true, cwd = "/", "/bin/true" } end, box)
case("program, streams as pipes", function()
  local p <close> = ns.clone{ "/bin/true", stdin = "pipe", stdout = "pipe", stderr = "/dev/null" }
  p.stdin:close()
  p.stdout:close()
  p:wait()
end)
case("program that lasts", function() clone{ "/bin/sleep", "1000" } end)
case("program that lasts in a pid namespace", function()
  clone{ user = "root", pid = true, "/bin/sh", "-c", "setsid sleep 1000 & exec sleep 1000" }
end)
case("program that lasts below an init", function() clone{ user = "root", pid = { init = true }, "/bin/sleep", "1000" } end)
case("program that lasts, joined", function(p) clone{ user = p, pid = p, "/bin/sleep", "1000" } end, box)
case("held", function() clone{ user = "root" } end)
case("held in new namespaces", function() clone(everything{}) end)
case("held, joined and new", function(p) clone{ user = p, net = p, pid = p, uts = "new", ipc = true } end, box)
case("function", function() ns.call({}, one) end)
case("function in new namespaces", function() ns.call(everything{}, one) end)
case("function in a process's namespaces", function(p) p:call(one) end, box)
case("function, joined and new", function(p) ns.call({ user = p, pid = p, time = p, uts = "new" }, one) end, box)
case("function that lasts", function() clone{ sleep } end)
case("function that lasts in a pid namespace", function() clone{ user = "root", pid = true, sleep } end)
case("held for the first time", function() clone{ user = "root", uts = true } end)
cases["held for the first time"].cold = true

return cases
