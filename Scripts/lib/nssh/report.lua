-- Reports claims and what they rest on, readable or as TAP 14: the demonstrations and the Lua tests print through it.
local wrap = require "nssh.demo.wrap"
local words = require "nssh.demo.words"

local LONG = 14 -- lines of output that are shown whole
local WIDTH = 100 -- cells

local Report = {}
Report.__index = Report

-- options: quiet: nothing is printed, only results are kept; language; write: takes what would go to standard output; color: in any
-- case; width. With `check` it is TAP 14, with all else as comments.
local function new_report(check, options)
  options = options or {}
  local term, locale = sys.env("TERM") or "dumb", sys.env("LC_ALL") or sys.env("LC_CTYPE") or sys.env("LANG") or ""
  local plain = check or not sys.isatty(1) or sys.env("NO_COLOR") or term == "dumb"
  local report = setmetatable({
    check = check, quiet = options.quiet, color = options.color or not plain, width = options.width or WIDTH, results = {},
    utf8 = locale:lower():find("utf") ~= nil or options.language == "zh", words = words[options.language or "en"],
    write = options.write or function(...)
      io.write(...)
      io.flush()
    end,
  }, Report)
  if check and not report.quiet then report.write("TAP version 14\n") end
  return report
end

function Report:print(text, color)
  if self.quiet then return end
  -- What programs print may hold anything; a terminal obeys control characters.
  for line in (text:gsub("[\0-\8\11-\31\127]", "?") .. "\n"):gmatch("(.-)\n") do
    if self.check then line = ("# " .. line):gsub("%s+$", "") end
    self.write(self.color and color and ("\27[%sm%s\27[0m\n"):format(color, line) or line .. "\n")
  end
end

-- A text, broken into lines.
function Report:say(text, indent, color)
  for _, line in ipairs(wrap(text, indent or "", self.width)) do self:print(line, color) end
end

function Report:title(text)
  self:print(text, "1;4")
end

-- A step begins; one without a title is told from the one before by what is typed.
function Report:step(_, _, title)
  if title then self:print(title, "1") end
end

function Report:command(prompt, command)
  self:print(prompt .. "> " .. command, "1")
end

-- What a program printed; when it is long and has a focus (a string or a function of the line), the lines that have it.
function Report:output(text, focus)
  local lines, shown = {}, {}
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
  for _, line in ipairs(lines) do
    local hit = type(focus) == "function" and focus(line) or focus and type(focus) == "string" and line:find(focus, 1, true)
    if #lines <= LONG or not focus or hit then shown[#shown + 1] = line end
  end
  if #shown < #lines then shown[#shown + 1] = self.words.long_output:format(#lines - #shown) end
  if #shown > 0 then self:print(table.concat(shown, "\n")) end
end

-- What should have come, beside what has, where that is short.
function Report:expected(expected, observed)
  self:say(self.words.expected .. expected, "  ")
  if observed ~= "" and #observed <= 60 and not observed:find("\n") then self:say(self.words.observed .. observed, "  ") end
end

-- result = { claim, ok, reason = why it is wrong, skip = why it was not tried (with ok) }
function Report:result(result)
  self.results[#self.results + 1] = result
  if self.quiet then return end
  local reason = (result.reason or ""):gsub("%s+$", ""):gsub("\n", "\n    ")
  if not self.check then
    local mark = self.utf8 and (result.skip and "–" or result.ok and "✓" or "✗") or result.skip and "-" or result.ok and "ok:" or "WRONG:"
    self:print("  " .. mark .. " " .. result.claim, result.skip and "33" or result.ok and "32" or "31")
    if result.skip then self:say(self.words.skipped .. result.skip, "    ") end
    if not result.ok then self:print("    " .. reason, "31") end
    return
  end
  local skip = result.skip and " # SKIP " .. result.skip:gsub("\n", " ") or ""
  self.write(result.ok and "ok " or "not ok ", #self.results, " - ", (result.claim:gsub("[#\\]", "\\%0")), skip, "\n")
  if not result.ok then self.write("  ---\n  message: |\n    ", reason, "\n  ...\n") end
end

-- Plan and last line; with `skip`, the reason why nothing could be tried.
function Report:close(skip)
  local passed, failed, skipped = 0, 0, skip and 1 or 0
  for _, result in ipairs(self.results) do
    if result.skip then
      skipped = skipped + 1
    elseif result.ok then
      passed = passed + 1
    else
      failed = failed + 1
    end
  end
  if not self.quiet then
    if self.check then
      self.write("1..", #self.results, skip and " # SKIP " .. skip:gsub("\n", " ") or "", "\n")
    else
      self:print(skip and self.words.skipped .. skip .. "\n" or "")
    end
    self.write(("%d passed, %d failed, %d skipped\n"):format(passed, failed, skipped))
  end
  return { passed = passed, failed = failed, skipped = skipped, skip = skip, results = self.results }
end

return new_report
