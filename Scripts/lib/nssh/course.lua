-- The course: all lessons in their order. nssh --list, nssh --course and nssh --new.
local arguments = require "nssh.demo.arguments"
local demo = require "nssh.demo"
local player = require "nssh.demo.player"
local scripts = require "nssh.scripts"
local state = require "nssh.state"
local words = require "nssh.demo.words"
local course = {}

-- In the order of the article: what there is to know of all types, then each of them.
local ORDER = {
  "types", "calls", "setns", "ioctl", "inode", "limits", "lifetime",
  "uts", "ipc", "pid", "mount", "user", "net", "cgroup", "time", "changes",
}

-- The lessons that this nssh carries: { name, file, lesson }, in their order.
local function lessons()
  local by_file, found = {}, {}
  for _, script in ipairs(scripts) do by_file[script.name] = script end
  for _, name in ipairs(ORDER) do
    local script = by_file["demo_" .. name .. ".lua"]
    if script then
      local lesson = demo.lesson_of(assert(load(script.source, "=" .. script.name)))
      found[#found + 1] = { name = name, file = script.name, lesson = lesson }
    end
  end
  return found
end

local function print_list(all, language, mark)
  for number, entry in ipairs(all) do
    local title = words.pick(entry.lesson.title, language)
    print(("%s%2d  %-18s  %s"):format(number == mark and "→ " or "  ", number, entry.file, title))
  end
end

local function read(usage, flags)
  return arguments.read(function(language, file) file:write(words[language][usage]) end, flags)
end

-- nssh --list [--lang en|zh]: the lessons, and what else the binary carries to be run.
function course.list()
  local language = read("usage_list", {}).language
  print(words[language].course_list)
  print_list(lessons(), language)
  for _, script in ipairs(scripts) do
    if not script.module and not script.name:find("^demo_") then
      print(("      %-18s  %s"):format(script.name, script.source:match("^%-%-%s*([^\n]*)") or ""))
    end
  end
end

-- Where the learner was is remembered: the name of a lesson.

local function remembered(all)
  local name = (state.read("course") or ""):match("^%g+")
  for number, entry in ipairs(all) do
    if entry.name == name then return number end
  end
  return 1
end

-- Remembers a lesson; without one, that the course is at its end. Returns nil and the reason if that does not work.
local function remember(entry) return state.write("course", entry and entry.name .. "\n" or "") end

-- On a terminal: from where the learner was, until the end or q.
local function play_with_learner(all, options)
  local phrases, number = words[options.language], remembered(all)
  if number > 1 then
    print_list(all, options.language, number)
    local key = player.wait(phrases.course_resume:format(number))
    if key == "1" then number = 1 elseif key == "q" or not key then return end
  end
  while all[number] do
    local entry = all[number]
    local kept, reason = remember(entry)
    if not kept then print(phrases.course_forgets:format(reason)) end
    local title = words.pick(entry.lesson.title, options.language)
    local played = demo.play(entry.lesson, setmetatable({ report = arguments.report(options, title) }, { __index = options }))
    if played.quit then return end
    number = number + 1
    remember(all[number])
    if all[number] then
      local next_title = words.pick(all[number].lesson.title, options.language)
      local key = player.wait(phrases.course_next:format(number, #all, next_title))
      if key == "q" or not key then return end
    end
  end
  print(phrases.course_end)
end

-- What the checks of a lesson depend on, with how many do, as text; and how many checks there are.
local function controls(lesson)
  local names, counts, total = {}, {}, 0
  for _, step in ipairs(lesson.steps) do
    for _, check in ipairs(step.checks or {}) do
      total = total + 1
      for _, name in ipairs(type(check.depends) == "table" and check.depends or { check.depends }) do
        if not counts[name] then names[#names + 1] = name end
        counts[name] = (counts[name] or 0) + 1
      end
    end
  end
  for position, name in ipairs(names) do names[position] = ("%s (%d)"):format(name, counts[name]) end
  return table.concat(names, ", "), total
end

-- A table in Markdown: the article's sections, the lessons, their checks and their controls.
local function overview(all, language)
  local phrases = words[language]
  local rows = { phrases.course_table, "|---|---|---|---|" }
  for _, entry in ipairs(all) do
    local section = words.pick(entry.lesson.section, language) or ""
    local depends, total = controls(entry.lesson)
    rows[#rows + 1] = ("| %s | `%s` %s | %d | %s |"):format(
      section, entry.file, words.pick(entry.lesson.title, language), total, depends)
  end
  return table.concat(rows, "\n")
end

-- Unattended, in lessons one after the other. Returns whether nothing has failed.
local function play_all(all, options)
  local failed, skipped, passed = {}, {}, {}
  local phrases = words[options.language]
  arguments.preface(options, phrases.course_title, phrases.course_preface, overview(all, options.language))
  for _, entry in ipairs(all) do
    local title = words.pick(entry.lesson.title, options.language)
    print(("\n==== %s ===="):format(entry.file))
    local played = demo.play(entry.lesson, setmetatable({ report = arguments.report(options, title) }, { __index = options }))
    local list = played.failed > 0 and failed or played.skip and skipped or passed
    list[#list + 1] = entry.name
  end
  print("\n" .. phrases.course_passed .. table.concat(passed, " "))
  if #skipped > 0 then print(phrases.course_skipped .. table.concat(skipped, " ")) end
  if #failed > 0 then print(phrases.course_failed .. table.concat(failed, " ")) end
  return #failed == 0
end

-- nssh --course: all lessons, one after the other.
function course.course()
  local options = read("usage_course", { auto = true, md = true })
  local all = lessons()
  if options.interactive then return play_with_learner(all, options) end
  if not play_all(all, options) then os.exit(false, true) end
end

-- nssh --new FILE: a lesson to begin with.
function course.new()
  local path = arg[1]
  if not path or arg[2] or path:find("^%-") then arguments.fail("usage: nssh --new lesson.lua") end
  -- What is there stays there.
  if sys.stat(path, true) then arguments.fail(path .. " exists") end
  local file, reason = io.open(path, "w")
  if not file then arguments.fail(reason) end
  for _, script in ipairs(scripts) do
    if script.module == "nssh.demo.template" then file:write(script.source) end
  end
  file:close()
  print(("nssh %s; nssh %s --check"):format(path, path))
end

return course
