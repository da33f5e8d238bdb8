-- Negative controls: a lesson is played again without what a check depends on, and just those checks must then say no. A check that was
-- not reached, or that broke, has said nothing.
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
local function check_coverage(lesson, report)
  for position, step in ipairs(lesson.steps) do
    if step.enter and makes_new(step.enter) then
      local covered = false
      for later = position, #lesson.steps do
        local other = lesson.steps[later]
        if later > position and other.enter and other.as == step.as then break end
        for _, check in ipairs(other.checks or {}) do covered = covered or #dependencies(check) > 0 end
      end
      if not covered then
        report:result{ claim = report.words.claim_controlled:format(position), ok = false, reason = report.words.depends_missing }
      end
    end
  end
end

-- Whether a check has said no by its predicate. `normal` is its result in the lesson itself.
local function says_no(result, normal)
  return result and not result.ok and not result.broke and not (result.raised and not normal.raised)
end

-- Why it has not, in words.
local function excuse(result, phrases)
  if not result or result.skip then return phrases.control_not_reached end
  if result.ok then return phrases.control_holds end
  return phrases.control_crash .. (result.broke and result.reason or result.raised)
end

-- Reports whether just the checks in `ids` say no in what was played without `name`.
local function compare(name, ids, results, played, report)
  local phrases, by_id, others = report.words, {}, {}
  for _, result in ipairs(played.results) do
    if result.id then by_id[result.id] = result end
  end
  for _, normal in ipairs(results) do
    local result, skip = by_id[normal.id], normal.skip or played.skip
    local no = says_no(result, normal)
    if ids[normal.id] then
      local ok = skip ~= nil or no
      local reason = not ok and excuse(result, phrases) or nil
      report:result{ claim = phrases.control:format(name, normal.claim), ok = ok, reason = reason, skip = skip }
    elseif normal.ok and not skip and no then
      others[#others + 1] = "«" .. normal.claim .. "»"
    end
  end
  if played.skip then return end
  local reason = #others > 0 and phrases.control_others_fail .. "\n" .. table.concat(others, "\n") or nil
  report:result{ claim = phrases.control_others:format(name), ok = not reason, reason = reason }
  for _, result in ipairs(played.results) do
    if result.left then report:result{ claim = phrases.control_left:format(name), ok = result.ok, reason = result.reason } end
  end
end

-- Plays the controls of a lesson whose checks had these results. play(options) plays it quietly.
function control.run(lesson, results, report, play)
  check_coverage(lesson, report)
  local order, by_name = collect(lesson)
  for _, name in ipairs(order) do
    local without_step = name:match("^step (.+)$")
    local played = play{ quiet = true, without = not without_step and name or nil, without_step = without_step }
    compare(name, by_name[name], results, played, report)
  end
end

return control
