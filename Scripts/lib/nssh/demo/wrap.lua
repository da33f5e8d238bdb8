-- Lines of text by the cells they take on a terminal: a Chinese character takes two, and a line may break after it.

-- Ranges that take two cells: East Asian Wide and Fullwidth of Unicode's UAX 11, the blocks that texts use.
local WIDE = {
  { 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
  { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
}
-- No line starts with these, none ends with those.
local CLOSING = ",.;:!?)]}%\u{2019}\u{201d}\u{2026}\u{3001}\u{3002}\u{300b}\u{300d}\u{300f}\u{3011}\z
  \u{ff01}\u{ff09}\u{ff0c}\u{ff1a}\u{ff1b}\u{ff1f}"
local OPENING = "([{\u{2018}\u{201c}\u{300a}\u{300c}\u{300e}\u{3010}\u{ff08}"

local function is_wide(code)
  if code < WIDE[1][1] then return false end
  for _, range in ipairs(WIDE) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return false
end

local function width(text)
  local cells = 0
  for _, code in utf8.codes(text, true) do cells = cells + (is_wide(code) and 2 or 1) end
  return cells
end

-- The pieces between which a word may be broken: a wide character with the marks that must stay with it, a run of others.
local function pieces(word)
  local found, glued = {}, false
  for position, code in utf8.codes(word, true) do
    local letter = word:sub(position, utf8.offset(word, 2, position) - 1)
    local wide = is_wide(code)
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

-- Breaks a text into lines of `cells` at most (a longer word stays whole), each after `indent`.
return function(text, indent, cells)
  if not utf8.len(text) then return { indent .. text } end
  local lines, line, used = {}, indent, width(indent)
  local start = used
  for word in text:gmatch("%S+") do
    local blank = used > start and 1 or 0
    for _, piece in ipairs(pieces(word)) do
      local needed = width(piece.text)
      if used > start and used + blank + needed > cells then
        lines[#lines + 1] = line
        line, used, blank = indent, start, 0
      end
      line, used, blank = line .. (" "):rep(blank) .. piece.text, used + blank + needed, 0
    end
  end
  if used > start then lines[#lines + 1] = line end
  return lines
end
