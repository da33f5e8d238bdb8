-- Names, of files, hosts, links and whatever, are taken as they are, byte by byte, or refused: never cut, and never another one.
local check = require "check"
local apart = require "apart"
local here = require "here"
local reference = require "nssh.reference"
local tests = {}

local odd = "n\xff\xc3(" -- no UTF-8

-- Whether strings of this annotation may have any bytes; of the others none has a zero.
local function is_name(annotation) return annotation == "string" or annotation == "nssh.path" end

tests["no function takes a string with a zero byte for a name"] = function()
  local tried = 0
  for _, module in ipairs(reference.modules) do
    for _, fn in ipairs(module.functions) do
      local first = fn.parameters[1]
      if first and is_name(first.annotation) then
        tried = tried + 1
        check.fails(function() _G[module.name][fn.short]("lo\0x") end, "zero byte", fn.name)
      end
    end
  end
  check.ok(tried >= 10, tried .. " functions")
  for _, record in ipairs(reference.records) do
    if record.name == "sys.mount" then
      for _, field in ipairs(record.fields) do
        if is_name(field.annotation) then
          local options = { source = "none", target = "/", type = "tmpfs", [field.name] = "a\0b" }
          check.fails(function() sys.mount(options) end, "zero byte", field.name)
        end
      end
    end
  end
  for _, options in ipairs{
    { "a\0" }, { "true", "a\0b" }, { sh = "a\0b" }, { "true", argv0 = "a\0" }, { "true", cwd = "/\0" },
    { "true", env = { A = "\0" } },
    { "true", env = { ["A\0"] = "" } }, { "true", uts = "a\0" }, { "true", uts = { domainname = "a\0" } },
    { "true", stdout = "/dev/null\0" },
    { "true", net = "/proc/self/ns/net\0" }, { "true", user = "root\0" },
  } do
    check.fails(function() ns.run(options) end, "zero byte")
  end
  local h <close> = ns.open("self", "uts")
  check.fails(function() h:pin("/tmp/a\0b") end, "zero byte")
end

tests["data may have zero bytes"] = function()
  check.eq(ns.run{ "cat", stdin = "a\0b" }.stdout, "a\0b")
  check.eq(ns.run{ "cat", stdin = { data = "a\0b" } }.stdout, "a\0b")
  local a, b = sys.socketpair()
  a:send("a\0b")
  local message = b:receive()
  a:close()
  b:close()
  check.eq(message, "a\0b")
end

