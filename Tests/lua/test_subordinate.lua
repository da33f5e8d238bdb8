-- user = "auto": subordinate ids. subuid(5), newuidmap(1).
local check = require "check"
local here = require "here"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

local probe = [[ns.run{ user = "auto", sh = "cat /proc/self/uid_map /proc/self/gid_map; id -u; cat /proc/self/setgroups" }]]

-- Runs a chunk as uid 65534, to whom /etc/subuid gives ids, in a mnt namespace where that is so.
local function as_user(chunk, lines, flag)
  here.need_root("another /etc/subuid needs root")
  here.need_program("newuidmap", "uidmap")
  local name = ns.run{ sh = "id -un 65534" }.stdout:match("%g+")
  return ns.run{ mnt = true, timeout = 30, "sh", "-c", [[
    mount -t tmpfs none /mnt && cp "$1" /mnt/nssh && chmod 755 /mnt && printf "$3" > /mnt/ids || exit 99
    touch /etc/subuid /etc/subgid
    mount --bind /mnt/ids /etc/subuid && mount --bind /mnt/ids /etc/subgid || exit 99
    exec setpriv --reuid=65534 --regid=65534 --clear-groups $4 /mnt/nssh -e "$2" ]],
    "sh", nssh, chunk, (lines:gsub("NAME", name)), flag or "" }
end

tests["a user's subordinate ids come behind their own"] = function()
  local r = as_user("print(" .. probe .. ".stdout)", "NAME:200000:1000\\nNAME:300000:10\\n")
  local map = { "0 65534 1", "1 200000 1000", "1001 300000 10" }
  local seen = {}
  for line in r.stdout:gmatch("[^\n]+") do seen[#seen + 1] = line:gsub("^%s+", ""):gsub("%s+", " ") end
  check.eq(seen, { map[1], map[2], map[3], map[1], map[2], map[3], "0", "allow" }, r.stderr)
end

tests["nssh itself can move into such a namespace"] = function()
  local chunk = [[ns.unshare{ user = "auto", uts = "box" } print(sys.hostname(), sys.getuid())
    print(ns.run{ "cat", "/proc/self/uid_map" }.stdout)]]
  local r = as_user(chunk, "NAME:200000:1000\\n")
  check.match(r.stdout, "^box\t0\n%s+0%s+65534%s+1\n%s+1%s+200000%s+1000\n", r.stderr)
end

tests["without subordinate ids the error says how to get them"] = function()
  local r = as_user("local ok, e = pcall(ns.run, { user = 'auto', 'true' }) print(e.code, e.message)", "other:1:2\\n")
  check.match(r.stdout, "^ENOENT\t.*has no subordinate ids.*usermod %-%-add%-subuids", r.stderr)
end

tests["what newuidmap says is part of the error, and nothing stays"] = function()
  local chunk = "local ok, e = pcall(ns.run, { user = 'auto', 'true' }) print(e.code, e.stage, e.message)"
  local r = as_user(chunk, "NAME:200000:1000\\n", "--no-new-privs")
  check.match(r.stdout, "^HELPER\tnewgidmap\t.*newgidmap: .*no_new_privs", r.stderr)
end

tests["root's own id is not in it"] = function()
  here.need_root("that is for root")
  local r = load("return " .. probe)()
  check.ok(r.ok, r.stderr)
  check.match(r.stdout, "^%s+0%s+[1-9]%d+%s+%d+\n")
  check.match(r.stdout, "\n0\nallow\n$")
  local p <close> = ns.clone{ user = "auto", pid = { init = true, proc = true }, uts = "box", net = { lo = true },
    time = { monotonic = 9 }, "sleep", "100" }
  check.eq(p:call(function() return sys.hostname(), sys.getuid() end), "box")
  check.eq(p:run{ sh = "id -u; cat /etc/shadow 2>/dev/null || echo denied" }.stdout, "0\ndenied\n")
  local owner = sys.stat("/proc/" .. p.pid).uid
  check.ok(owner ~= 0, "the init runs as root outside")
end

tests["nssh stays as it was after such launches"] = function()
  here.need_root("that is for root")
  ns.run{ user = "auto", "true" }
  check.eq(ns.run{ user = "auto", "true" }.ok, true)
  check.eq(sys.geteuid(), 0)
  check.ok(io.open("/proc/self/environ"))
end

return tests
