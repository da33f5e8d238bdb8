-- ns.tree: what is below what, and how it is drawn.
local check = require "check"
local apart = require "apart"
local tests = {}

-- The node with a field of this value, and the nodes above it.
local function find(nodes, field, value, above)
  for _, node in ipairs(nodes) do
    if node[field] == value then return node, above or {} end
    local way = { table.unpack(above or {}) }
    way[#way + 1] = node
    local found, path = find(node.children, field, value, way)
    if found then return found, path end
  end
end

local function link(target, type) return ("%s:[%d]"):format(type, ns.inode(target, type)) end

tests["by owner: a user namespace has below it what it owns"] = function()
  local p <close> = apart.clone{ uts = true, net = true }
  local tree = ns.tree{}
  local node, above = find(tree, "link", link(p, "uts"))
  check.ok(node, "its uts namespace is not in the tree")
  check.eq(above[#above].link, link(p, "user"))
  check.eq(above[#above - 1].link, link("self", "user"))
  check.match(node.text, ("^uts:%%[%d%%]; process %d "):format(p:inode("uts"), p.pid))
  check.match(above[#above].text, "; made by .*; uid 0.*; process ")
  check.match(tostring(tree), ("\n[^\n]*uts:%%[%d%%]"):format(p:inode("uts")))
end

tests["by parent: pid namespaces below each other"] = function()
  local p <close> = apart.clone{ pid = true, sys.readlink("/proc/self/exe"), "-e", "local p <close> = ns.clone{pid=true} sys.sleep(10)" }
  local inner
  for _ = 1, 100 do
    local outer = find(ns.tree{ by = "parent" }, "link", link(p, "pid"))
    inner = outer and outer.children[1]
    if inner then break end
    sys.sleep(0.01)
  end
  check.ok(inner, "the inner pid namespace is not below the outer one")
  check.match(inner.link, "^pid:")
  local tree = ns.tree{ by = "parent" }
  check.ok(not find(tree, "link", link("self", "uts")), "a type without parents in the tree")
end

tests["by process: those in other namespaces than their parent"] = function()
  local p <close> = apart.clone{ uts = true }
  local node, above = find(ns.tree{ by = "process" }, "pid", p.pid)
  check.ok(node, "the process is not in the tree")
  check.ok(#above > 0, "it is below nobody")
  check.match(node.text, ("uts:%%[%d%%] user:%%[%d%%]$"):format(p:inode("uts"), p:inode("user")))
end

tests["drawn in ASCII, or in Unicode"] = function()
  local p <close> = apart.clone{ uts = true }
  check.match(tostring(ns.tree{ ascii = false }), "\n[│ ]*└─")
  check.ok(not tostring(ns.tree{ ascii = true }):find("[\x80-\xff]"), "not ASCII")
  check.eq(tostring(ns.tree{ by = "parent" }):find("[\x80-\xff]") == nil, (function()
    local locale = ""
    for _, name in ipairs{ "LANG", "LC_CTYPE", "LC_ALL" } do
      local value = sys.env(name)
      if value and value ~= "" then locale = value end
    end
    return not locale:lower():find("utf%-?8$")
  end)())
  check.ok(p:alive())
end

tests["the initial namespaces are folded unless all are wanted"] = function()
  local snapshot = ns.scan()
  local initial = 0
  for _, namespace in ipairs(snapshot.namespaces) do
    if namespace.initial and namespace.type ~= "user" then initial = initial + 1 end
  end
  -- In a container there may be none.
  local folded = tostring(snapshot:tree{}):match("(%d+) initial: ")
  check.eq(tonumber(folded), initial >= 2 and initial or nil)
  check.ok(not tostring(snapshot:tree{ all = true }):find("%d initial: "))
end

tests["what holds a namespace without a process"] = function()
  local p <close> = apart.clone{ net = true }
  local handle <close> = p:open("net")
  local inode = handle:inode()
  p:close()
  check.match(tostring(ns.tree{}), ("net:%%[%d%%]; no process; held by descriptor %%d+ of this nssh"):format(inode))
end

tests["the same snapshot gives the same tree"] = function()
  local snapshot = ns.scan()
  for _, by in ipairs{ "owner", "parent", "process" } do
    check.eq(tostring(snapshot:tree{ by = by }), tostring(snapshot:tree{ by = by }))
  end
  check.fails(function() snapshot:tree{ by = "name" } end, "owner")
end

tests["many processes are cut short, and counted"] = function()
  local path = os.tmpname()
  local remove <close> = setmetatable({}, { __close = function() os.remove(path) end })
  check.ok(remove)
  local function text(count)
    local processes = {}
    for pid = 1, count do processes[pid] = ('{"pid":%d,"parent":0,"uid":0,"namespaces":{"net":1}}'):format(pid) end
    local file <close> = assert(io.open(path, "w"))
    file:write('{"format":"nssh snapshot","version":1,"time":0,"host":"","kernel":"","uid":0,"own_pid":1,"types":["net"],"users":{},'
      .. '"costs":[],"namespaces":[{"type":"net","inode":1}],"processes":[' .. table.concat(processes, ",") .. "]}")
    file:close()
    return ns.load(path):tree()[1].text
  end
  check.eq(text(5), "net:[1]; 5 processes: 1, 2, 3, 4, 5")
  check.eq(text(7), "net:[1]; 7 processes: 1, 2, 3, 4, 3 more")
end

return tests
