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
  local whole = ns.scan()
  -- Mounts and descriptors of others may be gone when the file is read, and are not known any more then.
  local snapshot = ns.scan{ fds = false, mounts = false }
  p:close()
  with_file(function(path)
    whole:save(path)
    local all = read(path)
    ns.load(path):save(path)
    check.ok(read(path) == all, "written again it is another text")
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
    -- They are well formed, and lead to no such namespace.
    '{"kind":"mount","mnt":3,"path":"/etc/passwd"}', '{"kind":"mount","mnt":3,"path":"/proc/self/ns/net"}',
    '{"kind":"mount","mnt":3,"path":"/proc/self/root/etc/passwd"}', '{"kind":"mount","mnt":3,"path":"/nonexistent"}',
    ('{"kind":"descriptor","pid":%d,"fd":0}'):format(sys.getpid()), '{"kind":"descriptor","pid":7,"tid":8,"fd":9,"o_path":true}',
    '{"kind":"procfs","mnt":3,"path":"/proc"}', '{"kind":"procfs","mnt":3,"path":"/etc"}',
    ('{"kind":"proc_file","pid":%d,"fd":0,"path":"/etc/passwd"}'):format(sys.getpid()),
  }
  with_file(function(path)
    for _, case in ipairs(refused) do
      write(path, forged(case[1]))
      check.fails(function() ns.load(path) end, case[2], case[1])
    end
    for _, holder in ipairs(nameless) do
      write(path, forged(holder))
      local snapshot = ns.load(path)
      local namespace = snapshot.namespaces[1]
      check.eq({ namespace.path, #namespace.names }, { nil, 0 }, holder)
      check.eq(snapshot:list{}[1].nsfs, {}, holder)
      local found = snapshot:holders("net:[1]")[1]
      check.eq(found.path, nil, holder)
      for _, line in ipairs(snapshot:why("net:[1]").release) do check.ok(not line:find("umount", 1, true), line) end
      -- Written again, it is the same.
      local first = ns.load(path)
      first:save(path)
      local again = ns.load(path)
      check.eq(again.namespaces[1].path, nil, holder)
      check.eq(again:holders("net:[1]")[1], first:holders("net:[1]")[1], holder)
    end
    write(path, forged('{"kind":"thread","pid":7,"tid":8}'))
    check.eq(ns.load(path).namespaces[1].path, "/proc/7/task/8/ns/net")
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
      check.eq(snapshot:holders("net:[1]")[1].text, "the bind mount /a\\xff (said by the file)")
      snapshot:save(path)
      check.match(read(path):gsub("%s", ""), '"path_bytes":%[47,97,255%]')
    end
  end)
end

-- Pins a uts namespace that nothing else holds at path, in the mnt namespace of the caller; its inode number.
local function pin(path)
  local p <close> = ns.clone{ uts = true }
  local h <close> = ns.open(p, "uts")
  h:pin(path)
  return h:inode()
end

-- What a snapshot tells of a namespace that a mount holds.
local function told(snapshot, inode)
  local link = ("uts:[%d]"):format(inode)
  local why = snapshot:why(link)
  local names, path
  for _, namespace in ipairs(snapshot.namespaces) do
    if namespace.link == link then names, path = namespace.names, namespace.path end
  end
  local listed = tostring(snapshot:list{ name = "/tmp/box\xff" })
  return { path or false, names, why.certain[1].path or false, why.release, tostring(why), listed }
end

tests["the paths of a snapshot of this machine are there again; those of a forged one are nothing but text"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local got = apart.with_tmp({ pid = true }, function()
    sys.mount{ source = "none", target = "/proc", type = "proc" }
    local inode = pin("/tmp/box\xff")
    local snapshot = ns.scan()
    snapshot:save("/tmp/file")
    local genuine, again = told(snapshot, inode), told(ns.load("/tmp/file"), inode)
    local text = read("/tmp/file")
    local link = ("uts:[%d]"):format(inode)
    local forgeries = {}
    ns.run{ "ln", "-s", "/tmp/box\xff", "/tmp/link" }:check()
    for _, path in ipairs{ "/etc/passwd", "/tmp/link", "/proc/self/root/tmp/box", "/tmp/file", "/proc/self/ns/uts" } do
      write("/tmp/forged", (text:gsub('"path": *"/tmp/box[^"]*"', '"path":"' .. path .. '"'):gsub('"path_bytes": *%b[],?', "")))
      local texts = {}
      for _, words in ipairs{ { "why", link }, { "why", "-J", link }, { "ls", "-o", "NSFS,NAMES" }, { "ls", "-J", "-o", "nsfs,names" } } do
        texts[#texts + 1] = ns.run{ nssh, words[1], "--from", "/tmp/forged", table.unpack(words, 2) }.stdout
      end
      forgeries[path] = { told(ns.load("/tmp/forged"), inode), texts }
    end
    local listed = ns.run{ nssh, "ls", "-J", "-o", "nsfs,names", "--from", "/tmp/file" }.stdout
    return { genuine, again, forgeries, listed, ns.run{ nssh, "why", "-J", "--from", "/tmp/file", link }.stdout,
      ns.run{ nssh, "ls", "-o", "NSFS,NAMES", "--from", "/tmp/file" }.stdout }
  end)
  local genuine, again, forgeries, listed, explained, shown_list = table.unpack(got)
  check.eq({ genuine[1], genuine[2], genuine[3], genuine[4] },
    { "/tmp/box\xff", { "/tmp/box\xff" }, "/tmp/box\xff", { [[umount "$(printf '/tmp/box\377')"]] } })
  check.eq(again, genuine)
  local count = 0
  for path, forgery in pairs(forgeries) do
    count = count + 1
    local said, texts = table.unpack(forgery)
    check.eq({ said[1], said[2], said[3], said[4] }, { false, {}, false, {} }, path)
    local shown = path:gsub("%W", "%%%0") .. " %(said by the file%)"
    check.match(said[5], shown)
    check.match(texts[1], shown)
    check.ok(not texts[1]:find("umount", 1, true), texts[1])
    check.ok(not texts[2]:find('"path":', 1, true) and not texts[2]:find("umount", 1, true), texts[2])
    check.match(texts[3], shown .. " +" .. shown)
    check.ok(not texts[4]:find(path, 1, true), texts[4])
  end
  check.eq(count, 5)
  local compact = listed:gsub("%s", "")
  local bytes = "[[47,116,109,112,47,98,111,120,255]]"
  check.match(shown_list, "/tmp/box\\xff +/tmp/box\\xff")
  check.match(explained:gsub("%s", ""), '"path_bytes":%[47,116,109,112,47,98,111,120,255%]')
  check.ok(compact:find('"nsfs_bytes":' .. bytes, 1, true) and compact:find('"names_bytes":' .. bytes, 1, true), listed)
end

tests["a mount in another mnt namespace is there again, and forged it is not"] = function()
  local p <close> = apart.clone{ mnt = true }
  local inode = p:call(function(make)
    sys.mount{ source = "none", target = "/tmp", type = "tmpfs" }
    return make("/tmp/box\xff")
  end, pin)
  with_file(function(path)
    local snapshot = ns.scan()
    snapshot:save(path)
    local genuine = told(snapshot, inode)
    check.eq(genuine[1], ("/proc/%d/root/tmp/box\xff"):format(p.pid))
    check.match(genuine[4][1], ("^nssh enter %d %%-mU %%-%%- umount"):format(p.pid))
    check.eq(told(ns.load(path), inode), genuine)
    write(path, (read(path):gsub('"path": *"/tmp/box[^"]*"', '"path":"/etc/passwd"'):gsub('"path_bytes": *%b[],?', "")))
    local forgery = told(ns.load(path), inode)
    check.eq({ forgery[1], forgery[2], forgery[3], forgery[4] }, { false, {}, false, {} })
    check.match(forgery[5], "/etc/passwd in mnt:%[%d+%] %(said by the file%)")
  end)
end

tests["descriptors and a procfs of this machine are there again"] = function()
  local p <close> = apart.clone{ mnt = true, pid = true }
  p:call(function() sys.mount{ source = "none", target = "/proc", type = "proc" } end)
  local q <close> = apart.clone{ uts = true }
  local h <close> = ns.open(q, "uts")
  local inode = h:inode()
  q:close()
  with_file(function(path)
    local snapshot = ns.scan()
    snapshot:save(path)
    local loaded = ns.load(path)
    local function find(from)
      for _, namespace in ipairs(from.namespaces) do
        if namespace.inode == inode then return namespace.path end
      end
    end
    check.match(find(snapshot), ("^/proc/%d/fd/%%d+$"):format(sys.getpid()))
    check.eq(find(loaded), find(snapshot))
    local link = ("pid:[%d]"):format(p:inode("pid"))
    local text = tostring(snapshot:why(link))
    check.match(text, "the procfs /proc in mnt:")
    check.match(text, ("nssh enter %d %%-mU %%-%%- umount /proc"):format(p.pid))
    check.eq(tostring(loaded:why(link)), text)
  end)
end

tests["the name of a process that is no UTF-8 comes back as it was"] = function()
  with_file(function(path)
    for bytes, name in pairs{ ['"name":"?","name_bytes":[254]'] = "\xfe", ['"name":"\u{FFFD}"'] = "\u{FFFD}" } do
      write(path, head .. '"namespaces":[{"type":"net","inode":1}],"processes":[{"pid":1,"parent":0,"uid":0,' .. bytes
        .. ',"namespaces":{"net":1}}]}')
      for _ = 1, 2 do
        local snapshot = ns.load(path)
        check.eq(snapshot.processes[1].name, name)
        check.eq({ #snapshot:list{ name = name }, #snapshot:list{ name = "\xff" } }, { 1, 0 })
        snapshot:save(path)
      end
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
