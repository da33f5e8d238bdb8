-- Whether a table is a lesson: a slip in a field's name would else be no more than a silence.
local LESSON = {
  title = true, text = true, section = true, programs = true, needs = true, host = true, host_text = true, probe = true, steps = true,
}
-- With what each may be, besides a function.
local SIDES = { enter = "table", inside = "string", outside = "string", lua = "string" }
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
  for position, step in ipairs(steps) do
    if type(step) ~= "table" then error(("step %d: a table expected"):format(position), 0) end
    if step.name then names[step.name] = true end
  end
  return names
end

local function check_check(where, check, names)
  if type(check) ~= "table" then error(where .. ": a table expected", 0) end
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
  if not lesson.title or type(lesson.steps) ~= "table" or #lesson.steps == 0 then error("the lesson: title and steps expected", 0) end
  local names = names_of(lesson.steps)
  for position, step in ipairs(lesson.steps) do
    local where, sides = "step " .. position, 0
    check_fields(where, step, STEP, SIDES)
    if type(step.enter) == "table" and step.enter.mount ~= nil then error(where .. ": the type is called mnt here", 0) end
    for side, typical in pairs(SIDES) do
      local kind = type(step[side])
      if kind ~= "nil" then
        sides = sides + 1
        if kind ~= typical and kind ~= "function" then error(("%s: %s: a %s expected"):format(where, side, typical), 0) end
      end
    end
    if sides ~= 1 then error(where .. ": one of enter, inside, outside and lua expected", 0) end
    for index, check in ipairs(step.checks or {}) do check_check(("%s, check %d"):format(where, index), check, names) end
  end
end
