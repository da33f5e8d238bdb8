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
  local own = sys.geteuid()
  found[1].sources[1].user = nil
  check.eq(found, { {
    kind = "process", name = name, pid = p.pid, target = p.pid, uid = own, vouched = true,
    sources = { { source = "its own command", uid = own, vouches = true } },
  } })
  check.eq(type(unreadable), "table")
  check.ok(ns.same(found[1].target, p))
  local seen = false
  for _, item in ipairs(ns.find("sleep")) do seen = seen or item.pid == p.pid end
  check.ok(seen, "not found by its command")
end

tests["a process of root's that has become somebody else for now is not root's"] = function()
  here.need_root("it takes root to become somebody else")
  here.need_program("python3")
  local name = "nssh-test-euid"
  local p <close> = ns.clone{ stdin = "pipe", stdout = "pipe", "python3", "-c", ([[
import os, sys
open("/proc/self/comm", "w").write("%s")
print(flush=True)
sys.stdin.readline()
os.seteuid(65534)
print(flush=True)
sys.stdin.readline()
]]):format(name) }
  p.stdout:read("l")
  check.eq(find(name)[1].vouched, true)
  p.stdin:write("\n")
  p.stdout:read("l")
  check.eq(find(name)[1].vouched, false)
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
  for _, item in ipairs(found) do item.sources[1].user = nil end
  local function item(kind, path)
    return {
      kind = kind, name = "nssh-blue", path = path, target = path, inode = true, vouched = true,
      sources = { { source = path, uid = 0, vouches = true } },
    }
  end
  check.eq(found, { item("netns", "/run/netns/nssh-blue"), item("pin", "/run/nssh-blue") })
end

