-- nssh controls.lua SCRIPTS: plays each demonstration in the directory SCRIPTS once more without each type that its checks
-- depend on, and expects just those checks to fail: so they look at the isolation and not at something else. Prints TAP 14.
local demo = require "nssh.demo"
local report = require "nssh.report" (true)

-- The lesson of a script, without playing it.
local function lesson_of(path)
  local main, lesson = demo.main, nil
  demo.main = function(given) lesson = given end
  dofile(path)
  demo.main = main
  return lesson
end

-- The claims by the type they depend on.
local function claims_by_type(lesson)
  local claims = {}
  for _, step in ipairs(lesson.steps) do
    for _, check in ipairs(step.checks or {}) do
      if check.depends then
        claims[check.depends] = claims[check.depends] or {}
        table.insert(claims[check.depends], check[1])
      end
    end
  end
  return claims
end

local function control(name, lesson, without, claims)
  local played, by_claim = demo.play(lesson, { quiet = true, without = without }), {}
  for _, result in ipairs(played.results) do by_claim[result.claim] = result end
  for _, claim in ipairs(claims) do
    local result = by_claim[claim]
    local reason = not result and "it was not reached" or result.ok and "it holds without the flag too" or nil
    report:result{
      claim = ("%s without %s: %q fails"):format(name, without, claim), ok = played.skip ~= nil or not reason, reason = reason,
      skip = played.skip,
    }
  end
  local left = by_claim["nothing is left behind on this machine"]
  if left then report:result{ claim = ("%s without %s leaves nothing"):format(name, without), ok = left.ok, reason = left.reason } end
end

for _, file in ipairs(sys.readdir(arg[1])) do
  local name = file:match("^(demo_.*)%.lua$")
  if name then
    local lesson = lesson_of(arg[1] .. "/" .. file)
    local claims, types = claims_by_type(lesson), {}
    for type_name in pairs(claims) do types[#types + 1] = type_name end
    table.sort(types)
    report:result{ claim = name .. " has checks that depend on a type", ok = #types > 0, reason = "none has depends = …" }
    for _, type_name in ipairs(types) do control(name, lesson, type_name, claims[type_name]) end
  end
end
if report:close().failed > 0 then os.exit(false, true) end
