-- Writes what is played as Markdown: texts, commands, what they printed, and what was checked.
local excerpt = require "nssh.demo.excerpt"
local words = require "nssh.demo.words"

-- What Markdown would take for its own.
local function plain(text) return (text:gsub("%s+", " "):gsub("[\\`*_<>|#%[%]]", "\\%0")) end

-- A text of a lesson may use `code`; the rest is plain.
local function prose(text)
  local parts, code = {}, false
  for part in (text .. "`"):gmatch("(.-)`") do
    parts[#parts + 1] = code and "`" .. part .. "`" or plain(part)
    code = not code
  end
  return table.concat(parts)
end

local Markdown = {}
Markdown.__index = Markdown

-- Without control characters, which a terminal would obey.
function Markdown:write(...)
  self.file:write((table.concat({ ... }):gsub("[\0-\8\11-\31\127]", "?"):gsub("\xc2[\x80-\x9f]", "?")))
  self.file:flush()
end

-- A block, apart from what is around it. The items of a list stay together.
function Markdown:block(kind, ...)
  if self.last and not (kind == "item" and self.last == "item") then self:write("\n") end
  self.last = kind
  self:write(...)
  self:write("\n")
end

function Markdown:title(text) self:block("heading", ("#"):rep(self.level), " ", prose(text)) end
function Markdown:say(text) self:block("text", prose(text)) end
function Markdown:why(text) self:say(text) end
function Markdown.print() end

function Markdown:step(position, count, title)
  self:block("heading", ("#"):rep(self.level + 1), " ", position, "/", count, title and " " .. prose(title) or "")
end

function Markdown:command(prompt, command) self.typed = prompt .. "> " .. command end

-- The fence is longer than any in the text.
function Markdown:fenced(text, language)
  local fence = "```"
  while text:find(fence, 1, true) do fence = fence .. "`" end
  self:block("code", fence, language, "\n", text, "\n", fence)
end

function Markdown:output(text, focus)
  local shown = excerpt(text, focus, self.words)
  self:fenced(self.typed .. (shown ~= "" and "\n" .. shown or ""), "console")
end

function Markdown:expected(expected)
  if expected then self:block("text", "*", self.words.expected, "* ", prose(expected)) end
end

function Markdown:result(result)
  local mark = result.skip and "–" or result.ok and "✓" or "✗"
  local reason = result.skip and self.words.skipped .. result.skip or not result.ok and result.reason
  self:block("item", "- ", mark, " ", prose(result.claim), reason and ": " .. prose(reason) or "")
end

function Markdown:ledger(text) self:fenced(text, "") end

function Markdown:close(skip)
  if skip then self:say(self.words.skipped .. skip) end
end

-- A report that writes to a file; `level` is that of the title's heading.
return function(file, language, level)
  return setmetatable({ file = file, level = level or 1, last = level and "text", words = words[language] }, Markdown)
end