tests["a pin in a directory that others may write to is nobody's word"] = function()
  local seen = apart.call({ mnt = true }, function()
    sys.mount{ source = "none", target = "/run", type = "tmpfs" }
    ns.run{ "mkdir", "-p", "/run/open/below", "/run/sticky" }:check()
    ns.run{ "chmod", "777", "/run/open" }:check()
    ns.run{ "chmod", "1777", "/run/sticky" }:check()
    ns.run{ "ln", "-s", "/run/open", "/run/link" }:check()
    local uts <close> = ns.open("self", "uts")
    local answers = {}
    for _, path in ipairs{ "/run/open/below/nssh-pin", "/run/open/nssh-pin", "/run/sticky/nssh-pin", "/run/link/nssh-pin" } do
      uts:pin(path)
      local found = ns.find("nssh-pin")
      answers[#answers + 1] = { #found, found[1].vouched }
      ns.unpin(path)
    end
    return answers
  end)
  check.eq(seen, { { 1, false }, { 1, false }, { 1, true }, { 1, false } })
end

-- No cgroup is made: a file of the text that /proc/PID/cgroup would have is bound over it, in a mount namespace of its own.
local script = [[
mount -t tmpfs none /mnt && printf '%s' "$CGROUP" > /mnt/cgroup && { sleep 10 & } && mount --bind /mnt/cgroup /proc/$!/cgroup || exit 9
echo $!
"$NSSH" -e 'for _, f in ipairs((ns.find(sys.env("NAME")))) do print(f.kind, f.runtime, f.id, f.target, f.vouched) end'
kill $!
wait
]]

local function need_mounts()
  here.need("unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /mnt && : > /mnt/x && mount --bind /mnt/x /proc/$$/cgroup'",
    "nothing can be mounted over a file of /proc here")
end

local id = ("%016x"):format(math.random(0)):rep(4) -- nobody else has it
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
    -- There is no such cgroup: nobody has made it, and so nobody vouches.
    check.eq(found, table.concat({ "container", case[1], case[3], pid, "false" }, "\t"), r.stderr)
  end
end

tests["a name that its runtime keeps in a file"] = function()
  need_mounts()
  local r = apart.run{ mnt = true, timeout = 20, env = {
    CGROUP = "0::/docker/" .. id .. "\n", NAME = "blue", NSSH = sys.readlink("/proc/self/exe"), ID = id,
  }, sh = [[mount -t tmpfs none /var/lib && mkdir -p /var/lib/docker/containers/$ID || exit 9
    echo '{"Config":{"Hostname":"x"},"Name":"/blue"}' > /var/lib/docker/containers/$ID/config.v2.json
  ]] .. script }
  check.match(r.stdout, "container\tdocker\t" .. id .. "\t%d+\tfalse\n", r.stderr)
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
  for name, expected in pairs{ blue = "container\tpodman\t" .. id .. "\t%d+\tfalse\n", red = "", green = "" } do
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

-- The state file of a runtime that needs no cgroup, and what becomes of its word.
local state = [[
mount -t tmpfs none /run && mkdir -p "/run/$DIR" || exit 9
unshare -u sleep 20 &
until [ "$(readlink /proc/$!/exe)" != "$(readlink /proc/$$/exe)" ] && grep -q sleep /proc/$!/comm; do :; done
start=$(cut -d' ' -f22 /proc/$!/stat)
printf "$TEXT" $! "$start" > "/run/$DIR/$FILE"
find() { "$NSSH" -e 'for _, f in ipairs((ns.find(sys.env("NAME")))) do print(f.kind, f.runtime, f.name, f.id, f.target, f.vouched) end'; }
echo $!; find
"$NSSH" enter "$NAME" readlink /proc/self/ns/uts; readlink /proc/$!/ns/uts
chmod 666 "/run/$DIR/$FILE"; find
"$NSSH" enter "$NAME" true 2>&1; echo $?
chmod 644 "/run/$DIR/$FILE"
printf "$TEXT" $! 1 > "/run/$DIR/$FILE"; find
kill $!
]]

for _, case in ipairs{
  { "crun", "crun/nssh-state", "status", '{\n  "pid" : %d,\n  "process-start-time":  %s\n}' },
  { "runc", "runc/nssh-state", "state.json", '{"id":"x","init_process_pid":%d,"init_process_start":%s}' },
  { "runc", "docker/runtime-runc/moby/nssh-state", "state.json", '{"init_process_pid":%d,"init_process_start":%s}' },
} do
  tests[("a container by its state file in /run/%s"):format(case[2])] = function()
    here.need_program("unshare", "util-linux")
    local r = apart.run{ mnt = true, timeout = 30, sh = state, env = {
      NSSH = sys.readlink("/proc/self/exe"), NAME = "nssh-state", DIR = case[2], FILE = case[3], TEXT = case[4],
    } }
    local lines = {}
    for line in r.stdout:gmatch("[^\n]+") do lines[#lines + 1] = line end
    local found = table.concat({ "container", case[1], "nssh-state", "nssh-state", lines[1] }, "\t")
    check.eq({ lines[2], lines[3], lines[5] }, { found .. "\ttrue", lines[4], found .. "\tfalse" }, r.stdout .. r.stderr)
    check.match(lines[6], 'nobody vouches for the name "nssh%-state": pid ' .. lines[1] .. " of uid 0")
    check.eq(table.concat(lines, " ", 7), "125")
  end
end

tests["a state file behind a link counts where that leads to"] = function()
  local r = apart.run{ mnt = true, timeout = 30, env = { NSSH = sys.readlink("/proc/self/exe") }, sh = [[
    mount -t tmpfs none /run && mkdir -p /run/place/crun/nssh-state && ln -s place/crun /run/crun || exit 9
    unshare -u sleep 20 &
    until grep -q sleep /proc/$!/comm; do :; done
    echo "{\"pid\": $!, \"process-start-time\": $(cut -d' ' -f22 /proc/$!/stat)}" > /run/crun/nssh-state/status
    find() { "$NSSH" -e 'print(ns.find("nssh-state")[1].vouched)'; }
    find; chmod 777 /run/place; find; chmod 1777 /run/place; find
    kill $!]] }
  check.eq(r.stdout, "true\nfalse\ntrue\n", r.stderr)
end

tests["where nssh's uid is not mapped, what nobody owns is not its own"] = function()
  here.need_user_namespaces()
  local nssh, directory = sys.readlink("/proc/self/exe"), apart.output(ns.run{ "mktemp", "-d" })
  local box <close> = apart.clone{ uts = "box" }
  ns.run{ env = { DIR = directory, PID = tostring(box.pid) }, sh = [[
    mkdir -p $DIR/crun/nssh-unmapped
    start=$(cut -d' ' -f22 /proc/$PID/stat)
    echo "{\"pid\": $PID, \"process-start-time\": $start}" > $DIR/crun/nssh-unmapped/status]] }:check()
  local look = { env = { XDG_RUNTIME_DIR = directory }, "unshare", "-U", nssh, "-e", "print(ns.find('nssh-unmapped')[1].vouched)" }
  -- Who is nobody there is everybody whom the namespace does not map.
  local inside = ns.run(look)
  local outside = ns.run{ env = look.env, nssh, "-e", look[5] }
  ns.run{ "rm", "-r", directory }:check()
  check.eq({ outside.stdout, inside.stdout }, { "true\n", "false\n" }, outside.stderr .. inside.stderr)
end

tests["USER/NAME is no container that is not in a user namespace of that user"] = function()
  here.need_root("it takes root to name another user")
  local r = ns.run{ mnt = true, timeout = 30, env = { NSSH = sys.readlink("/proc/self/exe") }, sh = [[
    mount -t tmpfs none /run && mkdir -p /run/user/65534/crun/nssh-state || exit 9
    unshare -u sleep 20 & root=$!
    setpriv --reuid 65534 --regid 65534 --clear-groups unshare -r -u sleep 20 & theirs=$!
    for target in $root $theirs; do
      until grep -q sleep /proc/$target/comm; do :; done
      echo "{\"pid\": $target, \"process-start-time\": $(cut -d' ' -f22 /proc/$target/stat)}" > /run/user/65534/crun/nssh-state/status
      chown -R 65534:65534 /run/user/65534
      "$NSSH" enter 65534/nssh-state true; echo $?
    done
    kill $root $theirs]] }
  check.eq(r.stdout, "125\n0\n", r.stderr)
  check.match(r.stderr, "^nssh: [^\n]*nobody vouches[^\n]*\n$")
end

tests["podman's name for what crun runs without a cgroup"] = function()
  local r = apart.run{ mnt = true, timeout = 30, env = { NSSH = sys.readlink("/proc/self/exe"), ID = id }, sh = [[
    mount -t tmpfs none /run && mount -t tmpfs none /var && mkdir -p /run/crun/$ID /var/lib/containers/storage/vfs-containers || exit 9
    unshare -u sleep 20 &
    until grep -q sleep /proc/$!/comm; do :; done
    echo "{\"pid\": $!, \"process-start-time\": $(cut -d' ' -f22 /proc/$!/stat)}" > /run/crun/$ID/status
    echo "[{\"id\":\"$ID\",\"names\":[\"nssh-blue\"]}]" > /var/lib/containers/storage/vfs-containers/containers.json
    "$NSSH" enter nssh-blue readlink /proc/self/ns/uts; readlink /proc/$!/ns/uts
    chmod 666 /var/lib/containers/storage/vfs-containers/containers.json
    "$NSSH" enter nssh-blue true; echo $?
    kill $!]] }
  local first, second, status = r.stdout:match("^(%S+)\n(%S+)\n(%d+)\n$")
  check.eq({ first, status }, { second, "125" }, r.stdout .. r.stderr)
end

tests["a monitor's arguments suggest a container, and do not vouch"] = function()
  local directory = apart.output(ns.run{ "mktemp", "-d" })
  local program <close> = assert(io.open(directory .. "/firejail", "w"))
  program:write("#!/bin/sh\nsleep 20 & wait\n")
  program:close()
  ns.run{ "chmod", "755", directory, directory .. "/firejail" }:check()
  do
    local p <close> = apart.clone{ uts = "box", pid = true, directory .. "/firejail", "--name=nssh-find-jail" }
    local found
    apart.eventually(function()
      found = ns.find("nssh-find-jail")
      return #found > 0
    end)
    check.eq({ found[1].kind, found[1].runtime, found[1].vouched, #found }, { "container", "firejail", false, 1 })
    check.match(found[1].sources[1].source, "^the arguments of firejail, process %d+$")
    check.eq(ns.inode(found[1].target, "uts"), p:inode("uts"))
    local r = ns.run{ sys.readlink("/proc/self/exe"), "enter", "nssh-find-jail", "true" }
    check.eq(r.status, 125)
    check.match(r.stderr, "nobody vouches for the name")
  end
  ns.run{ "rm", "-r", directory }:check()
end

-- A cgroup, which is gone at the end of the scope.
local Cgroup = { __close = function(self)
  for _ = 1, 500 do
    if ns.run{ "rmdir", self.path }.ok then return end
    sys.sleep(0.01)
  end
  error("the cgroup " .. self.path .. " stays")
end }
-- A path that ends in "-" is one that nobody else has.
local function cgroup(path, uid)
  local made_by = path:find("%-$") and { "mktemp", "-d", path .. "XXXXXX" } or { "mkdir", "-v", path }
  local said = ns.run(made_by):check().stdout
  if path:find("%-$") then path = said:gsub("\n", "") end
  ns.run{ "chmod", "755", path }:check()
  local made = setmetatable({ path = path }, Cgroup)
  if uid then
    ns.run{ "chown", ("%d:%d"):format(uid, uid), path, path .. "/cgroup.procs" }:check()
  end
  return made
end
local function join(path, p)
  local file <close> = assert(io.open(path .. "/cgroup.procs", "w"))
  assert(file:write(p.pid, "\n"))
end

tests["a container's cgroup counts where it is root's, and not where a user could have made it"] = function()
  local base = here.need_cgroup()
  local nssh, name = sys.readlink("/proc/self/exe"), "docker-" .. id .. ".scope"
  local theirs <close> = cgroup(base .. "/nssh-find-theirs-", 65534)
  local fake_group <close> = cgroup(theirs.path .. "/" .. name, 65534)
  local fake <close> = ns.clone{ uts = "fake" }
  join(fake_group.path, fake)
  local found = ns.find(id)
  check.eq({ #found, found[1].target, found[1].vouched }, { 1, fake.pid, false })
  check.eq({ found[1].sources[1].source, found[1].sources[1].uid }, { fake_group.path, 65534 })
  local r = ns.run{ nssh, "enter", id, "hostname" }
  check.eq({ r.status, r.stdout }, { 125, "" })
  check.match(r.stderr, ("nobody vouches for .*: pid %d of uid 0"):format(fake.pid))
  -- Root's own directory below one of theirs: they can call that as they like.
  ns.run{ "chown", "0:0", fake_group.path, fake_group.path .. "/cgroup.procs" }:check()
  check.eq(ns.find(id)[1].vouched, false)
  -- To look, it will do as long as it is the only one.
  check.ok(ns.run{ nssh, "ls", id }.ok)

  local mine <close> = cgroup(base .. "/nssh-find-mine-")
  local true_group <close> = cgroup(mine.path .. "/" .. name)
  local box <close> = ns.clone{ uts = "true" }
  join(true_group.path, box)
  found = ns.find(id)
  table.sort(found, function(a, b) return a.vouched and not b.vouched end)
  check.eq({ #found, found[1].target, found[1].vouched, found[2].vouched }, { 2, box.pid, true, false })
  check.eq(ns.run{ nssh, "enter", id, "hostname" }:check().stdout, "true\n")
  -- Who may write to its list may move processes there.
  ns.run{ "chown", "65534", true_group.path .. "/cgroup.procs" }:check()
  check.eq(ns.run{ nssh, "enter", id, "hostname" }.status, 125)
  ns.run{ "chown", "0", true_group.path .. "/cgroup.procs" }:check()
  -- Two that root vouches for, with one id, are not one.
  local second <close> = ns.clone{ uts = "second" }
  join(true_group.path, second)
  r = ns.run{ nssh, "enter", id, "hostname" }
  check.eq(r.status, 125)
  check.match(r.stderr, "is more than one: pid %d+ of uid 0")
  box:close()
  second:close()
  fake:close()
end

tests["of two hierarchies that have it the one that is root's counts"] = function()
  local name = "docker-" .. id .. ".scope"
  local first <close> = cgroup(here.need_cgroup("pids") .. "/nssh-find-first", 65534)
  local theirs <close> = cgroup(first.path .. "/" .. name, 65534)
  local second <close> = cgroup(here.need_cgroup("cgroup2") .. "/nssh-find-second")
  local mine <close> = cgroup(second.path .. "/" .. name)
  local box <close> = ns.clone{ uts = "box" }
  join(theirs.path, box)
  check.eq(ns.find(id)[1].vouched, false)
  join(mine.path, box)
  local found = ns.find(id)
  check.eq({ #found, found[1].vouched, found[1].sources[1].source }, { 1, true, mine.path })
  box:close()
end

return tests
