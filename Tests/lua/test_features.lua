-- ns.features: what the kernel can do, held against what is seen by other means.
local check = require "check"
local apart = require "apart"
local here = require "here"
local tests = {}

tests["each has a name, an answer and the version that brought it"] = function()
  local features = ns.features()
  check.ok(#features > 20)
  for _, f in ipairs(features) do
    check.eq(features[f.name], f)
    check.ok(f.supported == nil or type(f.supported) == "boolean", f.name)
    check.match(f.since, "^%d+%.%d+$", f.name)
    check.ok(f.supported or f.detail, f.name .. " is missing, and nothing says why")
  end
end

tests["it prints as aligned lines"] = function()
  local text = tostring(ns.features())
  local column
  for line in text:gmatch("[^\n]+") do
    local at = line:find(" yes ", 1, true) or line:find(" no ", 1, true)
    check.eq(at, column or at, line)
    column = at
  end
  check.match(text, "ns_handles +%a+ +6%.18 ")
end

tests["answers are those of the calls themselves"] = function()
  local features = ns.features()
  local h <close> = ns.open("self", "uts")
  check.eq(features.ns_id.supported, h:id() ~= nil)
  check.eq(features.user_namespaces.supported, (pcall(ns.run, { user = "root", uts = "x", "true" })))
  check.eq(features.cgroup2.supported, ns.run{ "grep", "-q", " - cgroup2 ", "/proc/self/mountinfo" }.ok)
end

local function version(text)
  local major, minor = text:match("^(%d+)%.(%d+)")
  return tonumber(major) * 1000 + tonumber(minor)
end

-- These depend on settings, not on the kernel's age.
local policy = { user_namespaces = true, unprivileged_user_namespaces = true, cgroup2 = true, tiocsti_restricted = true }

tests["a kernel that is new enough has it"] = function()
  -- Under a seccomp filter, in a container, calls may be missing that the kernel has: then those count that C has been refused as well.
  local is_filtered = not here.succeeds("grep -q '^Seccomp:[[:space:]]*0$' /proc/self/status")
  local kernel, asked = version(sys.uname().release), 0
  for _, f in ipairs(ns.features()) do
    if here.asks(f.name) then
      check.eq(f.supported or false, here.has(f.name), f.name)
      asked = asked + 1
    elseif not is_filtered and not policy[f.name] and version(f.since) <= kernel then
      check.eq(f.supported, true, f.name .. " is called missing: " .. tostring(f.detail))
    end
  end
  check.ok(asked >= 5, asked)
end

tests["whether users may make user namespaces is what unshare(1) finds"] = function()
  check.eq(ns.features().user_namespaces.supported, here.succeeds("unshare --user --map-root-user true"))
  if here.succeeds('test "$(id -u)" = 0') then
    check.eq(ns.features().unprivileged_user_namespaces.supported,
      here.succeeds("setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-root-user true"))
  end
end

tests["a limit of 0 is found in a copy that has not asked yet"] = function()
  here.need_user_namespaces()
  local nssh = sys.readlink("/proc/self/exe")
  local r = ns.run{ user = "root", mnt = true, sh = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" -e '"
    .. "local f = ns.features().user_namespaces; print(f.supported, f.detail)'", argv0 = nssh }
  check.ok(r.ok, r.stderr)
  check.match(r.stdout, "^false\tunshare: No space left on device; user.max_user_namespaces = 0")
end

tests["user namespaces that a limit forbids are there again without it"] = function()
  here.need_user_namespaces()
  local r = ns.run{ user = "root", timeout = 20, sys.readlink("/proc/self/exe"), "-e", [[
    local function ask(limit)
      ns.limits{ user = limit }
      print(ns.features().user_namespaces.supported)
    end
    ask(0) ask(100)]] }
  check.eq(r.stdout, "false\ntrue\n", r.stderr)
end

tests["what a limit kept from being tried is tried again"] = function()
  here.need_user_namespaces()
  local limited, raised, free = apart.call({}, function()
    local function limit(value)
      local file <close> = assert(io.open("/proc/sys/user/max_time_namespaces", "w"))
      file:write(value)
    end
    local nssh = sys.readlink("/proc/self/exe")
    limit "0"
    -- Another nssh: this one may have asked before.
    local chunk = [[
      local function ask() local f = ns.features().clone3_time print(f.supported, f.detail) io.flush() end
      local made, e = pcall(ns.run, { time = true, "true" })
      ask() print(made, e.code) io.flush() io.read() ask()]]
    local p <close> = ns.clone{ nssh, "-e", chunk, stdin = "pipe", stdout = "pipe" }
    local limited, raised = p.stdout:read("l"), p.stdout:read("l")
    limit "1000"
    p.stdin:write("\n")
    p.stdin:flush()
    return limited, raised, p.stdout:read("l")
  end)
  check.eq(raised, "false\tENOSPC")
  if here.has("clone3_time") then
    check.eq({ limited, free }, { "nil\tNo space left on device", "true\tnil" })
  else
    check.match(limited, "^false")
    check.match(free, "^false")
  end
end

return tests
