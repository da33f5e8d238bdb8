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
--   needs         "root", "proc" (a fresh /proc may be mounted), "kernel 5.6", "type NAME", "program NAME", "feature NAME" (of
--                 ns.features), a function of the scene that returns true or false and a reason, or a list of these; where it is not met,
--                 the lesson, step or check is skipped
--
-- scene = { pid = nssh's pid, inside = the process of bash, at = { name = process }, out = {…}, values = {…}, language }
local arguments = require "nssh.demo.arguments"
local check_format = require "nssh.demo.format"
local pstree = require "nssh.demo.pstree"
local requirements = require "nssh.demo.requirements"
local words = require "nssh.demo.words"

local demo = {
  play = require "nssh.demo.play", around_bash = pstree.around_bash, is_child = pstree.is_child,
  -- demo.possible(types, line): whether unshare(1) can run a shell line in new namespaces of these types; if not, why. For `needs`.
  possible = requirements.possible, has_by_version = requirements.has_by_version,
}

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
  local well_formed, reason = pcall(check_format, lesson)
  if not well_formed then arguments.fail(arg[0] .. ": " .. reason) end
  local options = arguments.read(function(language, file)
    file:write(words[language].usage:format(arg[0], words.pick(lesson.title, language)))
  end)
  options.report = arguments.report(options, words.pick(lesson.title, options.language))
  if demo.play(lesson, options).failed > 0 then os.exit(false, true) end
end

return demo
