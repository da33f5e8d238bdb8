-- Whatever has ended, or is another by now, is entered by nobody: least of all is something run here in its place.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")

-- A zombie whose parent does not reap it: its pid, and the parent to be closed. `types` are unshare(1)'s.
local function zombie(types)
  here.need_user_namespaces()
  local line = "unshare " .. types .. " sh -c 'echo $$' & exec sleep 60"
  local parent = ns.clone{ stdout = "pipe", "sh", "-c", line }
  local pid = parent.stdout:read("n")
  apart.eventually(function()
    local file <close> = io.open(("/proc/%d/stat"):format(pid))
    return file and file:read("a"):find("%) Z ")
  end)
  return pid, parent
end

-- Everything that enters a target, each a function of it that would show where it has run.
local function ways(target)
  local said = function() return "here" end
  local all = {
    call = function() return ns.call(target, said) end,
    shell = function() return ns.shell(target, { "true" }) end,
    setns = function() return ns.call({}, function() ns.setns(target) return "moved" end) end,
  }
  for _, type in ipairs{ "net", "mnt", "uts", "ipc", "user" } do
    all["run " .. type] = function() return ns.run{ [type] = target, "true" } end
    all["call " .. type] = function() return ns.call({ [type] = { join = target } }, said) end
    all["clone " .. type] = function()
      local p <close> = ns.clone{ [type] = target, "true" }
      return p:wait()
    end
    all["setns " .. type] = function() return ns.call({}, function() ns.setns(target, type) return "moved" end) end
    all["shell " .. type] = function() return ns.shell{ [type] = target, "true" } end
  end
  return all
end

local function refuses(target, about)
  for name, way in pairs(ways(target)) do
    local ok, e = pcall(way)
    check.eq(ok, false, about .. ": " .. name .. " ran somewhere")
    local known = { ENDED = true, ESRCH = true, ENOENT = true, FOREIGN = type(target) == "userdata" or nil }
    check.ok(known[e.code], about .. ": " .. name .. ": " .. tostring(e))
  end
end

