-- One step of a lesson: it is shown, typed, and held against its checks.
local step = {}

-- pcall, but ^C goes on: it must end the demonstration, not fail a check. An error comes back as text.
function step.guarded(fn, ...)
  local result = table.pack(pcall(fn, ...))
  if not result[1] then
    if step.is_interrupt(result[2]) then error(result[2], 0) end
    result[2] = tostring(result[2])
  end
  return table.unpack(result, 1, result.n)
end

function step.is_interrupt(raised) return type(raised) == "table" and raised.code == "INTERRUPTED" end

-- Results carry what a control has to know: id (STEP.CHECK), broke (the predicate raised an error), raised (the chunk did).
local function play_check(check, id, given, scene, report, observed)
  local claim = scene:text(check[1])
  local skip = observed.skip or scene:unmet(check.needs)
  if skip then return report:result{ id = id, claim = claim, ok = true, skip = skip } end
  local ran, ok, reason = step.guarded(check[2], observed.output, scene, observed.values)
  if not ran then ok, reason = false, ok end
  -- A predicate may end in string.find, which returns more than its answer.
  reason = not ok and tostring(reason or scene.words.it_read .. observed.output) or nil
  report:result{
    id = id, claim = claim, ok = ok and true or false, reason = reason, broke = not ran,
    raised = given.lua and observed.values == nil and observed.output or nil,
  }
end

-- Shows a step and what it types. Returns a function that types it.
local function announce(given, position, scene, report)
  local text = scene:text(given.text)
  if text then report:say(text, "") end
  local prompt, command, run = scene:prepare(given)
  report:command(prompt, command)
  return function()
    -- From here on there may be something to clean, even if it fails or is interrupted.
    scene.cleanups[position] = given.cleanup
    return run()
  end
end

-- Types it, and shows what comes. Returns false when the learner has quit instead.
local function observe(given, position, scene, report, player, observed)
  local run, goes_on, guess = announce(given, position, scene, report), true, nil
  if player then goes_on, guess = player:before(given, position, scene) end
  if not goes_on then return false end
  observed.output, observed.values, observed.calls = run()
  local focus = given.focus
  report:output(observed.output, type(focus) == "function" and function(line) return focus(line, scene) end or focus)
  if given.name then scene.out[given.name], scene.values[given.name] = observed.output, observed.values end
  report:expected(scene:text(given.expect), guess, observed.output)
  return true
end

-- Plays one step; the player, on a terminal, waits for its user before and after. Returns "next", "again" to play it once more, or false
-- to quit.
function step.play(given, position, scene, report, player)
  local observed = { output = "", skip = scene:unmet(given.needs) }
  if observed.skip then
    report:say(scene.words.step_skipped .. observed.skip, "  ")
    if not given.checks then report:result{ claim = scene:text(given.title) or "#" .. position, ok = true, skip = observed.skip } end
  elseif not observe(given, position, scene, report, player, observed) then
    return false
  end
  for index, check in ipairs(given.checks or {}) do play_check(check, position .. "." .. index, given, scene, report, observed) end
  local answer = "next"
  if player then
    answer = player:after(given, position, scene, observed)
  elseif given.why and not observed.skip then
    report:why(scene:text(given.why))
  end
  report:print("")
  return answer ~= "quit" and answer
end

return step
