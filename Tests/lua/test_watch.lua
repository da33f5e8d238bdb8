-- ns.watch and ns.diff of snapshots: what has come and gone.
local check = require "check"
local typing = require "typing"
local here = require "here"
local apart = require "apart"
local tests = {}

-- The next event of a kind about a namespace; the machine's other namespaces come and go too.
local function await(watch, event, link)
  for e in watch do
    if e.event == event and e.namespace == link then return e end
  end
  error(("%s of %s: not noticed in time"):format(event, link), 2)
end

local function link(p, type) return ("%s:[%d]"):format(type, p:inode(type)) end

tests["a birth and a death, with the first process seen in it"] = function()
  local watch = ns.watch{ types = "uts", interval = 0.02, timeout = 5 }
  local p <close> = apart.clone{ uts = true }
  local name, pid = link(p, "uts"), p.pid
  local born = await(watch, "born", name)
  check.eq(born.process, pid)
  check.eq(born.type, "uts")
  check.eq(born.inode, p:inode("uts"))
  check.ok(born.missed >= 0.01 and born.missed < 2, "between two looks: " .. born.missed)
  check.ok(born.time > 1.7e9 and born.seconds >= 0)
  check.match(tostring(born), "%+ uts:%[%d+%]  process " .. pid)
  p:close()
  local died = await(watch, "died", name)
  check.eq(died.process, pid)
  check.ok(died.lived > 0 and died.lived < 5)
  check.eq(died.certain, here.has("ns_handles"))
end

tests["what was there has no birth, and its death no age"] = function()
  local p <close> = apart.clone{ uts = true }
  local name = link(p, "uts")
  local watch = ns.watch{ types = "uts", interval = 0.02, timeout = 5 }
  p:close()
  for e in watch do
    if e.namespace == name then
      check.eq(e.event, "died")
      check.eq(e.lived, nil)
      return
    end
  end
  error("its death was not noticed")
end

tests["a namespace that a handle holds is not dead when its last process has gone"] = function()
  local p <close> = apart.clone{ uts = true }
  local name = link(p, "uts")
  local h <close> = p:open("uts")
  -- Another one that dies at the same time, and is not held: when its death is seen, the looks have been made.
  local q <close> = apart.clone{ uts = true }
  local other = link(q, "uts")
  local watch = ns.watch{ types = "uts", interval = 0.02, timeout = 20 }
  p:close()
  q:close()
  for e in watch do
    check.ok(e.namespace ~= name, "called dead while a handle holds it")
    if e.namespace == other then return h:close() end
  end
  error("no death was noticed")
end

tests["the time is up after timeout, and an interval of 0 is refused"] = function()
  local start = sys.clock("monotonic")
  check.eq(ns.watch{ types = "uts", interval = 10, timeout = 0.1 }:next(), nil)
  check.ok(sys.clock("monotonic") - start < 5)
  check.fails(function() ns.watch{ interval = 0 } end, "above 0")
end

tests["show prints events as they come"] = function()
  local out = apart.output(ns.run{ function()
    local p <close> = ns.clone{ user = "root", "sh", "-c", "sleep 0.2; exec unshare -u sleep 0.3" }
    check.ok(p)
    ns.watch{ types = "uts", interval = 0.05, timeout = 1 }:show()
  end })
  check.match(out, "^A look every 0.05 s; what lives shorter may be missed")
  check.match(out, "%d%.%d%d%d  %+ uts:%[%d+%]  process %d+ %(")
  check.match(out, "%d%.%d%d%d  %- uts:%[%d+%]  process %d+ %([^\n]*%)  lived 0%.%d+ s")
end

tests["a process's name cannot act on the terminal"] = function()
  local p <close> = apart.clone{ uts = true, sh = "printf 'a\\033[31mb' >/proc/self/comm; read x", stdin = "pipe" }
  apart.eventually(function() return #ns.find("a\27[31mb") > 0 end)
  local watch = ns.watch{ types = "uts", interval = 0.02, timeout = 5 }
  local name = link(p, "uts")
  p:close()
  for e in watch do
    if e.namespace == name then
      check.eq(e.name, "a\27[31mb")
      return check.match(tostring(e), "process %d+ %(a\\x1b%[31mb%)")
    end
  end
  error("no death was noticed")
end

tests["^C ends a watch, shown or in a loop, and leaves nothing"] = function()
  local own = sys.readlink("/proc/self/exe")
  for _, code in ipairs{ "ns.watch{interval = 0.05}:show()", "print(1) for e in ns.watch{interval = 60} do print(e) end" } do
    local words = { typing.heeding(own, "-e", "io.stdout:setvbuf('no') " .. code) }
    local p <close> = ns.clone{ stdout = "pipe", stderr = "capture", table.unpack(words) }
    p.stdout:read("l")
    p:kill("INT")
    local result = check.ok(p:wait(5), "it goes on")
    check.eq(result.status, 130)
    check.match(result.stderr, "interrupted")
  end
end

tests["two snapshots: born, died, and what came and went"] = function()
  local options = { types = { "uts", "user" } }
  local before = ns.scan(options)
  local p <close> = apart.clone{ uts = true }
  local name = link(p, "uts")
  local between = ns.scan(options)
  local q <close> = ns.clone{ user = p, uts = p }
  local with_two = ns.scan(options)
  q:close()
  p:close()

  local function find(list)
    for _, item in ipairs(list) do if item.namespace == name then return item end end
  end
  local d = before:diff(between)
  check.eq(find(d.born).holders[1].kind, "process")
  check.eq(find(d.died), nil)
  check.eq(find(ns.diff(between, before).died).inode, find(d.born).inode)
  local change = find(between:diff(with_two).changed)
  check.eq({ #change.came, #change.went, change.came[1].kind, change.came[1].pid }, { 1, 0, "process", q.pid })
  check.match(tostring(d), "%+ " .. name:gsub("%p", "%%%0"))
  check.eq(tostring(before:diff(before)), "no difference")
end

tests["what only one snapshot has looked through counts for nothing"] = function()
  local p <close> = apart.clone{ uts = true }
  local h <close> = p:open("uts")
  local without = ns.scan{ types = "uts", fds = false }
  local with = ns.scan{ types = "uts" }
  local d = without:diff(with)
  check.eq(d.ignored, { "fds" })
  for _, c in ipairs(d.changed) do
    for _, holder in ipairs(c.came) do check.ne(holder.kind, "descriptor") end
  end
  check.match(tostring(d), "looked at by one only: fds")
  check.ok(h)
end

tests["a target and a snapshot cannot be compared"] = function()
  local s = ns.scan{ types = "uts", fds = false, mounts = false, tasks = false }
  check.fails(function() ns.diff("self", s) end, "argument #1.*a snapshot too")
  check.fails(function() ns.diff(s, "self") end, "argument #2.*a snapshot too")
end

return tests