local function enter_refuses(word, about)
  for _, letters in ipairs{ { word }, { "-n", word }, { "-a", word }, { "-m", word }, { "-U", word }, { "-r", "-w", word } } do
    local r = ns.run{ timeout = 20, nssh, "enter", table.unpack(table.move({ "--", "echo", "ran" }, 1, 3, #letters + 1, letters)) }
    check.eq({ r.status, r.stdout }, { 125, "" }, about .. ": " .. table.concat(letters, " "))
  end
end

tests["a zombie"] = function()
  local pid, parent = zombie("-r -n -m -u")
  refuses(pid, "zombie")
  enter_refuses(tostring(pid), "zombie")
  for _, type in ipairs{ "net", "mnt" } do refuses(("/proc/%d/ns/%s"):format(pid, type), "path of a zombie") end
  -- It has shared all with nssh: there is nothing to join, and yet it is not there.
  parent:close()
  pid, parent = zombie("-r")
  refuses(pid, "zombie that was here")
  parent:close()
end

tests["a process of nssh's that has ended"] = function()
  local p <close> = apart.clone{ net = true, "true" }
  p:wait(10)
  refuses(p, "ended child")
  for name, way in pairs{
    run = function() return p:run{ "true" } end, call = function() return p:call(sys.getpid) end,
    shell = function() return p:shell{ "true" } end,
  } do check.fails(way, "ended", name) end
  refuses(p.pid, "its number")
  enter_refuses(tostring(p.pid), "its number")
end

tests["what has become of a held one by its handle is still its namespace"] = function()
  local p <close> = apart.clone{ uts = "kept" }
  local uts <close> = p:open("uts")
  local user <close> = p:open("user")
  p:close()
  check.eq(ns.run{ user = user, uts = uts, "hostname" }:check().stdout, "kept\n")
  uts:close()
  check.fails(function() uts:run{ "true" } end, "closed")
  check.fails(function() return ns.call(uts, sys.getpid) end, "closed")
  check.fails(function() return ns.run{ user = user, uts = uts, "true" } end, "closed")
end

tests["a process whose first thread has ended is named by another"] = function()
  here.need_program("python3")
  here.need_new("pidfd_thread", "threads are targets since Linux 6.9")
  -- The second thread has a net namespace of its own, as CNI plugins make them.
  local program = [[
import ctypes, os, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def other():
    if libc.unshare(0x40000000): print(0, flush=True)
    print(threading.get_native_id(), flush=True)
    time.sleep(60)
threading.Thread(target=other).start()
if len(sys.argv) > 1: libc.pthread_exit(None)
time.sleep(60)
]]
  local prefix = sys.geteuid() == 0 and {} or { "unshare", "-r" }
  local function start(...)
    local argv = { stdout = "pipe", table.unpack(prefix) }
    for _, word in ipairs{ "python3", "-c", program, ... } do argv[#argv + 1] = word end
    local p = ns.clone(argv)
    local tid = p.stdout:read("n")
    check.ne(tid, 0)
    return p, tid
  end
  local p <close>, tid = start()
  local net = ("net:[%d]\n"):format(ns.inode(tid, "net"))
  check.ne(ns.inode(tid, "net"), ns.inode(p, "net"))
  local look = { "readlink", "/proc/self/ns/net" }
  check.eq(ns.run{ nssh, "enter", tostring(tid), "-n", "--", table.unpack(look) }:check().stdout, net)
  check.eq(ns.call(tid, function() return ns.inode("self", "net") end), ns.inode(tid, "net"))
  check.eq(ns.run{ net = tid, user = #prefix > 0 and tid or nil, table.unpack(look) }:check().stdout, net)
  local ended <close>, last = start("end")
  apart.eventually(function()
    local file <close> = io.open(("/proc/%d/stat"):format(ended.pid))
    return file and file:read("a"):find("%) Z ")
  end)
  refuses(ended.pid, "its first thread has ended")
  check.eq(ns.call(last, function() return ns.inode("self", "net") end), ns.inode(last, "net"))
end

-- Targets that end while they are entered: whatever is run has run there, or nothing has.
tests["a target that ends meanwhile"] = function()
  here.need_user_namespaces()
  local own = ns.inode("self", "net")
  local rounds = tonumber(os.getenv("NSSH_TEST_RACES")) or 200
  local entered, refused = 0, 0
  for round = 1, rounds do
    -- It ends at once, a little later, or not at all.
    local stay = ({ ":", "i=0; while [ $i -lt 200 ]; do i=$((i + 1)); done", "exec sleep 0.002", "exec sleep 60" })[round % 4 + 1]
    local target = ns.clone{ stdout = "pipe", "unshare", "-r", "-n", "sh", "-c", "echo $$; " .. stay }
    local pid = target.stdout:read("n")
    if round % 8 == 4 then apart.eventually(function() return not target:alive() end) end
    local ok, inode = pcall(ns.call, pid, function() return ns.inode("self", "net") end)
    if ok then
      entered = entered + 1
      check.ne(inode, own, "round " .. round .. " ran here")
    else
      refused = refused + 1
    end
    target:close()
  end
  check.eq(entered + refused, rounds)
  check.ok(refused > 0 and entered > 0, ("no race: %d entered, %d refused"):format(entered, refused))
end

-- A FIFO in the place of a file of its /proc holds nssh up where that is read: meanwhile the target ends.
local held_up = [[
mount -t tmpfs none /mnt && mkfifo /mnt/fifo || exit 9
unshare -m -u sleep 60 & target=$!
until grep -q sleep /proc/$target/comm; do :; done
cat "/proc/$target/$FILE" >/mnt/text 2>&1 # a label may be an error
mount --bind /mnt/fifo /proc/$target/$FILE || exit 9
case $WAY in
setns) "$NSSH" -e "local ok, e = pcall(ns.setns, $target, 'user') print(ok, e.code)" & ;;
*) "$NSSH" enter $WAY $target echo ran & ;;
esac
nssh=$!
exec 3>/mnt/fifo # it is there
kill $target; wait $target
cat /mnt/text >&3; exec 3>&-
wait $nssh; echo "status $?"
]]
for _, case in ipairs{
  { "attr/current", "-r", "" }, { "attr/current", "-mr", "" }, { "environ", "-emr", "" }, { "status", "setns", "false\tENDED\n" },
} do
  tests[("a target that ends while its %s is read: %s"):format(case[1], case[2])] = function()
    -- Only in another user namespace than nssh's is its status looked at.
    local script = case[2] == "setns" and held_up:gsub("unshare %-m", "unshare -r -m") or held_up
    local r = apart.run{ mnt = true, timeout = 20, sh = script, env = { NSSH = nssh, FILE = case[1], WAY = case[2] } }
    check.eq(r.stdout, case[3] .. ("status %d\n"):format(case[2] == "setns" and 0 or 125), r.stderr)
    if case[2] ~= "setns" then check.ok(r.stderr:find("has ended") or r.stderr:find("there is no process"), r.stderr) end
  end
end

-- In the same way it goes to another user namespace, where it has all power, while nssh reads what it may do.
tests["a target that moves while it is looked at"] = function()
  here.need_program("python3")
  local python = [=[
import ctypes, os, signal, time
def move(*_):
    if ctypes.CDLL(None).unshare(0x10000000): os._exit(9)
    open("/mnt/moved", "w").close()
signal.signal(signal.SIGUSR1, move)
open("/mnt/ready", "w").close()
while True: time.sleep(60)
]=]
  local script = held_up:gsub("unshare %-m %-u sleep 60 & target=%$!", "unshare -m -u python3 -c \"$PYTHON\" & target=$!")
    :gsub("until grep [^\n]*", "until test -e /mnt/ready; do :; done")
    :gsub("kill %$target; wait %$target", "kill -USR1 $target; until test -e /mnt/moved; do :; done")
  local r = apart.run{ mnt = true, timeout = 20, sh = script .. "kill -9 $target",
    env = { NSSH = nssh, FILE = "attr/current", WAY = "-mu", PYTHON = python } }
  check.eq(r.stdout, "status 125\n", r.stderr)
  check.match(r.stderr, "has moved to another user namespace")
end

-- The same for a number that is another's by then: only a pidfd tells.
tests["a number that is another's by now"] = function()
  here.need_user_namespaces()
  -- Before, it is the machine's, and root of the machine would change it there.
  here.need("uname -r | awk -F. '{ exit !($1 > 6 || $1 == 6 && $2 >= 14) }'", "pid_max is a pid namespace's own since Linux 6.14")
  local again = ns.call({ user = "root", pid = { proc = true } }, function()
    -- Few numbers, so that they come back at once.
    local max = assert(io.open("/proc/sys/kernel/pid_max", "w"))
    max:write("340")
    assert(max:close())
    local own, seen = ns.inode("self", "uts"), 0
    for _ = 1, 16 do
      local p = ns.clone{ uts = "first", "sleep", "60" }
      local number = p.pid
      p:close()
      local others = {}
      repeat
        others[#others + 1] = ns.clone{ "sleep", "60" }
        local is_again = others[#others].pid == number
        if is_again then seen = seen + 1 end
      until is_again or #others == 40
      for _, way in ipairs{
        function() return p:run{ "true" } end, function() return ns.call(p, sys.getpid) end,
        function() return ns.run{ uts = p, "true" } end, function() return p:inode("uts") == own end,
      } do
        local ok, e = pcall(way)
        check.eq({ ok, tostring(e):find("has ended") ~= nil }, { false, true })
      end
      for _, other in ipairs(others) do other:close() end
    end
    return seen
  end)
  check.ok(again > 0, "no number came back")
end

return tests
