-- Reports claims and what they rest on, readable or as TAP 14: the demonstrations and the Lua tests print through it.
local LONG = 14 -- lines of output that are shown whole

local Report = {}
Report.__index = Report

-- check: TAP 14, with all else as comments; quiet: nothing is printed, only results are kept.
local function new_report(check, quiet)
  local term, locale = sys.env("TERM") or "dumb", sys.env("LC_ALL") or sys.env("LC_CTYPE") or sys.env("LANG") or ""
  local plain = check or not sys.isatty(1) or sys.env("NO_COLOR") or term == "dumb"
  if check and not quiet then io.write("TAP version 14\n") end
  return setmetatable({ check = check, quiet = quiet, color = not plain, utf8 = locale:lower():find("utf") ~= nil, results = {} }, Report)
end

function Report:print(text, color)
  if self.quiet then return end
  -- What programs print may hold anything; a terminal obeys control characters.
  for line in (text:gsub("[\0-\8\11-\31\127]", "?") .. "\n"):gmatch("(.-)\n") do
    if self.check then line = ("# " .. line):gsub("%s+$", "") end
    io.write(self.color and color and ("\27[%sm%s\27[0m\n"):format(color, line) or line .. "\n")
  end
  io.flush()
end

-- A text, in lines of 100 bytes at most.
function Report:say(text, indent)
  local line = indent
  for word in text:gmatch("%S+") do
    if #line + #word > 100 then
      self:print(line)
      line = indent
    end
    line = (line == indent and line or line .. " ") .. word
  end
  self:print(line)
end

-- What a program printed; when it is long and has a focus (a string or a function of the line), the lines that have it.
function Report:output(text, focus)
  local lines, shown = {}, {}
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
  for _, line in ipairs(lines) do
    local hit = type(focus) == "function" and focus(line) or focus and type(focus) == "string" and line:find(focus, 1, true)
    if #lines <= LONG or not focus or hit then shown[#shown + 1] = line end
  end
  if #shown < #lines then shown[#shown + 1] = ("… and %d lines that are not about this"):format(#lines - #shown) end
  if #shown > 0 then self:print(table.concat(shown, "\n")) end
end

-- result = { claim, ok, reason = why it is wrong, skip = why it was not tried (with ok) }
function Report:result(result)
  self.results[#self.results + 1] = result
  if self.quiet then return end
  local reason = (result.reason or ""):gsub("%s+$", ""):gsub("\n", "\n    ")
  if not self.check then
    local mark = self.utf8 and (result.ok and "✓" or "✗") or result.ok and "ok:" or "WRONG:"
    self:print("  " .. mark .. " " .. result.claim, result.ok and "32" or "31")
    if not result.ok then self:print("    " .. reason, "31") end
    return
  end
  local skip = result.skip and " # SKIP " .. result.skip:gsub("\n", " ") or ""
  io.write(result.ok and "ok " or "not ok ", #self.results, " - ", (result.claim:gsub("[#\\]", "\\%0")), skip, "\n")
  if not result.ok then io.write("  ---\n  message: |\n    ", reason, "\n  ...\n") end
  io.flush()
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
      io.write("1..", #self.results, skip and " # SKIP " .. skip:gsub("\n", " ") or "", "\n")
    else
      self:print(skip and "skipped: " .. skip .. "\n" or "")
    end
    io.write(("%d passed, %d failed, %d skipped\n"):format(passed, failed, skipped))
    io.flush()
  end
  return { passed = passed, failed = failed, skipped = skipped, skip = skip, results = self.results }
end

return new_report
