-- What util-linux's unshare(1) and nsenter(1) suites assert, and that both programs and nssh see the same.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

tests["clear_env leaves nothing but what is given"] = function()
  check.eq(ns.run{ clear_env = true, "/usr/bin/env" }.stdout, "")
  check.eq(ns.run{ clear_env = true, env = { ONE = "1" }, "/usr/bin/env" }.stdout, "ONE=1\n")
  local p <close> = apart.clone{ uts = true }
  check.eq(p:run{ clear_env = true, env = { ONE = 1 }, "/usr/bin/env" }.stdout, "ONE=1\n")
end

tests["env sets, replaces and removes names, in a new namespace and in an existing one"] = function()
  local p <close> = apart.clone{ uts = true }
  local env = { NSSH_NEW = "a b=c", HOME = "/nowhere", PATH = false }
  for _, result in ipairs{ apart.run{ uts = true, env = env, "/usr/bin/env" }, p:run{ env = env, "/usr/bin/env" } } do
    check.match(result.stdout, "NSSH_NEW=a b=c\n")
    check.match(result.stdout, "HOME=/nowhere\n")
    check.eq(result.stdout:match("\nPATH=/"), nil)
  end
end

-- unshare --forward-signals: nssh's child is the program itself, so signals need no forwarding.
tests["a signal reaches the program, and its exit comes back"] = function()
  local line = "trap 'exit 15' TERM; echo ready; while :; do sleep 0.05; done"
  local p <close> = apart.clone{ pid = { proc = true }, stdout = "pipe", sh = line }
  check.eq(p.stdout:read("l"), "ready")
  p:kill("TERM")
  check.eq(p:wait(5).status, 15)
end

-- unshare --kill-child: what is below the program dies with it.
tests["closing ends the program and all below it"] = function()
  local p = apart.clone{ pid = true, stdout = "pipe", sh = "trap '' TERM; setsid sleep 1000 & echo ready; wait" }
  check.eq(p.stdout:read("l"), "ready")
  local h <close> = p:open("pid")
  p:close()
  check.eq(h:processes(), {})
end

local flags = { uts = "-u", ipc = "-i", net = "-n", mnt = "-m", pid = "-p", cgroup = "-C", time = "-T" }

tests["nsenter and process:run are in the same namespaces"] = function()
  here.need_program("nsenter", "util-linux")
  local p <close> = apart.clone{
    uts = "box", ipc = true, net = true, cgroup = true, mnt = true, pid = { proc = true }, time = { boottime = 100000 },
  }
  local line = "cd /proc/self/ns; readlink uts ipc net cgroup mnt pid user time; id -u; hostname"
  local theirs = ns.run{ "nsenter", "-t", tostring(p.pid), "-U", "-a", "--preserve-credentials", "sh", "-c", line }
  if not theirs.ok and theirs.stderr:find("Invalid argument") then -- nsenter 2.38 joins its own user namespace with -a
    local options = { "-U", "-u", "-i", "-n", "-C", "-m", "-p", "-T", "--preserve-credentials", "sh", "-c", line }
    theirs = ns.run{ "nsenter", "-t", tostring(p.pid), table.unpack(options) }
  end
  check.ok(theirs.ok, theirs.stderr)
  check.eq(p:run{ sh = line }:check().stdout, theirs.stdout)
end

tests["nsenter and handle:run are in the same namespace, type by type"] = function()
  here.need_program("nsenter", "util-linux")
  local outer <close> = apart.clone{ uts = "outer" }
  local seen = outer:call(function()
    local p <close> = ns.clone{ uts = "box", ipc = true, net = true, cgroup = true, mnt = true, time = true }
    local seen = {}
    for type, flag in pairs(flags) do
      if type ~= "pid" then
        local h <close> = p:open(type)
        local link = "/proc/self/ns/" .. type
        seen[type] = { h:run{ "readlink", link }.stdout, ns.run{ "nsenter", "-t", tostring(p.pid), flag, "readlink", link }.stdout }
      end
    end
    return seen
  end)
  for type, pair in pairs(seen) do
    check.match(pair[1], type .. ":%[%d+%]")
    check.eq(pair[1], pair[2], type)
  end
end

tests["unshare and ns.run show a program the same"] = function()
  here.need_user_namespaces()
  local line = "id -u; id -g; cat /proc/self/uid_map /proc/self/setgroups; hostname; set -- /proc/[0-9]*; echo $# $$"
  local theirs = ns.run{ "unshare", "-r", "-u", "-i", "-n", "-m", "-C", "-p", "-f", "--mount-proc", "sh", "-c", line }:check()
  local mine = apart.run{ user = "root", uts = true, ipc = true, net = true, mnt = true, cgroup = true, pid = { proc = true }, sh = line }
  -- root keeps setgroups here, as where the kernel does not want it denied
  if sys.geteuid() == 0 then theirs.stdout = theirs.stdout:gsub("deny", "allow") end
  check.eq(mine:check().stdout, theirs.stdout)
end

tests["unshare --map-current-user is user = \"self\""] = function()
  here.need_user_namespaces()
  here.need("unshare --map-current-user true", "unshare(1) is older than 2.36, or may not do it here")
  local theirs = ns.run{ "unshare", "-c", "sh", "-c", "id -u; cat /proc/self/uid_map" }:check()
  check.eq(apart.run{ user = "self", sh = "id -u; cat /proc/self/uid_map" }.stdout, theirs.stdout)
end

tests["the exit status of the program is the result, as both programs give it"] = function()
  check.eq(apart.run{ uts = true, sh = "exit 42" }.status, 42)
  local p <close> = apart.clone{ uts = true }
  check.eq(p:run{ sh = "exit 42" }.status, 42)
  check.eq(check.fails(function() p:run{ "/no/such/program" } end).code, "ENOENT")
end

tests["root, working directory and ids are set as nsenter sets them"] = function()
  local p <close> = apart.clone{ mnt = true }
  check.eq(p:run{ cwd = "/usr", "pwd" }.stdout, "/usr\n")
  check.eq(p:run{ uid = 0, gid = 0, sh = "id -u; id -g" }.stdout, "0\n0\n")
  check.eq(check.fails(function() p:run{ uid = 77, "true" } end).stage, "setresuid")
end

return tests
