-- Lines of text by the cells they take on a terminal: a line may break after a Chinese character.
local cells = require "nssh.demo.cells"

-- No line starts with these, none ends with those.
local CLOSING = ",.;:!?)]}%\u{2019}\u{201d}\u{2026}\u{3001}\u{3002}\u{300b}\u{300d}\u{300f}\u{3011}\z
  \u{ff01}\u{ff09}\u{ff0c}\u{ff1a}\u{ff1b}\u{ff1f}"
local OPENING = "([{\u{2018}\u{201c}\u{300a}\u{300c}\u{300e}\u{3010}\u{ff08}"

-- The pieces between which a word may be broken: a wide character with the marks that must stay with it, a run of others.
local function pieces(word)
  local found, glued = {}, false
  for position, code in utf8.codes(word, true) do
    local letter = word:sub(position, utf8.offset(word, 2, position) - 1)
    local wide = cells.is_wide(code)
    local closes = CLOSING:find(letter, 1, true) ~= nil
    local last = found[#found]
    if last and (closes or glued or not wide and not last.wide) then
      last.text = last.text .. letter
      last.wide = wide
    else
      found[#found + 1] = { text = letter, wide = wide }
    end
    glued = OPENING:find(letter, 1, true) ~= nil
  end
  return found
end

-- Breaks a text into lines of `columns` at most (a longer word stays whole), each after `indent`.
return function(text, indent, columns)
  if not utf8.len(text) then return { indent .. text } end
  local lines, line, used = {}, indent, cells.width(indent)
  local start = used
  for word in text:gmatch("%S+") do
    local blank = used > start and 1 or 0
    for _, piece in ipairs(pieces(word)) do
      local needed = cells.width(piece.text)
      if used > start and used + blank + needed > columns then
        lines[#lines + 1] = line
        line, used, blank = indent, start, 0
      end
      line, used, blank = line .. (" "):rep(blank) .. piece.text, used + blank + needed, 0
    end
  end
  if used > start then lines[#lines + 1] = line end
  return lines
end
