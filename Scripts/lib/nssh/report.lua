-- Reports claims and what they rest on, readable or as TAP 14: the demonstrations and the Lua tests print through it.
local excerpt = require "nssh.demo.excerpt"
local wrap = require "nssh.demo.wrap"
local words = require "nssh.demo.words"

local WIDTH = 100 -- cells

-- To standard output. What is lost there, on a full disk, must not look like success.
local function write_out(...)
  for _, done in ipairs{ table.pack(io.write(...)), table.pack(io.flush()) } do
    if not done[1] then error("standard output: " .. done[2], 0) end
  end
end

-- What programs print may hold anything; a terminal obeys control characters, those of two bytes too.
local function harmless(text) return (text:gsub("[\0-\8\11-\31\127]", "?"):gsub("\xc2[\x80-\x9f]", "?")) end

local Report = {}
Report.__index = Report

-- options: quiet: nothing is printed, only results are kept; language; write: takes what would go to standard output; color: in any
-- case; width. With `check` it is TAP 14, with all else as comments.
local function new_report(check, options)
  options = options or {}
  local term, locale = sys.env("TERM") or "dumb", sys.env("LC_ALL") or sys.env("LC_CTYPE") or sys.env("LANG") or ""
  local plain = check or not sys.isatty(1) or sys.env("NO_COLOR") or term == "dumb"
  local report = setmetatable({
    check = check, quiet = options.quiet, color = options.color or not plain, width = options.width or WIDTH, results = {}, position = 1,
    utf8 = locale:lower():find("utf") ~= nil or options.language == "zh", words = words[options.language or "en"],
    write = options.write or write_out,
  }, Report)
  if check and not report.quiet then report.write("TAP version 14\n") end
  return report
end

function Report:print(text, color)
  if self.quiet then return end
  for line in (harmless(text) .. "\n"):gmatch("(.-)\n") do
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

function Report:step(position, count, title)
  self.position = position
  self:print(("[%d/%d] %s"):format(position, count, title or ""):gsub(" $", ""), "1;4")
end

function Report:command(prompt, command)
  self:print(prompt .. "> " .. command, "1")
end

function Report:output(text, focus)
  text = excerpt(text, focus, self.words)
  if text ~= "" then self:print(text) end
end

-- What should have come and what the learner has guessed, either perhaps nil, beside what has come, where that is short.
function Report:expected(expected, guess, observed)
  if expected then self:say(self.words.expected .. expected, "  ") end
  if guess then self:say(self.words.guess .. guess, "  ") end
  local is_short = observed ~= "" and #observed <= 60 and not observed:find("\n")
  if (expected or guess) and is_short then self:say(self.words.observed .. observed, "  ") end
end

function Report:why(text)
  self:say(text, "  ")
end

function Report:ledger(text)
  self:print(text)
end

-- A step is played again: what its checks have said before does not count. (`id` of a result is STEP.CHECK.)
function Report:forget(position)
  for index = #self.results, 1, -1 do
    if self.results[index].id and self.results[index].id:find("^" .. position .. "%.") then table.remove(self.results, index) end
  end
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
  self.write(result.ok and "ok " or "not ok ", #self.results, " - ", harmless(result.claim:gsub("[#\\]", "\\%0") .. skip), "\n")
  if not result.ok then self.write("  ---\n  message: |\n    ", harmless(reason), "\n  ...\n") end
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
