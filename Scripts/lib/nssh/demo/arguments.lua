-- What the words behind a lesson's name ask for: options of demo.play, and the reports.
local new_cast = require "nssh.demo.cast"
local new_markdown = require "nssh.demo.markdown"
local new_report = require "nssh.report"
local new_views = require "nssh.demo.views"
local words = require "nssh.demo.words"
local arguments = {}

local ALL = { check = true, auto = true, cast = true, md = true }
local WITH_VALUE = { cast = true, md = true, lang = true }

-- Ends nssh with a reason.
function arguments.fail(reason)
  io.stderr:write("nssh: ", reason, "\n")
  os.exit(false, true)
end

-- Reads `arg`; --lang and --help are always allowed, of the others those in `allowed`, or all. write_usage(language, file) is called for
-- --help, and for what is not understood: then nssh ends.
function arguments.read(write_usage, allowed)
  allowed = setmetatable({ lang = true, help = true }, { __index = allowed or ALL })
  local options, position, is_wrong = { language = words.language() }, 1, false
  while arg[position] do
    local name, equals, value = arg[position]:match("^%-%-(%l+)(=?)(.*)$")
    if not allowed[name] then
      is_wrong = true
    elseif WITH_VALUE[name] then
      if equals == "" then
        position = position + 1
        value = arg[position]
      end
      options[name] = value
      is_wrong = is_wrong or not value or value == ""
    else
      options[name] = true
      is_wrong = is_wrong or equals ~= ""
    end
    position = position + 1
  end
  if options.lang and words.languages[options.lang] then options.language = options.lang elseif options.lang then is_wrong = true end
  if options.help or is_wrong then
    write_usage(options.language, is_wrong and io.stderr or io.stdout)
    os.exit(not is_wrong, true)
  end
  local records = options.check or options.auto or options.cast or options.md
  options.interactive = not records and sys.isatty(0) and sys.isatty(1)
  return options
end

-- A file that the options name is opened once, for all lessons.
local function open(options, name)
  local key = name .. "_file"
  if not options[key] then
    local file, reason = io.open(options[name], "w")
    if not file then arguments.fail(reason) end
    options[key] = file
  end
  return options[key]
end

-- Begins the Markdown of several lessons.
function arguments.preface(options, title, text, overview)
  if not options.md then return end
  local file = new_markdown(open(options, "md"), options.language)
  file:title(title)
  file:say(text)
  file:block("table", overview)
  options.level = 2
end

-- The report that the options ask for, of one lesson.
function arguments.report(options, title)
  local reports = { new_report(options.check, { language = options.language, width = math.min(sys.columns() or 100, 100) }) }
  if options.cast then reports[#reports + 1] = new_cast(open(options, "cast"), title, options.language) end
  if options.md then reports[#reports + 1] = new_markdown(open(options, "md"), options.language, options.level) end
  return new_views(reports)
end

return arguments
