-- snapshot:save and ns.load: a snapshot comes back as it was, and a file that is none is refused with the place of what is wrong.
local check = require "check"
local apart = require "apart"
local tests = {}

local function with_file(body)
  local path = os.tmpname()
  local ok, problem = xpcall(body, debug.traceback, path)
  os.remove(path)
  if not ok then error(problem, 0) end
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

tests["a snapshot comes back as it was"] = function()
  local p = apart.clone{ uts = true, pid = true }
  local snapshot = ns.scan()
  p:close()
  with_file(function(path)
    snapshot:save(path)
    local text = read(path)
    local loaded = ns.load(path)
    check.eq(tostring(loaded), tostring(snapshot))
    check.eq(loaded.namespaces, snapshot.namespaces)
    check.eq(loaded.processes, snapshot.processes)
    check.eq(tostring(loaded:list{}), tostring(snapshot:list{}))
    for _, by in ipairs{ "owner", "parent", "process" } do
      check.eq(tostring(loaded:tree{ by = by }), tostring(snapshot:tree{ by = by }))
    end
    check.eq(#loaded:list{ pid = p.pid }, #snapshot:list{ pid = p.pid })
    check.ok(#loaded:list{ pid = p.pid } > 0)
    loaded:save(path)
    check.ok(read(path) == text, "written again it is another text")
  end)
end

tests["what cannot be a file of it is refused"] = function()
  check.fails(function() ns.load("/nonexistent/file") end, "No such file")
  check.fails(function() ns.load("/") end, "Is a directory")
  check.fails(function() ns.load("/dev/null") end, "no JSON")
end

-- What is wrong, and how it is said.
local head = '{"format":"nssh snapshot","version":1,"time":0,"host":"","kernel":"","uid":0,"own_pid":1,"types":[],"users":{},"costs":[],'
local wrong = {
  { "", "no JSON: line 1" },
  { "[]", "object expected, got array" },
  { "{}", "no snapshot of nssh" },
  { '{"format":"nssh snapshot","version":2}', "version 2; this nssh reads version 1" },
  { '{"format":"nssh snapshot","version":1}', "'time' is missing" },
  { '{"a":1,"a":2}', "line 1, column 10: duplicate object key" },
  { ("["):rep(10000), "maximum parsing depth" },
  { '{"a":' .. ("9"):rep(40) .. "}", "too big integer" },
  { '{"a":"\xff"}', "unable to decode byte 0xff" },
  { "\0\1\2", "no JSON" },
  { head .. '"namespaces":[{"type":"net","inode":0}],"processes":[]}', "namespaces%[0%]%.inode: 0 is out of range" },
  { head .. '"namespaces":[{"type":"net","inode":"1"}],"processes":[]}', "namespaces%[0%]%.inode: integer expected, got string" },
  { head .. '"namespaces":[{"type":"neet","inode":1}],"processes":[]}', 'namespaces%[0%]%.type: "neet" is none of mnt, uts' },
  { head .. '"namespaces":[{"type":"net","inode":1},{"type":"net","inode":1}],"processes":[]}', "net:%[1%] comes twice" },
  { head .. '"namespaces":[{"type":"net","inode":1,"owner":"net:[1]"}],"processes":[]}', "owner: a user namespace expected, got net" },
  { head .. '"namespaces":[{"type":"net","inode":1,"owner":"user:[2]"}],"processes":[]}', "its owner user:%[2%] is not in" },
  { head .. '"namespaces":[{"type":"user","inode":1,"owner":"user:[1]"}],"processes":[]}', "its owners go on without an end" },
  { head .. '"namespaces":[{"type":"pid","inode":1,"parent":"pid:[2]"},{"type":"pid","inode":2,"parent":"pid:[1]"}],"processes":[]}',
    "its parents go on without an end" },
  { head .. '"namespaces":[],"processes":[{"pid":1,"parent":0,"uid":0,"namespaces":{"net":1}}]}', "net:%[1%] is not in the snapshot" },
  { head .. '"namespaces":[],"processes":[{"pid":1,"parent":0,"uid":0,"namespaces":{"nett":1}}]}', "no link below /proc/PID/ns" },
  { head .. '"namespaces":[],"processes":[{"pid":2,"parent":0,"uid":0,"namespaces":{}},{"pid":2,"parent":0,"uid":0,"namespaces":{}}]}',
    "pid 2 after 2" },
  { head .. '"namespaces":[],"processes":[{"pid":3000000000,"parent":0,"uid":0,"namespaces":{}}]}', "3000000000 is out of range" },
}

tests["what is wrong in a file is said with its place"] = function()
  with_file(function(path)
    for _, case in ipairs(wrong) do
      write(path, case[1])
      local raised = check.fails(function() ns.load(path) end, case[2], case[1]:sub(1, 200))
      check.eq(raised.target, path)
    end
  end)
end

-- A snapshot with one net namespace, and one holder of it.
local function forged(holder)
  return head .. '"mnt":3,"namespaces":[{"type":"net","inode":1,"holders":[' .. holder .. ']}],"processes":[]}'
end

tests["a forged snapshot names no path of its own making"] = function()
  local refused = {
    { '{"kind":"thread","pid":7,"tid":8,"link":"../../../etc/shadow"}', "holders%[0%]%.link: no link of a thread" },
    -- It is not of such a namespace, or not of a thread.
    { '{"kind":"thread","pid":7,"tid":8,"link":"time_for_children"}', "holders%[0%]%.link: no link of a thread" },
    { '{"kind":"thread","pid":7,"tid":8,"link":"net"}', "holders%[0%]%.link: no link of a thread" },
    { '{"kind":"descriptor","pid":7,"fd":8,"link":"pid_for_children"}', "holders%[0%]%.link: no link of a thread" },
    { '{"kind":"thread","pid":"../1","tid":8}', "holders%[0%]%.pid: integer expected" },
    { '{"kind":"thread","pid":0,"tid":8}', "holders%[0%]%.pid: 0 is out of range" },
    { '{"kind":"thread","pid":7,"tid":-8}', "holders%[0%]%.tid: %-8 is out of range" },
    { '{"kind":"mount","mnt":3,"path":"etc/shadow"}', "holders%[0%]%.path: etc/shadow is the path of no mount point" },
    { '{"kind":"mount","mnt":3,"path":"/run/../etc/shadow"}', "is the path of no mount point" },
    { '{"kind":"mount","mnt":3,"path":"/run/./x"}', "is the path of no mount point" },
    { '{"kind":"mount","mnt":3,"path":""}', "is the path of no mount point" },
    { '{"kind":"procfs","mnt":3,"path":"/.."}', "is the path of no mount point" },
    { '{"kind":"mount","mnt":3,"path":"/a","path_bytes":[47,46,46]}', "is the path of no mount point" },
    { '{"kind":"mount","mnt":3,"path":"/a","path_bytes":[47,0,97]}', "path_bytes%[1%]: 0 is out of range" },
    { '{"kind":"mount","mnt":3,"path":"/a","path_bytes":[47,256]}', "path_bytes%[1%]: 256 is out of range" },
    { '{"kind":"mount","mnt":3,"path":"/a\\u0000b"}', "no JSON" },
    { '{"kind":"socket","pid":7,"fd":8,"count":0}', "holders%[0%]%.count: 0 is out of range" },
  }
  local nameless = {
    '{"kind":"thread","pid":7,"tid":8,"detail":"../../../etc/shadow"}', '{"kind":"thread","pid":7,"tid":8,"remark":"../../../etc/shadow"}',
    '{"kind":"mount","mnt":3,"path":"/a","detail":"over-mounted"}', '{"kind":"mount","mnt":3,"path":"/a","covered":true}',
    '{"kind":"mount","mnt":4,"path":"/a"}', '{"kind":"descriptor","pid":7,"path":"/etc/shadow"}',
    '{"kind":"socket","pid":7,"fd":8,"path":"/x"}',
  }
  with_file(function(path)
    for _, case in ipairs(refused) do
      write(path, forged(case[1]))
      check.fails(function() ns.load(path) end, case[2], case[1])
    end
    for _, holder in ipairs(nameless) do
      write(path, forged(holder))
      local namespace = ns.load(path).namespaces[1]
      check.eq({ namespace.path, #namespace.names }, { nil, 0 }, holder)
      -- Written again, it is the same.
      local first = ns.load(path)
      first:save(path)
      local again = ns.load(path)
      check.eq(again.namespaces[1].path, nil, holder)
      check.eq(again:holders("net:[1]")[1], first:holders("net:[1]")[1], holder)
    end
    write(path, forged('{"kind":"thread","pid":7,"tid":8}'))
    check.eq(ns.load(path).namespaces[1].path, "/proc/7/task/8/ns/net")
    write(path, forged('{"kind":"descriptor","pid":7,"tid":8,"fd":9,"detail":"O_PATH","o_path":true}'))
    check.eq(ns.load(path).namespaces[1].path, "/proc/7/task/8/fd/9")
    -- Of the pid namespace alone it is a link.
    write(path, head .. '"namespaces":[{"type":"pid","inode":2,"holders":[{"kind":"thread","pid":7,"tid":8,"link":"pid_for_children"}]}],'
      .. '"processes":[]}')
    local snapshot = ns.load(path)
    check.eq(snapshot.namespaces[1].path, "/proc/7/task/8/ns/pid_for_children")
    check.match(tostring(snapshot:holders("pid:[2]")), "%(pid_for_children%)")
  end)
end

tests["a path that is no UTF-8 comes back as it was"] = function()
  with_file(function(path)
    write(path, forged('{"kind":"mount","mnt":3,"path":"/a?","path_bytes":[47,97,255]}'))
    for _ = 1, 2 do
      local snapshot = ns.load(path)
      check.eq(snapshot.namespaces[1].path, "/a\xff")
      check.eq(snapshot.namespaces[1].names, { "/a\xff" })
      local holder = snapshot:holders("net:[1]")[1]
      check.eq(holder.path, "/a\xff")
      check.match(holder.text, "/a\\xff")
      check.eq(holder.release, [[umount "$(printf '/a\377')"]])
      snapshot:save(path)
    end
  end)
end

tests["fields that it does not know are left alone; a circle of parents is cut"] = function()
  with_file(function(path)
    write(path, head .. '"namespaces":[{"type":"net","inode":1,"new":[1]}],"new":{},"processes":['
      .. '{"pid":1,"parent":2,"uid":0,"namespaces":{"net":1}},{"pid":2,"parent":1,"uid":0,"namespaces":{"net":1}}]}')
    local snapshot = ns.load(path)
    check.eq(#snapshot.namespaces, 1)
    check.eq(#snapshot:tree{ by = "process" }, 1)
    check.eq(snapshot:list{}[1].nprocs, 2)
  end)
end

tests["mutated files are refused or read, and what is read can be shown"] = function()
  local text
  with_file(function(path)
    ns.scan{ types = { "uts", "pid", "user" }, fds = false, sockets = false, mounts = false }:save(path)
    text = read(path)
    local seed = os.time()
    math.randomseed(seed)
    local read_well = 0
    for round = 1, 300 do
      local bytes = text
      for _ = 1, math.random(3) do
        local at, many = math.random(#bytes), math.random(0, 8)
        local news = { "", "0", "-1", "\"", "{", "]", "null", "99999999999", string.char(math.random(0, 255)), bytes:sub(at, at + 40) }
        local new = news[math.random(#news)]
        bytes = bytes:sub(1, at - 1) .. new .. bytes:sub(at + many)
      end
      write(path, bytes)
      local ok, result = pcall(ns.load, path)
      if ok then
        read_well = read_well + 1
        check.eq(type(tostring(result:list{}) .. tostring(result:tree{}) .. tostring(result:tree{ by = "process" })), "string")
      else
        check.eq(result.target, path, ("seed %d, round %d: %s"):format(seed, round, tostring(result)))
      end
    end
    check.ok(read_well < 300, "no mutation was noticed")
  end)
end

return tests
