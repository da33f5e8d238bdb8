-- Options that a table has by the __index of its metatable.
local check = require "check"
local apart = require "apart"
local tests = {}

local function with(default, own) return setmetatable(own or {}, { __index = default }) end

tests["options are found by __index, in a table or by a function"] = function()
  check.eq(apart.run(with({ uts = "box", user = "root" }, { "hostname" })).stdout, "box\n")
  local asked = {}
  local function default(_, name)
    asked[name] = true
    return name == "uts" and "called" or nil
  end
  check.eq(apart.run(with(default, { user = "root", "hostname" })).stdout, "called\n")
  check.ok(asked.net and not asked.user and not asked.nosuch, "declared names only, and only what is not there")
  check.eq(apart.call(with({ uts = "third" }), sys.hostname), "third")
  local p <close> = apart.clone(with(with({ uts = "far" })))
  check.eq(p:call(sys.hostname), "far")
  check.eq(p:run(with({ env = { A = "b" } }, { sh = "echo $A" })).stdout, "b\n")
end

tests["a value that stays in Lua is found so, too"] = function()
  local r = ns.run(with({ args = { 1, 2 } }, { function(...) return select("#", ...), ... end }))
  check.eq({ table.unpack(r.values, 1, r.values.n) }, { 2, 1, 2 })
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  check.ok(ns.run(with({ stdout = file, stdin = { data = "through\n" } }, { "cat" })).ok)
  check.eq(io.lines(path)(), "through")
  os.remove(path)
end

tests["settings are found so too, and what is there comes first"] = function()
  local settings = with({ hostname = "inner", domainname = "dom" }, { domainname = "own" })
  check.eq({ apart.call({ uts = settings }, function() return sys.hostname(), sys.domainname() end) }, { "inner", "own" })
  check.eq(apart.run(with({ uts = "box" }, { uts = "own", "hostname" })).stdout, "own\n")
  check.eq(apart.run(with({ net = "/no/such" }, { net = false, "echo", "here" })).stdout, "here\n", "false is there")
end

tests["a method that has the name of an option is no option"] = function()
  local recipe = { shell = print, run = print, net = function() end, timeout = function() end, mnt = print, args = print }
  check.ok(ns.run(with(recipe, { "true" })).ok)
  check.ok(ns.run(with(function(_, name) return name == "uts" and print or nil end, { "true" })).ok)
  check.fails(function() ns.run{ "true", net = print } end, "net: .*expected, got function", "one's own is an error")
end

tests["a wrong value, and an error of __index, are errors"] = function()
  check.fails(function() ns.run(with({ uts = 7.5 }, { "true" })) end, "uts: ")
  check.fails(function() ns.run{ "true", uts = with({ hostname = {} }) } end, "uts%.hostname: string expected, got table")
  local raised = check.fails(function() ns.run(with(function() error({ mine = 1 }) end, { "true" })) end)
  check.eq(raised.mine, 1)
  check.fails(function() ns.run(with(function(_, name) error("no " .. name, 0) end, { "true" })) end, "^no uts$")
  check.fails(function() ns.run{ "true", mnt = with(function() error("inner", 0) end) } end, "^inner$")
  check.fails(function() ns.run(with(function() coroutine.yield() end, { "true" })) end, "yield")
  local wrapped = coroutine.wrap(function() return pcall(ns.run, with(function() coroutine.yield(1) end, { "true" })) end)
  check.eq(wrapped(), false)
end

return tests
