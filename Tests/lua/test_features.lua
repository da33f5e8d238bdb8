-- ns.features: what the kernel can do, held against what is seen by other means.
local check = require "check"
local here = require "here"
local tests = {}

tests["each has a name, an answer and the version that brought it"] = function()
  local features = ns.features()
  check.ok(#features > 20)
  for _, f in ipairs(features) do
    check.eq(features[f.name], f)
    check.eq(type(f.supported), "boolean", f.name)
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

tests["a limit of 0 is found in a copy that has not asked yet"] = function()
  here.need_user_namespaces()
  local nssh = sys.readlink("/proc/self/exe")
  local r = ns.run{ user = "root", mnt = true, sh = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" -e '"
    .. "local f = ns.features().user_namespaces; print(f.supported, f.detail)'", argv0 = nssh }
  check.ok(r.ok, r.stderr)
  check.match(r.stdout, "^false\tunshare: No space left on device; user.max_user_namespaces = 0")
end

return tests
