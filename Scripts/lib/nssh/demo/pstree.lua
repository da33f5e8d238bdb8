-- What pstree printed. A child is on its parent's line, or on one below and further right.
local pstree = {}

-- Whether a line of pstree -p has nssh or the bash inside.
function pstree.around_bash(line, scene)
  return line:find(("(%d)"):format(scene.pid), 1, true) or line:find(("(%d)"):format(scene.inside.pid), 1, true)
end

-- Whether it shows bash(child) below the process `parent`.
function pstree.is_child(tree, parent, child)
  local parent_column
  for line in tree:gmatch("[^\n]+") do
    parent_column = line:find(("(%d)"):format(parent), 1, true) or parent_column
    local column = line:find(("bash(%d)"):format(child), 1, true)
    if column then return parent_column ~= nil and column > parent_column end
  end
  return false, ("pstree shows no bash(%d)"):format(child)
end

return pstree
