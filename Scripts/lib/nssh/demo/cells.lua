-- The cells that a text takes on a terminal: a Chinese character takes two.
local cells = {}

-- Ranges that take two cells: East Asian Wide and Fullwidth of Unicode's UAX 11, the blocks that texts use.
local WIDE = {
  { 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
  { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
}

function cells.is_wide(code)
  if code < WIDE[1][1] then return false end
  for _, range in ipairs(WIDE) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return false
end

function cells.width(text)
  local width = 0
  for _, code in utf8.codes(text, true) do width = width + (cells.is_wide(code) and 2 or 1) end
  return width
end

return cells
