-- Whether a table is a lesson: a slip in a field's name would else be no more than a silence.
local LESSON = {
  title = true, text = true, section = true, programs = true, needs = true, host = true, host_text = true, probe = true, steps = true,
}
local SIDES = { enter = true, inside = true, outside = true, lua = true }
local STEP = {
  as = true, at = true, title = true, text = true, expect = true, why = true, predict = true, name = true, focus = true, checks = true,
  cleanup = true, calls = true, needs = true,
}
local CHECK = { true, true, depends = true, needs = true }
local TYPES = ns.types()

local function check_fields(where, given, known, also)
  for key in pairs(given) do
    if not known[key] and not (also and also[key]) then error(("%s: what is the field %s?"):format(where, key), 0) end
  end
end

local function names_of(steps)
  local names = {}
  for _, step in ipairs(steps) do
    if step.name then names[step.name] = true end
  end
  return names
end

local function check_check(where, check, names)
  check_fields(where, check, CHECK)
  if not check[1] or type(check[2]) ~= "function" then error(where .. ": a claim and a predicate expected", 0) end
  for _, name in ipairs(type(check.depends) == "table" and check.depends or { check.depends }) do
    local step = name:match("^step (.+)$")
    if step and not names[step] then error(("%s: depends on a step that is not there, %s"):format(where, step), 0) end
    if not step and not TYPES[name] then error(("%s: depends on %s, which is neither a type nor \"step NAME\""):format(where, name), 0) end
  end
end

-- Raises an error that says where a lesson is not one.
return function(lesson)
  check_fields("the lesson", lesson, LESSON)
  if not lesson.title or type(lesson.steps) ~= "table" then error("the lesson: title and steps expected", 0) end
  local names = names_of(lesson.steps)
  for position, step in ipairs(lesson.steps) do
    local where, sides = "step " .. position, 0
    check_fields(where, step, STEP, SIDES)
    if type(step.enter) == "table" and step.enter.mount ~= nil then error(where .. ": the type is called mnt here", 0) end
    for side in pairs(SIDES) do sides = sides + (step[side] ~= nil and 1 or 0) end
    if sides ~= 1 then error(where .. ": one of enter, inside, outside and lua expected", 0) end
    for index, check in ipairs(step.checks or {}) do check_check(("%s, check %d"):format(where, index), check, names) end
  end
end