tests["files, directories and links of any bytes"] = function()
  local got = apart.with_tmp({}, function()
    ns.run{ "mkdir", "/tmp/" .. odd }:check()
    ns.run{ "ln", "-s", odd, "/tmp/link" }:check()
    sys.chdir("/tmp/" .. odd)
    local cwd = sys.getcwd()
    sys.chdir("/")
    sys.mount{ source = odd, target = "/tmp/" .. odd, type = "tmpfs" }
    local mounts = sys.mounts()
    local last = mounts[#mounts]
    local run = ns.run{ "pwd", cwd = "/tmp/" .. odd }
    sys.umount("/tmp/" .. odd)
    return { sys.readdir("/tmp"), cwd, sys.readlink("/tmp/link"), last.target, last.source, run.stdout, #sys.mounts() - #mounts }
  end)
  local path = "/tmp/" .. odd
  check.eq(got, { { "link", odd }, path, odd, path, odd, path .. "\n", -1 })
end

tests["a blank, a backslash and a line end in a mount point"] = function()
  local got = apart.with_tmp({}, function()
    local found = {}
    for _, name in ipairs{ "a b", "a\\040b", "a\nb", "\\", "#" } do
      ns.run{ "mkdir", "/tmp/" .. name }:check()
      sys.mount{ source = "none", target = "/tmp/" .. name, type = "tmpfs" }
      local mounts = sys.mounts()
      found[#found + 1] = mounts[#mounts].target == "/tmp/" .. name
    end
    return found
  end)
  check.eq(got, { true, true, true, true, true })
end

tests["pins of any bytes are found by their names"] = function()
  local got = apart.with_tmp({}, function()
    local path = "/tmp/" .. odd
    local p = ns.clone{ uts = "box" }
    local inode = p:inode("uts")
    local h = p:open("uts")
    h:pin(path)
    h:close()
    p:close()
    local pins = ns.pins()
    local found = ns.find(odd)
    local name = ns.call(path, sys.hostname)
    local seen
    for _, namespace in ipairs(ns.scan{ types = "uts" }.namespaces) do
      if namespace.inode == inode then seen = namespace end
    end
    local holders = ns.holders(inode)
    ns.unpin(path)
    local gone = sys.stat(path) == nil
    return { pins[#pins].path, #found, found[1].name, found[1].path, name, seen.path, seen.names[1], holders[1].path, gone }
  end)
  local path = "/tmp/" .. odd
  check.eq(got, { path, 1, odd, path, "box", path, path, path, true })
end

tests["the environment, a host name and arguments of any bytes"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  check.eq(ns.run{ nssh, "-e", "io.write(sys.env('V'))", env = { V = odd } }.stdout, odd)
  check.eq(ns.run{ "printf", "%s", odd }.stdout, odd)
  check.eq(apart.call({ uts = odd }, function() return sys.hostname() .. "|" .. sys.uname().nodename end), odd .. "|" .. odd)
end

tests["on the command line: a script, a working directory, the user's shell"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local directory = os.tmpname()
  os.remove(directory)
  directory = directory .. odd
  ns.run{ "mkdir", directory }:check()
  local script, shell = directory .. "/s.lua", directory .. "/sh"
  local file = assert(io.open(script, "w"))
  file:write("io.write(debug.getinfo(1, 'S').source, '|', arg[0])")
  file:close()
  ns.run{ "ln", "-s", "/bin/sh", shell }:check()
  local p <close> = apart.clone{ uts = true }
  local got = {
    ns.run{ nssh, script }.stdout,
    ns.run{ nssh, "-E", "-e", "", script }.stdout,
    ns.run{ nssh, "-v", env = { LUA_INIT = "@" .. script } }.stdout,
    ns.run{ nssh, "enter", "-U", "-u", "-w=" .. directory, p.pid, "pwd" }.stdout,
    ns.run{ nssh, "enter", "-U", "-u", "-W", directory, p.pid, "pwd" }.stdout,
    ns.run{ nssh, "enter", "-U", "-u", p.pid, stdin = "echo $0", env = { SHELL = shell } }.stdout,
  }
  ns.run{ "rm", "-r", directory }:check()
  local said = "@" .. script .. "|" .. script
  check.eq(got[1], said)
  check.eq(got[2], said)
  check.match(got[3], ("@" .. script .. "|"):gsub("%W", "%%%0"))
  check.eq({ got[4], got[5], got[6] }, { directory .. "\n", directory .. "\n", shell .. "\n" })
end

tests["a link's name is never cut to another one's"] = function()
  here.need_program("ip", "iproute2")
  local got = apart.call({ net = true }, function()
    local name = "abcdefghijklmno"
    ns.run{ "ip", "link", "add", name, "type", "veth", "peer", "name", "peer0" }:check()
    local function up()
      local list = {}
      for _, link in ipairs(net.links()) do list[#list + 1] = link.up and link.name or nil end
      return table.concat(list, " ")
    end
    local refused = {}
    for _, wrong in ipairs{ name .. "p", name .. "-and-more", "peer0:1", "peer0/x", "peer0 ", "", ".", ".." } do
      local ok, e = pcall(net.up, wrong)
      refused[#refused + 1] = ok and wrong or e.code
    end
    local before = up()
    net.up(name)
    return { table.concat(refused, " "), before, up() }
  end)
  check.eq(got, { ("EINVAL "):rep(8):sub(1, -2), "", "abcdefghijklmno" })
end

return tests
