-- ns.list: which namespaces it has, its records, and how it prints.
local check = require "check"
local apart = require "apart"
local tests = {}

local function box(options) return apart.clone(options or { uts = true }) end

local function find(list, inode)
  for _, record in ipairs(list) do
    if record.ns == inode then return record end
  end
end

tests["a record of each namespace of a process"] = function()
  local p <close> = box()
  local list = ns.list{ pid = p.pid }
  check.eq(#list, #ns.namespaces(p))
  local uts = check.ok(find(list, p:inode("uts")), "its uts namespace is not in the list")
  check.eq({ uts.type, uts.link, uts.nprocs, uts.pid, uts.ppid, uts.initial },
    { "uts", ("uts:[%d]"):format(p:inode("uts")), 1, p.pid, sys.getpid(), false })
  check.eq(uts.ons, p:inode("user"))
  check.eq(uts.owner, ("user:[%d]"):format(p:inode("user")))
  check.eq(uts.path, ("/proc/%d/ns/uts"):format(p.pid))
  check.eq(uts.uid, sys.getuid())
  check.eq(uts.holders, { process = 1 })
  check.eq(find(list, p:inode("user")).pns, ns.inode("self", "user"))
  check.eq(find(list, p:inode("user")).holders.owned, 1)
end

tests["the command line of the first process"] = function()
  local p <close> = box{ uts = true, argv0 = "my box", "sleep", "10" }
  local command
  for _ = 1, 100 do
    command = find(ns.list{ pid = p.pid, type = "uts" }, p:inode("uts")).command
    if command == "my box 10" then break end
    sys.sleep(0.01)
  end
  check.eq(command, "my box 10")
end

tests["filters: type, name, uid, holder, without a process"] = function()
  local p <close> = box{ uts = true, pid = true }
  local inode = p:inode("uts")
  for _, record in ipairs(ns.list{ type = { "uts", "pid" } }) do check.ok(record.type == "uts" or record.type == "pid", record.link) end
  check.ok(find(ns.list{ type = "uts" }, inode), "not found by its type")
  check.ok(not find(ns.list{ type = "pid" }, inode), "a uts namespace in a list of pid ones")
  local name = sys.readlink(("/proc/%d/exe"):format(p.pid)) and io.open(("/proc/%d/comm"):format(p.pid)):read()
  check.ok(find(ns.list{ name = name }, inode), "not found by the name " .. tostring(name))
  check.eq(#ns.list{ name = "nssh-no-such-name" }, 0)
  check.ok(find(ns.list{ uid = sys.getuid() }, inode), "not found by its uid")
  check.ok(not find(ns.list{ uid = 4000000000 }, inode))
  check.ok(find(ns.list{ holder = "owned" }, p:inode("user")), "not found by its holder")
  check.ok(not find(ns.list{ holder = "owned" }, inode))
  for _, record in ipairs(ns.list{ persistent = true }) do check.eq(record.nprocs, 0, record.link) end
end

tests["nsfs has the mounts of nssh's own mnt namespace, holders those of all"] = function()
  local p <close> = box{ uts = true, mnt = true }
  local inode, inside = p:call(function()
    sys.mount{ source = "none", target = "/tmp", type = "tmpfs" }
    local q = ns.clone{ uts = true }
    local h <close> = q:open("uts")
    h:pin("/tmp/pin")
    q:close()
    for _, record in ipairs(ns.list{ type = "uts" }) do
      if record.ns == h:inode() then return record.ns, record.nsfs end
    end
  end)
  check.eq(inside, { "/tmp/pin" })
  local record = check.ok(find(ns.list{ type = "uts" }, inode), "the pin in another mnt namespace is not in the list")
  check.eq({ record.holders.mount, #record.nsfs, #record.names }, { 1, 0, 0 })
end

tests["a name is its bytes"] = function()
  local directory = os.tmpname()
  os.remove(directory)
  ns.run{ sh = "mkdir " .. directory .. " && cp \"$(command -v sleep)\" " .. directory .. "/\xfe" }:check()
  local remove <close> = setmetatable({}, { __close = function() ns.run{ "rm", "-r", directory } end })
  check.ok(remove)
  local p <close> = box{ uts = true, directory .. "/\xfe", "20" }
  local inode = p:inode("uts")
  apart.eventually(function() return find(ns.list{ name = "\xfe" }, inode) end, "not found by its name")
  check.ok(not find(ns.list{ name = "\xff" }, inode), "found by another name")
  check.ok(not find(ns.list{ name = "\u{FFFD}" }, inode), "found by the text of its name")
  for _, process in ipairs(ns.scan{ names = true }.processes) do
    if process.pid == p.pid then check.eq(process.name, "\xfe") end
  end
  local found = ns.run{ sys.readlink("/proc/self/exe"), "find", "-J", "\xfe" }:check().stdout:gsub("%s", "")
  check.match(found, '"name_bytes":%[254%],"pid":' .. p.pid)
end

tests["prints as a table, as sorted and shortened"] = function()
  local p <close> = box()
  local list = ns.list{ pid = p.pid, columns = { "NS", "TYPE", "PID" } }
  table.sort(list, function(a, b) return a.ns > b.ns end)
  local lines = {}
  for line in tostring(list):gmatch("[^\n]+") do lines[#lines + 1] = line end
  check.eq(#lines, #list + 1)
  check.match(lines[1], "^ +NS TYPE +PID$")
  for position, record in ipairs(list) do check.match(lines[position + 1], ("^%d %s +%d$"):format(record.ns, record.type, record.pid)) end
  list.columns = { "TYPE" }
  for position = #list, 2, -1 do list[position] = nil end
  check.eq(tostring(list), "TYPE\n" .. list[1].type)
end

tests["a name cannot act on the terminal"] = function()
  local p <close> = box{ uts = true, argv0 = "\27[31mred\nline", "sleep", "10" }
  local text
  for _ = 1, 100 do
    text = tostring(ns.list{ pid = p.pid, type = "uts" })
    if text:find("red", 1, true) then break end
    sys.sleep(0.01)
  end
  check.match(text, "\\x1b%[31mred\\nline 10$")
end

tests["a snapshot lists what was there when it was taken"] = function()
  local p <close> = box()
  local inode = p:inode("uts")
  local snapshot = ns.scan()
  p:close()
  check.ok(find(snapshot:list{ type = "uts" }, inode))
end

tests["what is wrong is said"] = function()
  check.fails(function() ns.list{ tipe = "uts" } end, "unknown option 'tipe' for ns.list.*type")
  check.fails(function() ns.list{ columns = { "NX" } } end, "columns")
  check.fails(function() ns.list{ holder = "nobody" } end, "holder")
end

return tests
