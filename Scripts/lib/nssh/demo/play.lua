-- Plays a lesson from its beginning to its end, which is the ledger.
local arrange = require "nssh.demo.arrange"
local check_format = require "nssh.demo.format"
local control = require "nssh.demo.control"
local new_report = require "nssh.report"
local new_scene = require "nssh.demo.scene"
local player_of = require "nssh.demo.player".new
local requirements = require "nssh.demo.requirements"
local step = require "nssh.demo.step"
local words = require "nssh.demo.words"

-- Plays the steps from `start` on, in what those before it make, unseen; and cleans up after them whatever happens. Returns false when the
-- user has quit, the number of a step that is to be played again, and true at the end.
local function play_steps(lesson, place, options, report, start)
  local scene <close> = new_scene(place, options)
  local _ <close> = setmetatable({}, { __close = function()
    sys.uninterrupted(function()
      for _, wrong in ipairs(scene:clean_up(#lesson.steps)) do
        report:result{ claim = scene.words.claim_clean_up:format(wrong[1]), ok = false, reason = wrong[2] }
      end
    end)
  end })
  local player = options.interactive and player_of(report, lesson, options.language)
  local unseen = new_report(false, { quiet = true, language = options.language })
  for position, given in ipairs(lesson.steps) do
    if position < start then
      step.play(given, position, scene, unseen)
    elseif not options.without_step or given.name ~= options.without_step then
      report:step(position, #lesson.steps, scene:text(given.title))
      local answer = step.play(given, position, scene, report, player)
      if answer == "again" then
        report:forget(position)
        return position
      end
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
  if step.is_interrupt(result.error) then
    -- ^C is for whoever has the terminal, the copy: it is meant for nssh as well.
    ns.run{ "kill", "-INT", tostring(sys.getpid()) }
    sys.sleep(1)
  end
  if result.error then error(result.error, 0) end
  return table.unpack(result.values or error("the copy of nssh that played it " .. tostring(result), 0))
end

-- Calls fn. An error is a result too: clean-up has happened when it is printed.
local function attempt(report, fn)
  local ok, reason = step.guarded(fn)
  if not ok then report:result{ claim = report.words.claim_to_its_end, ok = false, reason = reason } end
end

-- What the lesson is about, and what it is played in. Returns its place, or nil and, unless it has failed, the reason to skip it.
local function open(lesson, options, report)
  report:title(words.pick(lesson.title, options.language))
  for _, program in ipairs{ "bash", table.unpack(lesson.programs or {}) } do
    local lacking = requirements.missing(program, report.words)
    if lacking then return nil, lacking end
  end
  local place, unmet
  attempt(report, function()
    place = arrange(lesson, report.words, options.without)
    -- Whoever has root's name only has not what a lesson for root needs.
    if place.added then options.is_root = false end
    local scene <close> = new_scene(place, options)
    unmet = place.forbidden or scene:unmet(lesson.needs)
    if unmet then return end
    local texts = { scene:text(lesson.text), next(place.host) and scene:text(lesson.host_text) or nil, place.added and report.words.added }
    for position = 1, 3 do
      if texts[position] then report:say(texts[position], "") end
    end
    report:print("")
  end)
  if unmet or not place then return nil, unmet end
  return place
end

-- Reports what has come since the ledger `before` and is nssh's; what other programs have done meanwhile is only shown.
local function close(before, report)
  collectgarbage()
  collectgarbage()
  local phrases = report.words
  local ours, others = { phrases.left_behind }, { phrases.left_by_others }
  for _, item in ipairs(ns.ledger():since(before)) do
    table.insert(item.certain and ours or others, ("  %s %s"):format(item.kind, item.name))
  end
  local is_clean = #ours == 1
  local seen = is_clean and phrases.left_nothing or table.concat(ours, "\n")
  report:ledger(#others > 1 and seen .. "\n" .. table.concat(others, "\n") or seen)
  report:result{ claim = phrases.claim_nothing_left, ok = is_clean, reason = seen, left = true }
end

-- options: language; check (TAP, with negative controls); quiet (prints nothing); without = type (leaves that type out, in throw-away
-- namespaces where it could touch the machine); without_step = name; interactive (waits for its user); report (in place of standard
-- output). Returns { passed, failed, skipped, skip = reason, quit, results = {…} }.
local function play(lesson, options)
  check_format(lesson)
  local language = options and options.language or words.language()
  options = setmetatable({ language = language, is_root = sys.geteuid() == 0 }, { __index = options })
  local report = options.report or new_report(options.check, options)
  local place, skip = open(lesson, options, report)
  if not place then return report:close(skip) end
  local before, to_its_end = ns.ledger(), true
  -- Once more for each step that is to be played again: what it has changed may be in its way.
  local start = 1
  attempt(report, function()
    repeat
      if not place.apart then
        to_its_end = play_steps(lesson, place, options, report, start)
      else
        report.results, report.position, to_its_end = call_apart(place.host, options.interactive, function()
          local ended = true
          attempt(report, function() ended = play_steps(lesson, place, options, report, start) end)
          return report.results, report.position, ended
        end)
      end
      start = to_its_end
    until type(start) == "boolean"
  end)
  close(before, report)
  if options.check and not options.without and not options.without_step then
    local results = {}
    for _, result in ipairs(report.results) do
      if result.id then results[#results + 1] = result end
    end
    control.run(lesson, results, report, function(again)
      again.language = language
      return play(lesson, again)
    end)
  end
  local counts = report:close()
  counts.quit = to_its_end == false
  return counts
end

return play
