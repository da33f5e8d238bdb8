-- ns.graph: what each format has in it, that it can be read by what it is for, and that the anonymised form tells the shape only.
local check = require "check"
local apart = require "apart"
local here = require "here"
local tests = {}

local function program(...)
  local names = { ... }
  for _, name in ipairs(names) do
    if here.succeeds("command -v " .. name) then return name end
  end
  here.need("command -v " .. names[1], table.concat(names, " and ") .. " not installed")
end

tests["dot is read by Graphviz"] = function()
  local dot = program("dot")
  local p <close> = apart.clone{ uts = true, argv0 = 'quotes " and \\ and \n lines', "sleep", "10" }
  local text = ns.graph{ pid = p.pid }
  check.match(text, "^digraph namespaces {\n")
  check.match(text, ('"uts:%%[%d%%]"'):format(p:inode("uts")))
  local r = ns.run{ dot, "-Tsvg", stdin = { data = text } }
  check.ok(r.ok, r.stderr)
  check.match(r.stdout, ("uts:%%[%d%%]"):format(p:inode("uts")))
  check.eq(ns.run{ dot, "-Tsvg", stdin = { data = ns.graph{ all = true } } }:check().stderr, "")
end

tests["mermaid: a node for each thing, an arrow for each tie"] = function()
  local p <close> = apart.clone{ net = true }
  -- In a container other types are not initial, and not folded.
  local text = ns.graph{ format = "mermaid", pid = p.pid, types = { "net", "user" }, anonymous = true }
  check.eq(text, [[
flowchart LR
  n1["net#35;1"]
  n2["user#35;1 initial"]
  n3["user#35;2"]
  n4(["process#35;1"])
  n3 -->|owns| n1
  n2 ==>|parent of| n3
  n4 -.->|in| n1
  n4 -.->|in| n3
  classDef net fill:#d7eef0,stroke:#555,color:#111
  class n1 net
  classDef user fill:#fbf0cf,stroke:#555,color:#111
  class n2,n3 user
]])
end

tests["anonymous: the same set-up gives the same text, with nothing of the machine in it"] = function()
  local function once(format)
    local p <close> = apart.clone{ uts = "nssh-secret-host", net = true, argv0 = "nssh-secret-name", "sleep", "10" }
    local net <close> = p:open("net")
    local text = ns.graph{ format = format, pid = p.pid, anonymous = true }
    for _, secret in ipairs{ "nssh%-secret", "sleep", tostring(net:inode()) } do
      check.ok(not text:find(secret), ("%s has %s in it: %s"):format(format, secret, text))
    end
    return text
  end
  for _, format in ipairs{ "dot", "mermaid", "json", "html" } do check.eq(once(format), once(format)) end
  check.match(once("dot"), "descriptor")
end

tests["json is what ns.load reads, the anonymised one too"] = function()
  local p <close> = apart.clone{ uts = true }
  local path = os.tmpname()
  for _, anonymous in ipairs{ false, true } do
    local file <close> = assert(io.open(path, "w"))
    file:write(ns.graph{ format = "json", pid = p.pid, anonymous = anonymous })
    file:close()
    local snapshot = ns.load(path)
    local link = anonymous and "uts#" or ("uts:[%d]"):format(p:inode("uts"))
    check.ok(tostring(snapshot:tree{ all = true }):find(link, 1, true), tostring(snapshot:tree{}))
  end
  os.remove(path)
end

tests["what is above a namespace that the filter lets through comes with it"] = function()
  local p <close> = apart.clone{ pid = true }
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(ns.graph{ format = "json", pid = p.pid, type = "pid" })
  file:close()
  local worked, snapshot = pcall(ns.load, path)
  os.remove(path)
  check.ok(worked, tostring(snapshot))
  local links = {}
  for _, namespace in ipairs(snapshot.namespaces) do links[namespace.link] = true end
  for _, target in ipairs{ p, "self" } do
    for _, type in ipairs{ "pid", "user" } do check.ok(links[("%s:[%d]"):format(type, ns.inode(target, type))], type) end
  end
end

tests["html: others' text is text, and no other file is needed"] = function()
  local p <close> = apart.clone{ uts = true, argv0 = "<script>alert(1)</script>\"'&", "sleep", "10" }
  local text
  for _ = 1, 100 do
    text = ns.graph{ format = "html", pid = p.pid }
    if text:find("alert", 1, true) then break end
    sys.sleep(0.01)
  end
  check.match(text, "&lt;script&gt;alert%(1%)&lt;/script&gt;&quot;&#39;&amp; 10</dd>")
  check.eq(select(2, text:gsub("<script", "")), 1)
  check.ok(not text:find("https?:"), "a link to the network")
  check.ok(not text:find("{{", 1, true), "a place in the frame was not filled")
end

-- Of every place where others' words can stand, each in a file, which may be forged.
tests["html: no text of a snapshot is markup, wherever it stands"] = function()
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write('{"format":"nssh snapshot","version":1,"time":0,"host":"<i>a","kernel":"<i>b","uid":0,"own_pid":1,"mnt":3,"types":["net"],'
    .. '"users":{"0":"<i>c"},"costs":[],"unreadable":[{"source":"mounts","target":"<i>d","errno":13}],'
    .. '"namespaces":[{"type":"mnt","inode":3},{"type":"user","inode":4,"uid":0},{"type":"net","inode":5,"holders":['
    .. '{"kind":"mount","mnt":3,"path":"/run/netns/<i>e"},{"kind":"descriptor","pid":7,"fd":3,"remark":"<i>f"}]}],'
    .. '"processes":[{"pid":7,"parent":0,"uid":0,"name":"<i>g","command":"<i>h","namespaces":{"net":5}}]}')
  file:close()
  local text = ns.load(path):graph{ format = "html" }
  os.remove(path)
  for letter in ("abcdefgh"):gmatch(".") do check.match(text, "&lt;i&gt;" .. letter) end
  check.eq(text:match("<i>[^\n]*"), nil)
end

tests["html: what the filter hides, in Chromium"] = function()
  local chromium = program("chromium", "chromium-browser", "google-chrome")
  local p <close> = apart.clone{ uts = true }
  local directory = ns.run{ "mktemp", "-d" }:check().stdout:match("[^\n]+")
  local file <close> = assert(io.open(directory .. "/page.html", "w"))
  file:write(ns.graph{ format = "html" })
  file:close()
  local function dom(filter)
    -- In a pid namespace of its own, since it leaves a process of its behind.
    return ns.run{
      user = "self", pid = { init = true }, timeout = 60, env = { HOME = directory },
      chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" .. directory .. "/profile", "--dump-dom",
      "file://" .. directory .. "/page.html" .. filter,
    }.stdout
  end
  local whole, filtered = dom(""), dom(("#uts:[%d]"):format(p:inode("uts")))
  ns.run{ "rm", "-rf", directory }:check()
  check.ok(not whole:find('<section class="[^"]*" hidden=""'), "something is hidden without a filter")
  local function has(pattern, about) check.ok(filtered:find(pattern), about) end
  has("</html>", "nothing came from the browser")
  has('<section class="[^"]*" hidden=""', "the filter hides nothing")
  has(('<section class="box uts">\n<details><summary><b>uts:%%[%d%%]'):format(p:inode("uts")), "the namespace is hidden")
  check.eq(filtered:match("<output[^>]*>([^<]*)</output>"), "1 namespace, 1 process")
end

tests["what is wrong is said"] = function()
  check.fails(function() ns.graph{ format = "png" } end, '"dot", "mermaid", "json" or "html"')
end

return tests
