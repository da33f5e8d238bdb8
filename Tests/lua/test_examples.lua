-- Every declaration has an example, and every example runs as it stands: here as whoever runs the tests, and as an
-- ordinary user too when that is root.
local check = require "check"
local apart = require "apart"
local here = require "here"
local reference = require "nssh.reference"

local nssh = sys.readlink("/proc/self/exe")
local tests, all = {}, {}

local function add(binding)
  all[#all + 1] = binding.example
  tests["example of " .. binding.name] = function()
    check.ok(binding.example ~= "", "no example")
    local result = ns.run{ nssh, "-e", binding.example, timeout = 20 }
    check.ok(result.ok, binding.example .. "\n" .. result.stderr)
  end
end

for _, module in ipairs(reference.modules) do for _, f in ipairs(module.functions) do add(f) end end
for _, class in ipairs(reference.classes) do for _, f in ipairs(class.methods) do add(f) end end
for _, f in ipairs(reference.others) do add(f) end

tests["all examples as an ordinary user"] = function()
  here.need_root("the other tests run them as an ordinary user already")
  here.need_user_namespaces_of_nobody()
  local copy <close> = apart.copy()
  for _, example in ipairs(all) do
    local result = ns.run{ copy.path, "-e", example, uid = 65534, gid = 65534, cwd = "/", timeout = 20 }
    check.ok(result.ok, example .. "\n" .. result.stderr)
  end
end

return tests
