-- ns.find: processes, named net namespaces and pins by name; containers by the names of their cgroups.
local check = require "check"
local apart = require "apart"
local here = require "here"
local tests = {}

-- argv is there when exec is done, which clone does not wait for.
local function find(name)
  for _ = 1, 100 do
    local found, unreadable = ns.find(name)
    if #found > 0 then return found, unreadable end
    sys.sleep(0.01)
  end
  return {}
end

tests["a process by its command, and by more than 15 letters of it"] = function()
  local name = "nssh-test-with-a-long-name"
  local p <close> = ns.clone{ argv0 = name, "sleep", "10" }
  local found, unreadable = find(name)
  check.eq(found, { { kind = "process", name = name, pid = p.pid, target = p.pid } })
  check.eq(type(unreadable), "table")
  check.ok(ns.same(found[1].target, p))
  local seen = false
  for _, item in ipairs(ns.find("sleep")) do seen = seen or item.pid == p.pid end
  check.ok(seen, "not found by its command")
end

tests["nothing bears a name that nobody has"] = function()
  check.eq(#ns.find("nssh-no-such-name"), 0)
  -- A kernel thread's command line is empty.
  check.eq(#ns.find(""), 0)
  check.fails(function() ns.find() end, "string expected")
end

tests["pins and net namespaces of ip netns"] = function()
  local found = apart.call({ mnt = true }, function()
    sys.mount{ source = "none", target = "/run", type = "tmpfs" }
    ns.run{ "mkdir", "/run/netns" }:check()
    local p <close> = ns.clone{ uts = "box", net = true }
    local net <close> = p:open("net")
    local uts <close> = p:open("uts")
    net:pin("/run/netns/nssh-blue")
    uts:pin("/run/nssh-blue")
    local list = ns.find("nssh-blue")
    for _, item in ipairs(list) do item.inode = ns.open(item.target):inode() == p:inode(item.kind == "pin" and "uts" or "net") end
    return list
  end)
  table.sort(found, function(a, b) return a.kind < b.kind end)
  check.eq(found, {
    { kind = "netns", name = "nssh-blue", path = "/run/netns/nssh-blue", target = "/run/netns/nssh-blue", inode = true },
    { kind = "pin", name = "nssh-blue", path = "/run/nssh-blue", target = "/run/nssh-blue", inode = true },
  })
end

-- No cgroup is made: a file of the text that /proc/PID/cgroup would have is bound over it, in a mount namespace of its own.
local script = [[
mount -t tmpfs none /mnt && printf '%s' "$CGROUP" > /mnt/cgroup && { sleep 10 & } && mount --bind /mnt/cgroup /proc/$!/cgroup || exit 9
echo $!
"$NSSH" -e 'for _, f in ipairs((ns.find(sys.env("NAME")))) do print(f.kind, f.runtime, f.id, f.target) end'
kill $!
wait
]]

local function need_mounts()
  here.need("unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /mnt && : > /mnt/x && mount --bind /mnt/x /proc/$$/cgroup'",
    "nothing can be mounted over a file of /proc here")
end

local id = ("0123456789abcdef"):rep(4)
for _, case in ipairs{
  { "docker", "0::/docker/" .. id, id, id:sub(1, 12) },
  { "docker", "0::/system.slice/docker-" .. id .. ".scope", id, id },
  { "docker", "3:cpu:/\n2:pids:/docker/" .. id .. "\n0::/", id, id },
  { "podman", "0::/machine.slice/libpod-" .. id .. ".scope/container", id, id:sub(1, 20) },
  { "podman", "2:pids:/libpod_parent/libpod-" .. id, id, id },
  { "containerd", "0::/kubepods.slice/cri-containerd-" .. id .. ".scope", id, id },
  { "lxc", "0::/lxc.payload.blue-box", "blue-box", "blue-box" },
  { "lxc", "2:pids:/lxc/blue-box", "blue-box", "blue-box" },
  { "systemd-nspawn", "0::/machine.slice/machine-blue\\x2dbox.scope/payload", "blue-box", "blue-box" },
  { "systemd-nspawn", "0::/machine.slice/systemd-nspawn@blue.service/payload", "blue", "blue" },
} do
  tests[("a container of %s in %s"):format(case[1], case[2]:gsub("%s+", " "))] = function()
    need_mounts()
    local r = apart.run{ mnt = true, sh = script, timeout = 20, env = {
      CGROUP = case[2] .. "\n", NAME = case[4], NSSH = sys.readlink("/proc/self/exe"),
    } }
    local pid, found = r.stdout:match("^(%d+)\n(.*)\n$")
    check.eq(found, table.concat({ "container", case[1], case[3], pid }, "\t"), r.stderr)
  end
end

tests["a name that its runtime keeps in a file"] = function()
  need_mounts()
  local r = apart.run{ mnt = true, timeout = 20, env = {
    CGROUP = "0::/docker/" .. id .. "\n", NAME = "blue", NSSH = sys.readlink("/proc/self/exe"), ID = id,
  }, sh = [[mount -t tmpfs none /var/lib && mkdir -p /var/lib/docker/containers/$ID || exit 9
    echo '{"Config":{"Hostname":"x"},"Name":"/blue"}' > /var/lib/docker/containers/$ID/config.v2.json
  ]] .. script }
  check.match(r.stdout, "container\tdocker\t" .. id .. "\t%d+\n", r.stderr)
end

tests["a part of an id that names nothing for sure, and letters that are none of an id"] = function()
  need_mounts()
  for _, name in ipairs{ id:sub(1, 11), "0", "0123456789abx", "123456789abcdef" } do
    local r = apart.run{ mnt = true, sh = script, timeout = 20, env = {
      CGROUP = "0::/docker/" .. id .. "\n", NAME = name, NSSH = sys.readlink("/proc/self/exe"),
    } }
    check.match(r.stdout, "^%d+\n$", name)
  end
end

-- podman has one file for all containers.
tests["of many containers in a file, each has its own name"] = function()
  need_mounts()
  local other = ("fedcba9876543210"):rep(4)
  for name, expected in pairs{ blue = "container\tpodman\t" .. id .. "\t%d+\n", red = "", green = "" } do
    local r = apart.run{ mnt = true, timeout = 20, env = {
      CGROUP = "0::/machine.slice/libpod-" .. id .. ".scope/container\n", NAME = name, HOME = "/nonesuch",
      NSSH = sys.readlink("/proc/self/exe"),
      LIST = ('[{"id":"%s","names":["red"],"layer":"%s"},{"id":"%s","names":["blue"]},{"id":"%s","names":["green"]}]'):format(
        other, id, id, other:reverse()),
    }, sh = [[mount -t tmpfs none /var/lib && mkdir -p /var/lib/containers/storage/overlay-containers || exit 9
      printf '%s' "$LIST" > /var/lib/containers/storage/overlay-containers/containers.json
    ]] .. script }
    check.match(r.stdout, "^%d+\n" .. expected .. "$", name .. r.stderr)
  end
end

return tests
