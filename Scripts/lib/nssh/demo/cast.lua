-- Records what a terminal shows as asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/), with a marker at each step.
local new_report = require "nssh.report"

local WIDTH, HEIGHT = 100, 40
-- Seconds that a viewer gets to read a step before the next one comes: added to the times, as an unattended player does not wait.
local PAUSE = 3

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- As JSON, which has no bytes that are not UTF-8.
local function json(text)
  while not utf8.len(text) do
    local _, position = utf8.len(text)
    text = text:sub(1, position - 1) .. "?" .. text:sub(position + 1)
  end
  return '"' .. text:gsub('[%c"\\]', function(letter) return ESCAPES[letter] or ("\\u%04x"):format(letter:byte()) end) .. '"'
end

-- A report that writes to a file.
return function(file, title, language)
  local start, report = sys.clock(), nil
  local function event(kind, text)
    local pauses = report and PAUSE * (report.position - 1) or 0
    file:write(("[%.6f, %q, %s]\n"):format(sys.clock() - start + pauses, kind, json(text)))
    file:flush()
  end
  file:write(('{"version": 2, "width": %d, "height": %d, "timestamp": %d, "title": %s, "env": {"TERM": "xterm-256color"}}\n'):format(
    WIDTH, HEIGHT, os.time(), json(title)))
  file:flush()
  report = new_report(false, { color = true, language = language, width = WIDTH, write = function(...)
    event("o", (table.concat({ ... }):gsub("\n", "\r\n")))
  end })
  report.utf8 = true
  local step = report.step
  function report:step(position, count, name)
    self.position = position
    event("m", name or tostring(position))
    step(self, position, count, name)
  end
  return report
end
