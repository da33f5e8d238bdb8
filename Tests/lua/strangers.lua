-- Processes that nssh has not started itself, and does not know: the child of a shell each. What they are in is made by unshare(1), so
-- that nothing here depends on what is tested.
local apart = require "apart"
local here = require "here"
local strangers = {}

-- Runs nssh enter with some words; a table before them has options of ns.run.
local nssh = sys.readlink("/proc/self/exe")
function strangers.enter(...)
  local words = { ... }
  local options = type(words[1]) == "table" and table.remove(words, 1) or {}
  options.timeout = 20
  for i, word in ipairs{ nssh, "enter", table.unpack(words) } do options[i] = word end
  return ns.run(options)
end

local Stranger = {}
Stranger.__index = Stranger
function Stranger:__close() self.shell:close() end

-- What /proc tells of it, file by file.
function Stranger:file(name)
  local file <close> = assert(io.open(("/proc/%d/%s"):format(self.pid, name)))
  return file:read("a")
end

-- Runs a line of shell that tells its pid and execs, such as `echo $$; exec sleep 60`, and waits until the program `sleep` is reached.
function strangers.start(line, ...)
  local shell = ns.clone{ stdout = "pipe", "sh", "-c", "sh -c \"$0\" sh \"$@\" & wait", line, ... }
  local self = setmetatable({ shell = shell, pid = math.tointeger(shell.stdout:read("n")) }, Stranger)
  apart.eventually(function()
    local file <close> = io.open(("/proc/%d/comm"):format(self.pid))
    return file and file:read("l") == "sleep"
  end, "it did not come to its sleep: " .. line)
  return self
end

-- In a mnt namespace of its own, and a user namespace where that takes one; `before` is shell, `after` a command that execs the rest.
function strangers.boxed(before, after)
  here.need_user_namespaces()
  local types = sys.geteuid() == 0 and "-m" or "-r -m"
  return strangers.start(("%s; echo $$; exec unshare %s %s sleep 60"):format(before or ":", types, after or ""))
end

-- The same, made by uid 65534 (as root), in a user namespace of its own.
function strangers.of_nobody(flags, before)
  here.need_root("it takes root to become somebody else")
  here.need_user_namespaces_of_nobody()
  local nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
  return strangers.start(("%s; echo $$; exec %s unshare %s sleep 60"):format(before or ":", nobody, flags))
end

return strangers
