-- Maps of one's own ids that nssh and unshare(1) write alike.
local mapped = {}
local root = sys.geteuid() == 0

-- One id of one's own, as inside; setgroups(2) is denied as unshare(1) does it.
local function own(inside)
  return ("user = { uid = { { %d, %d, 1 } }, gid = { { %d, %d, 1 } }, setgroups = 'deny' }"):format(
    inside or sys.geteuid(), sys.geteuid(), inside or sys.getegid(), sys.getegid())
end
-- nssh leaves setgroups(2) to root, and unshare(1) does not.
local ROOT = root and own(0) or 'user = "root"'
local SELF = root and own() or 'user = "self"'

-- A function that makes options of their text, in which ROOT and SELF stand for maps.
function mapped.options(text)
  return assert(load("return {" .. text:gsub("ROOT", ROOT):gsub("SELF", SELF) .. "}", text))
end

return mapped
