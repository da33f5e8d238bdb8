-- Children that a test plays with: in a user namespace of their own, so that an ordinary user can make them too. Where that is
-- forbidden, the test is skipped.
local here = require "here"
local apart = {}

local function allowed(what, options, ...)
  here.need_user_namespaces()
  options.user = options.user or "root"
  return what(options, ...)
end

function apart.clone(options) return allowed(ns.clone, options) end
function apart.run(options) return allowed(ns.run, options) end
function apart.call(options, fn, ...) return allowed(ns.call, options, fn, ...) end

-- Calls fn in mnt and other namespaces, on a /tmp of its own.
function apart.with_tmp(options, fn, ...)
  options.mnt = options.mnt or true
  return apart.call(options, function(...)
    sys.mount{ source = "none", target = "/tmp", type = "tmpfs" }
    return fn(...)
  end, ...)
end

-- Calls fn as somebody without any capability, in no new namespace.
function apart.without_privilege(fn, ...)
  local options = sys.geteuid() == 0 and { uid = 65534, gid = 65534, groups = {} } or {}
  return ns.call(options, fn, ...)
end

-- A copy of nssh that everybody may run, wherever the checkout is; gone at the end of the scope.
local Copy = { __close = function(self) os.remove(self.path) end }
function apart.copy()
  local copy = setmetatable({ path = os.tmpname() }, Copy)
  ns.run{ "cp", sys.readlink("/proc/self/exe"), copy.path }:check()
  ns.run{ "chmod", "755", copy.path }:check()
  return copy
end

-- What a program printed; its failure is the test's.
function apart.output(result) return (result:check().stdout:gsub("\n$", "")) end

-- Waits until fn gives something true, up to five seconds.
function apart.eventually(fn, about)
  local deadline = sys.clock() + 5
  repeat
    local value = fn()
    if value then return value end
    sys.sleep(0.01)
  until sys.clock() > deadline
  error(about or "it did not happen within five seconds", 2)
end

return apart
