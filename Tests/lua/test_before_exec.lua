-- What a program's process is between its birth and its exec, and what it starts with.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")

-- The pids of a process and all below it.
local function family(pid, list)
  list = list or {}
  list[#list + 1] = pid
  local file <close> = io.open(("/proc/%d/task/%d/children"):format(pid, pid))
  for child in (file and file:read("a") or ""):gmatch("%d+") do family(tonumber(child), list) end
  return list
end

-- Until its exec a joiner has nssh's memory. Whoever is root over there, or the same user, must not read it: undumpable, its files in /proc
-- are root's. (Where ids change the kernel sees to that by itself; so here they do not.)
tests["a program that joins a user namespace is undumpable before its exec"] = function()
  here.need_strace()
  local copy <close> = apart.copy()
  local program_path = copy.path
  apart.without_privilege(function()
    local own = sys.geteuid()
    local box <close> = ns.clone{ user = "root", uts = true }
    local function joiner(chunk)
      -- Stopped at the gate of execve, for as long as it takes to look.
      local traced <close> = ns.clone{ stdout = "null", stderr = "null", "strace", "-f", "-o", "/dev/null", "-e", "trace=execve",
        "-e", "inject=execve:delay_enter=5000000", program_path, "-e", chunk }
      local nssh_pid, program
      -- strace's child is nssh once its own delay is over.
      for _ = 1, 2000 do
        local all = family(traced.pid)
        nssh_pid, program = all[2], all[3]
        if program then break end
        sys.sleep(0.01)
      end
      if not program then error("no program was started", 0) end
      check.ok(nssh_pid)
      for _ = 1, 200 do
        local info = sys.stat(("/proc/%d/mem"):format(program))
        if not info then error("the program was not stopped before its exec", 0) end
        if info.uid ~= own then return "undumpable" end
        sys.sleep(0.01)
      end
      return "dumpable"
    end
    -- The control: without a join it has nothing to hide from its own user.
    check.eq(joiner([[ns.run{ "true" }]]), "dumpable", "no join")
    check.eq(joiner(([[ns.run{ user = %d, "true" }]]):format(box.pid)), "undumpable", "join")
  end)
end

-- A caller that ignores SIGPIPE (Python, some init systems) must not make every pipeline in nssh's children write for ever.
tests["SIGPIPE is as it should be for a program, however nssh was started"] = function()
  local line = "trap '' PIPE; exec \"$NSSH\" -e \"$CHUNK\""
  local launches = {
    [[ns.run{ "grep", "^SigIgn", "/proc/self/status" }]], [[ns.run{ sh = "grep ^SigIgn /proc/self/status" }]],
    [[ns.run{ user = "root", uts = true, "grep", "^SigIgn", "/proc/self/status" }]],
    [[ns.run{ user = "root", pid = { init = true }, "grep", "^SigIgn", "/proc/self/status" }]],
    [[ns.clone{ session = true, "grep", "^SigIgn", "/proc/self/status", stdout = "capture" }:wait()]],
  }
  for _, launch in ipairs(launches) do
    local r = ns.run{ timeout = 20, env = { NSSH = nssh, CHUNK = ("io.write((%s):check().stdout)"):format(launch) }, sh = line }
    local mask = tonumber(r:check().stdout:match("^SigIgn:%s*(%x+)"), 16)
    check.eq(mask & 1 << 12, 0, launch)
  end
  -- The control: a program in nssh's place is ignorant of it too.
  local control = ns.run{ sh = "trap '' PIPE; exec grep ^SigIgn /proc/self/status" }
  check.ne(tonumber(control.stdout:match("(%x+)\n"), 16) & 1 << 12, 0)
end

return tests
