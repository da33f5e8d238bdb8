-- Sockets, and namespaces that are sent over them.
local check = require "check"
local here = require "here"
local typing = require "typing"
local apart = require "apart"
local tests = {}

local function pair()
  local a, b = sys.socketpair()
  return setmetatable({ a = a, b = b }, { __close = function(t)
    t.a:close()
    t.b:close()
  end })
end

tests["messages stay apart and are any bytes"] = function()
  local s <close> = pair()
  s.a:send("one\0\255")
  s.a:send(("x"):rep(100000))
  check.eq(s.b:receive(), "one\0\255")
  check.eq(#s.b:receive(), 100000)
end

tests["the end is nil, and sending to nobody an error"] = function()
  local s <close> = pair()
  s.a:send("last")
  s.a:close()
  check.eq(s.b:receive(), "last")
  check.eq(s.b:receive(), nil)
  local e = check.fails(function() s.b:send("x") end, "other end is closed")
  check.eq(e.code, "EPIPE")
  check.eq(check.fails(function() s.a:send("x") end, "closed").code, "CLOSED")
  check.eq(check.fails(function() ns.receive(s.b) end, "other end").code, "ENDED")
end

tests["an end whose process was killed is seen"] = function()
  local s <close> = pair()
  local p <close> = ns.clone{ function(b) b:receive() end, args = {} }
  p:close()
  s.a:close()
  check.eq(s.b:receive(5), nil)
end

tests["waiting has an end"] = function()
  local s <close> = pair()
  check.eq(check.fails(function() s.a:receive(0.05) end, "time was up").code, "TIMEOUT")
  check.eq(check.fails(function() ns.receive(s.a, nil, 0.05) end).code, "TIMEOUT")
  -- A full queue.
  local e = check.fails(function() while true do s.a:send(("x"):rep(50000), 0.05) end end)
  check.eq(e.code, "TIMEOUT")
  check.eq(check.fails(function() s.a:send(("x"):rep(1 << 24)) end, "wmem_max").code, "EMSGSIZE")
  check.fails(function() s.a:send("") end, "empty message")
  check.fails(function() s.a:receive(-1) end, "not negative")
end

tests["^C ends a wait"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local chunk = "local a, b = sys.socketpair() print(1) io.flush() a:receive() b:close()"
  local p <close> = ns.clone{ stdout = "pipe", stderr = "null", typing.heeding(nssh, "-e", chunk) }
  p.stdout:read("l")
  apart.eventually(function() return io.open("/proc/" .. p.pid .. "/stat"):read("a"):find(") S ", 1, true) end)
  p:kill("INT")
  local r = check.ok(p:wait(5), "it waits on")
  check.ok(r.status == 130 or r.signal == "SIGINT", tostring(r))
end

tests["a namespace comes out of a function body, and lives on"] = function()
  local s <close> = pair()
  local a, b = s.a, s.b
  local p <close> = apart.clone{ uts = "box", function()
    a:close()
    local h <close> = ns.open("self", "uts")
    ns.send(b, h)
    return ns.inode("self", "uts")
  end }
  b:close()
  local h <close> = ns.receive(a, "uts")
  local r = p:wait(10)
  check.eq(h:inode(), r.values[1])
  check.ne(h:inode(), ns.inode("self", "uts"))
  p:close()
  check.eq(h:type(), "uts")
end

tests["another type than asked for is refused, and let go of"] = function()
  local s <close> = pair()
  local p = apart.clone{ net = true }
  local h = p:open("net")
  local w = ns.weak(h)
  ns.send(s.a, h)
  h:close()
  p:close()
  check.eq(w:alive(), true, "it is kept alive on its way")
  local e = check.fails(function() ns.receive(s.b, "uts") end, "a net namespace was received, not a uts namespace")
  check.eq(e.code, "EINVAL")
  for _ = 1, 200 do
    if not w:alive() then return end
    sys.sleep(0.01)
  end
  error("the namespace that was refused lives on")
end

tests["what is no namespace is refused"] = function()
  local s <close> = pair()
  s.a:send("hello")
  check.fails(function() ns.receive(s.b) end, "brings no namespace: it has only 5 bytes")
  -- A message with a namespace is bytes to those who want bytes.
  local h <close> = ns.open("self", "uts")
  ns.send(s.a, h)
  check.eq(s.b:receive(), tostring(h))
end

tests["a message with more than one namespace is refused, and keeps none"] = function()
  here.need_program("python3")
  local s <close> = pair()
  local h <close> = ns.open("self", "uts")
  local program = "import array, socket, sys\nfiles = array.array('i', [4] * int(sys.argv[1]))\n"
    .. "socket.socket(fileno=3).sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])"
  local before = #sys.readdir("/proc/self/fd")
  for _, count in ipairs{ 2, 3, 100 } do
    ns.run{ "python3", "-c", program, count, fds = { [3] = s.a, [4] = h }, timeout = 20 }:check()
    local e = check.fails(function() ns.receive(s.b) end, "it has more than one descriptor")
    check.eq(e.code, "EINVAL")
  end
  check.eq(#sys.readdir("/proc/self/fd"), before)
end

tests["a thousand messages leave nothing"] = function()
  local s <close> = pair()
  local h <close> = ns.open("self", "ipc")
  local before = #sys.readdir("/proc/self/fd")
  for i = 1, 1000 do
    ns.send(s.a, h)
    if i % 2 == 0 then ns.receive(s.b):close() else s.b:receive() end
  end
  check.eq(#sys.readdir("/proc/self/fd"), before)
end

tests["with a full table of descriptors the loss is said"] = function()
  local nssh = sys.readlink("/proc/self/exe")
  local r = ns.run{ sh = "ulimit -n 40; exec \"$0\" -e '" .. [[
    local a, b = sys.socketpair()
    local h = ns.open("self", "uts")
    ns.send(a, h)
    local kept = {}
    while true do
      local ok, more = pcall(ns.open, "self", "uts")
      if not ok then break end
      kept[#kept + 1] = more
    end
    local ok, e = pcall(ns.receive, b)
    kept[1]:close()
    print(ok, e.code, e.message)]] .. "'", argv0 = nssh }
  check.match(r.stdout, "^false\tEINVAL\t.*its descriptor was lost", r.stderr)
end

tests["arguments are checked"] = function()
  local s <close> = pair()
  check.fails(function() ns.send(s.a, s.b) end, "handle expected, got socket")
  check.fails(function() ns.send(1, s.b) end, "socket expected, got number")
  check.fails(function() ns.receive(s.a, "utz") end, "did you mean 'uts'")
  local h = ns.open("self", "uts")
  h:close()
  check.eq(check.fails(function() ns.send(s.a, h) end).code, "CLOSED")
end

return tests
