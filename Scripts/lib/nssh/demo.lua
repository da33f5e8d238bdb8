-- The player of demonstrations: a lesson is a table, require "nssh.demo".main(lesson) plays it. docs/lessons.md shows how to write one.
--
-- A text is a string (English), a table { en = …, zh = … }, or a function of the scene that returns one of these.
--
-- lesson = { title, text, section, programs = {…}, needs, host = {…}, host_text, probe, steps = {…} }
--   text      what it is about                       section   the section of the article that it replays
--   programs  those it calls, besides bash           needs     what else it needs, see below
--   host      new namespaces that play the host, where the lesson would touch the real one, and host_text to say so
--   probe     a shell line that must work in the new namespaces; where it does not, the lesson is skipped
--
-- step = { enter = {…}, as = name }   a new bash in new namespaces, as ns.clone takes them. It becomes the inside; the one before ends,
--                                     unless they have different names
--      | { inside = command, at = name }  typed into that bash (or the one of that name)
--      | { outside = command }        typed into a bash where nssh is: the article's second terminal
--      | { lua = chunk }              typed at nssh's prompt; its globals stay, what it returns is shown, and so is an error
--   where a command is a string or a function of the scene that returns one, and enter may be such a function, too
--   title, text   what is about to be seen, said before
--   expect        the observation that is expected, in words; it is held against what came
--   why           the explanation, said after (or when it is asked for)
--   predict       a question to the learner, before
--   name          keeps the output as scene.out[name], and the values of a chunk (or the exit status) as scene.values[name]
--   focus         of an output longer than a screen, shows only the lines that have this (a plain string or a function of line and scene)
--   checks        { { claim, predicate, depends = …, needs = … }, … }: predicate(out, scene, values) is true, or false and a reason.
--                 values: what a chunk returned, with n, nil after an error; of a command, its exit status.
--                 depends: a type, "step NAME", or a list of those: without it the claim must be wrong, which --check tries
--   cleanup       a shell line or a function of the scene; in reverse order at the end, however that comes, also if the step failed
--   calls         what the key k shows: options as ns.plan takes them; otherwise what the step really called
--   needs         "root", "kernel 5.6", "program NAME", "feature NAME" (of ns.features), a function of the scene that returns true
--                 or false and a reason, or a list of these; where it is not met, the lesson, step or check is skipped
--
-- scene = { pid = nssh's pid, inside = the process of bash, at = { name = process }, out = {…}, values = {…}, language }
local arguments = require "nssh.demo.arguments"
local arrange = require "nssh.demo.arrange"
local check_format = require "nssh.demo.format"
local control = require "nssh.demo.control"
local player_of = require "nssh.demo.player".new
local new_report = require "nssh.report"
local new_scene = require "nssh.demo.scene"
local pstree = require "nssh.demo.pstree"
local requirements = require "nssh.demo.requirements"
local words = require "nssh.demo.words"

local demo = { around_bash = pstree.around_bash, is_child = pstree.is_child }

local function is_interrupt(raised) return type(raised) == "table" and raised.code == "INTERRUPTED" end

-- pcall, but ^C goes on: it must end the demonstration, not fail a check.
local function guarded(fn, ...)
  local result = table.pack(pcall(fn, ...))
  if not result[1] then
    if is_interrupt(result[2]) then error(result[2], 0) end
    result[2] = tostring(result[2])
  end
  return table.unpack(result, 1, result.n)
end

local function play_check(check, id, step, scene, report, observed)
  local claim = scene:text(check[1])
  local skip = observed.skip or scene:unmet(check.needs)
  if skip then return report:result{ id = id, claim = claim, ok = true, skip = skip } end
  local ran, ok, reason = guarded(check[2], observed.output, scene, observed.values)
  local broke = not ran
  if broke then ok, reason = false, ok end
  -- A predicate may end in string.find, which returns more than its answer.
  reason = not ok and tostring(reason or "it read:\n" .. observed.output) or nil
  report:result{
    id = id, claim = claim, ok = ok and true or false, reason = reason, broke = broke,
    raised = step.lua and observed.values == nil and observed.output or nil,
  }
end

-- Shows a step and what it types. Returns a function that types it.
local function announce(step, position, scene, report)
  local text = scene:text(step.text)
  if text then report:say(text, "") end
  local prompt, command, run = scene:prepare(step)
  report:command(prompt, command)
  return function()
    if step.cleanup then scene.cleanups[position] = step.cleanup end
    return run()
  end
end

-- Plays one step; the player, on a terminal, waits for its user before and after. Returns false to quit, "again" to play it once more.
local function play_step(step, position, scene, report, player)
  local observed = { output = "", skip = scene:unmet(step.needs) }
  if observed.skip then
    report:say(scene.words.step_skipped .. observed.skip, "  ")
    if not step.checks then report:result{ claim = scene:text(step.title) or "#" .. position, ok = true, skip = observed.skip } end
  else
    local run, goes_on, guess = announce(step, position, scene, report), true, nil
    if player then goes_on, guess = player:before(step, position, scene) end
    if not goes_on then return false end
    observed.output, observed.values, observed.calls = run()
    report:output(observed.output, type(step.focus) == "function" and function(line) return step.focus(line, scene) end or step.focus)
    if step.name then scene.out[step.name], scene.values[step.name] = observed.output, observed.values end
    report:expected(scene:text(step.expect), guess, observed.output)
  end
  for index, check in ipairs(step.checks or {}) do play_check(check, position .. "." .. index, step, scene, report, observed) end
  local answer = "next"
  if player then
    answer = player:after(step, position, scene, observed)
  elseif step.why and not observed.skip then
    report:why(scene:text(step.why))
  end
  report:print("")
  return answer ~= "quit" and answer
end

-- Plays the steps, and cleans up after them whatever happens. Returns false when the user has quit.
local function play_steps(lesson, place, options, report)
  local scene <close> = new_scene(place, options)
  local _ <close> = setmetatable({}, { __close = function()
    sys.uninterrupted(function()
      for _, wrong in ipairs(scene:clean_up(#lesson.steps)) do
        report:result{ claim = scene.words.claim_clean_up:format(wrong[1]), ok = false, reason = wrong[2] }
      end
    end)
  end })
  local player = options.interactive and player_of(report, lesson, options.language)
  for position, step in ipairs(lesson.steps) do
    if not options.without_step or step.name ~= options.without_step then
      local answer
      repeat
        if answer == "again" then report:forget(position) end
        report:step(position, #lesson.steps, scene:text(step.title))
        answer = play_step(step, position, scene, report, player)
      until answer ~= "again"
      if not answer then return false end
    end
  end
  return true
end

-- In a copy of nssh, in the namespaces that play the host, which gets the terminal if it is to ask its user. Returns what fn returns.
local function call_apart(host, interactive, fn)
  local function play()
    -- ^C and SIGTERM are to clean up there, too.
    sys.interruptible()
    return fn()
  end
  local options = { play, stdin = interactive and "inherit" or "null" }
  for key, value in pairs(host) do options[key] = value end
  local copy <close> = ns.clone(options)
  local ok, result = pcall(interactive and copy.fg or copy.wait, copy)
  if not ok then
    -- It cleans up, too.
    sys.uninterrupted(function()
      if copy:alive() then copy:kill("TERM") end
      copy:wait(20)
    end)
    error(result, 0)
  end
  if is_interrupt(result.error) then
    -- ^C is for whoever has the terminal, the copy: it is meant for nssh as well.
    ns.run{ "kill", "-INT", tostring(sys.getpid()) }
    sys.sleep(1)
  end
  if result.error then error(result.error, 0) end
  return table.unpack(result.values or error("the copy of nssh that played it " .. tostring(result), 0))
end

-- Plays a lesson. options: language; check (TAP); quiet (prints nothing); without = type (leaves that type out, in throw-away
-- namespaces where it could touch the machine); without_step = name; interactive (waits for its user); report (in place of standard
-- output). Returns { passed, failed, skipped, skip = reason, quit, results = {…} }.
function demo.play(lesson, options)
  check_format(lesson)
  local language = options and options.language or words.language()
  options = setmetatable({ language = language, is_root = sys.geteuid() == 0 }, { __index = options })
  local phrases, report = words[options.language], options.report or new_report(options.check, options)
  local function say(text)
    if text then report:say(text, "") end
  end
  report:title(words.pick(lesson.title, options.language))
  for _, program in ipairs{ "bash", table.unpack(lesson.programs or {}) } do
    local lacking = requirements.missing(program, phrases)
    if lacking then return report:close(lacking) end
  end
  -- An error between here and the end is a result too, the last one: clean-up has happened when it is printed.
  local function attempt(fn)
    local ok, reason = guarded(fn)
    if not ok then report:result{ claim = phrases.claim_to_its_end, ok = false, reason = reason } end
  end
  local place
  attempt(function() place = arrange(lesson, phrases, options.without) end)
  if not place then return report:close() end
  -- Whoever has root's name only has not what a lesson for root needs.
  if place.added then options.is_root = false end
  local unmet = place.forbidden
  local bare <close> = new_scene(place, options)
  attempt(function() unmet = unmet or bare:unmet(lesson.needs) end)
  if unmet then return report:close(unmet) end
  say(words.pick(lesson.text, options.language, bare))
  if next(place.host) then say(words.pick(lesson.host_text, options.language, bare)) end
  if place.added then say(phrases.added) end
  report:print("")
  local before, to_its_end = ns.ledger(), true
  attempt(function()
    if not place.apart then
      to_its_end = play_steps(lesson, place, options, report)
      return
    end
    report.results, report.position, to_its_end = call_apart(place.host, options.interactive, function()
      local ended = true
      attempt(function() ended = play_steps(lesson, place, options, report) end)
      return report.results, report.position, ended
    end)
  end)
  collectgarbage()
  collectgarbage()
  local ours, others = { phrases.left_behind }, { phrases.left_by_others }
  for _, item in ipairs(ns.ledger():since(before)) do
    table.insert(item.certain and ours or others, ("  %s %s"):format(item.kind, item.name))
  end
  local is_clean = #ours == 1
  local seen = is_clean and phrases.left_nothing or table.concat(ours, "\n")
  report:ledger(#others > 1 and seen .. "\n" .. table.concat(others, "\n") or seen)
  report:result{ claim = phrases.claim_nothing_left, ok = is_clean, reason = seen, left = true }
  if options.check and not options.without and not options.without_step then
    control.run(lesson, table.move(report.results, 1, #report.results, 1, {}), report, options.language, function(again)
      return demo.play(lesson, again)
    end)
  end
  local counts = report:close()
  counts.quit = not to_its_end
  return counts
end

-- The lesson of a script, without playing it: `chunk` is the script as a function.
function demo.lesson_of(chunk)
  local main, lesson = demo.main, nil
  demo.main = function(given) lesson = given end
  local ok, reason = pcall(chunk)
  demo.main = main
  if not ok then error(reason, 0) end
  return lesson
end

-- The whole of a demonstration's script: reads its arguments, plays, and exits 1 if a claim was wrong.
function demo.main(lesson)
  local options = arguments.read(function(language, file)
    file:write(words[language].usage:format(arg[0], words.pick(lesson.title, language)))
  end)
  options.report = arguments.report(options, words.pick(lesson.title, options.language))
  if demo.play(lesson, options).failed > 0 then os.exit(false, true) end
end

return demo
