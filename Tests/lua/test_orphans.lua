-- What children leave running ends with nssh; what is started by other means, as a script does in plain Lua, does not.
local check = require "check"
local here = require "here"
local nssh = sys.readlink("/proc/self/exe")
local tests = {}

-- Whether a process with this pid is there and no zombie, looked at for a while.
local function gone(pid)
  for _ = 1, 200 do
    local file = io.open("/proc/" .. pid .. "/stat")
    local state = file and file:read("a"):match("%) (%a)")
    if file then file:close() end
    if not state or state == "Z" then return true end
    sys.sleep(0.01)
  end
  return false
end

-- A line of shell in a pid namespace of its own: what outlives nssh there is adopted by its PID 1, not by the nssh of these tests.
local function apart(line, ...)
  local options = { pid = { proc = true }, timeout = 20, "bash", "-c", line .. "\nexit 0", "bash", nssh, ... }
  if sys.geteuid() ~= 0 then options.user = "root" end
  here.need(("unshare %s --pid --fork --mount-proc true"):format(options.user and "--user --map-root-user" or ""),
    "a pid namespace with its /proc is forbidden here")
  return ns.run(options).stdout
end

local function run(chunk)
  local result = ns.run{ nssh, "-e", chunk, timeout = 20 }
  check.ok(result.ok, result.stderr)
  return result.stdout
end

tests["a daemon of a child ends with nssh"] = function()
  local line = "setsid sleep 1000 >/dev/null 2>&1 & until [ $(ps -o sid= -p $!) = $! ]; do :; done; echo $!"
  local pid = run(([[print(ns.run{ sh = %q }.stdout)]]):format(line)):match("%d+")
  check.ok(gone(pid), "process " .. pid .. " lives on")
end

tests["a daemon of os.execute lives on, whatever nssh has launched before"] = function()
  local out = apart([["$1" -e "ns.run{ 'true' } os.execute('setsid -f sleep 1000')"; until grep -lx sleep /proc/[0-9]*/comm; do :; done]])
  check.match(out, "^/proc/%d+/comm\n$")
end

tests["io.popen keeps its exit code, in a session of its own too"] = function()
  local out = run[[ns.run{ "true" } local f = io.popen("exec setsid sh -c 'echo $$; exit 3'")
    local stat = "/proc/" .. f:read("l") .. "/stat"
    repeat until io.open(stat):read("a"):find(") Z ", 1, true)
    ns.run{ "true" } print(f:close())]]
  check.match(out, "nil\texit\t3")
end

tests["a reader that leaves ends nssh, also after it has written to a child"] = function()
  local chunk = [[local p <close> = ns.clone{ 'cat', stdin = 'pipe', stdout = 'null' } while true do print(1) end]]
  check.eq(apart([["$1" -e "$2" | head -1; echo "${PIPESTATUS[0]}"]], chunk), "1\n141\n")
end

tests["a child that does not read is an error, not the end"] = function()
  local p <close> = ns.clone{ "true", stdin = "pipe" }
  p:wait()
  local ok, message = p.stdin:write(("x"):rep(1 << 20))
  check.eq(ok, nil)
  check.match(message, "Broken pipe")
end

tests["what a function body that is killed has started leaves no zombies"] = function()
  local out = run[[
    for i = 1, 40 do
      pcall(ns.call, { timeout = 0.0005 * (i % 10) }, function() for _ = 1, 100 do ns.run{ "/bin/true" } end end)
    end
    local pid = sys.getpid()
    print(io.open(("/proc/%d/task/%d/children"):format(pid, pid)):read("a"))]]
  check.eq(out, "\n")
end

tests["what a function of a function body has started ends with the first"] = function()
  local out = run[[
    local p = ns.clone{ stdout = "pipe", function()
      ns.call({ stdout = "inherit" }, function()
        ns.shell{ sh = "sleep 1000 >/dev/null 2>&1 & echo $!; read x </dev/zero" }
      end)
    end }
    local pid = p.stdout:read("l")
    p:close()
    local file = io.open("/proc/" .. pid .. "/stat")
    print(file and file:read("a"):match("%) (%a)") or "ended")]]
  check.match(out, "^[Zended]+\n$")
end

tests["what dies with a child that was killed leaves no zombies: of a function, and of another nssh"] = function()
  local out = run[[
    local function children()
      local pid = sys.getpid()
      return io.open(("/proc/%d/task/%d/children"):format(pid, pid)):read("a")
    end
    local p = ns.clone{ function() for _ = 1, 5 do ns.clone{} end io.write("up\n") io.flush() sys.sleep(60) end, stdout = "pipe" }
    p.stdout:read("l")
    p:kill("KILL")
    p:wait()
    for _ = 1, 50 do ns.run{ "true" } if children() == "" then break end sys.sleep(0.01) end
    print("function:" .. children())
    local q = ns.clone{ sys.readlink("/proc/self/exe"), "-e", [=[
      local box = ns.clone{ user = "root", pid = true }
      local joined = ns.clone{ user = box, pid = box, "sleep", "60" }
      io.write("up\n") io.flush() sys.sleep(60)]=], stdout = "pipe" }
    q.stdout:read("l")
    q:close()
    for _ = 1, 50 do ns.run{ "true" } if children() == "" then break end sys.sleep(0.01) end
    print("nssh:" .. children())]]
  check.eq(out, "function:\nnssh:\n")
end

return tests
