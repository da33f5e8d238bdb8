-- Negative controls: a lesson is played again without what a check depends on, and just those checks must then say no. A check that was
-- not reached, or that broke, has said nothing.
local words = require "nssh.demo.words"
local control = {}

-- depends of a check, as a list.
local function dependencies(check)
  return type(check.depends) == "table" and check.depends or { check.depends }
end

-- What the checks of a lesson depend on, in the order of first mention, each with the checks by id.
local function collect(lesson)
  local order, by_name = {}, {}
  for position, step in ipairs(lesson.steps) do
    for index, check in ipairs(step.checks or {}) do
      for _, name in ipairs(dependencies(check)) do
        if not by_name[name] then
          by_name[name] = {}
          order[#order + 1] = name
        end
        by_name[name][position .. "." .. index] = true
      end
    end
  end
  return order, by_name
end

local function makes_new(flags)
  if type(flags) == "function" then return true end
  for _, value in pairs(flags) do
    local is_settings = type(value) == "table" and not getmetatable(value) and not value.join
    if value == true or type(value) == "string" or is_settings then return true end
  end
  return false
end

-- Reports whether each step that enters new namespaces is followed by a check that depends on something; it counts till the next bash
-- of its name.
local function check_coverage(lesson, report, phrases)
  for position, step in ipairs(lesson.steps) do
    if step.enter and makes_new(step.enter) then
      local covered = false
      for later = position, #lesson.steps do
        local other = lesson.steps[later]
        if later > position and other.enter and other.as == step.as then break end
        for _, check in ipairs(other.checks or {}) do covered = covered or #dependencies(check) > 0 end
      end
      if not covered then
        report:result{ claim = phrases.claim_controlled:format(position), ok = false, reason = "depends = … is missing" }
      end
    end
  end
end

-- Why a result of the control is not the failure that it has to be, or nil. `normal` is the result of the lesson itself.
local function wrong(result, normal, phrases)
  if not result or result.skip then return phrases.control_not_reached end
  if result.ok then return phrases.control_holds end
  if result.broke then return phrases.control_crash .. result.reason end
  if result.raised and not normal.raised then return phrases.control_crash .. result.raised end
end

-- Plays the controls of a lesson that has been played with `results`. play(options) plays it quietly.
function control.run(lesson, results, report, language, play)
  local phrases = words[language]
  check_coverage(lesson, report, phrases)
  local order, by_name = collect(lesson)
  for _, name in ipairs(order) do
    local step = name:match("^step (.+)$")
    local played, by_id = play{ quiet = true, language = language, without = not step and name or nil, without_step = step }, {}
    for _, result in ipairs(played.results) do
      if result.id then by_id[result.id] = result end
    end
    local others = {}
    for _, original in ipairs(results) do
      local id = original.id
      local result = by_id[id]
      if id and by_name[name][id] then
        local skip = original.skip or played.skip
        local reason = not skip and wrong(result, original, phrases) or nil
        report:result{ claim = phrases.control:format(name, original.claim), ok = not reason, reason = reason, skip = skip }
      elseif id and not original.skip and original.ok and result and not result.ok and not result.broke
        and not (result.raised and not original.raised) then
        others[#others + 1] = "«" .. original.claim .. "»"
      end
    end
    if not played.skip then
      report:result{
        claim = phrases.control_others:format(name), ok = #others == 0,
        reason = phrases.control_others_fail .. "\n" .. table.concat(others, "\n"),
      }
      for _, result in ipairs(played.results) do
        if result.left then
          report:result{ claim = phrases.control_left:format(name), ok = result.ok, reason = result.reason }
        end
      end
    end
  end
end

return control
