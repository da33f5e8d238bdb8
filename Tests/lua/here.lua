-- What this machine allows, asked of the shell and never of nssh: a test that skipped because nssh cannot do it would hide the fault
-- that it is there for. Nothing else skips a test.
local check = require "check"
local here = {}

-- Whether a line of shell succeeds, asked once.
local answers = {}
function here.succeeds(line)
  if answers[line] == nil then answers[line] = os.execute("{ " .. line .. "\n} >/dev/null 2>&1 </dev/null") == true end
  return answers[line]
end

-- Skips the test unless a line of shell succeeds; `reason` says what is missing.
function here.need(line, reason)
  if not here.succeeds(line) then check.skip(reason) end
end

-- Skips the test unless this is root, in whatever user namespace.
function here.need_root(reason) here.need('test "$(id -u)" = 0', reason) end

-- Skips the test unless user namespaces with a map can be made here.
function here.need_user_namespaces() here.need("unshare --user --map-root-user true", "user namespaces are forbidden here") end

-- Skips the test unless user namespaces can be made by uid 65534.
function here.need_user_namespaces_of_nobody()
  here.need("setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --map-root-user true",
    "ordinary users may not make user namespaces here")
end

-- Skips the test unless the program is there.
function here.need_program(program, package)
  here.need("command -v " .. program, program .. " is missing: Debian package " .. (package or program))
end

-- Skips the test unless a program that strace(1) runs can be traced. It is tried with something else than nssh.
function here.need_strace()
  here.need_program("strace")
  here.need("strace -f -o /dev/null true", "strace may not trace here")
end

-- Whether the kernel has something new, and lets us use it: a name of kernel.c, which asks.
local known
local function ask()
  if not known then
    here.need_program("cc", "gcc")
    local source = (arg[0]:match("^(.*)/") or ".") .. "/kernel.c"
    local path = os.tmpname()
    local told <close> = assert(io.popen(("cc -O1 -o '%s' '%s' && '%s'"):format(path, source, path)))
    known = {}
    for word, answer in told:read("a"):gmatch("(%S+) (%S+)\n") do known[word] = answer == "yes" end
    os.remove(path)
  end
  return known
end

-- Whether kernel.c asks for that.
function here.asks(name) return ask()[name] ~= nil end

function here.has(name)
  local answer = ask()[name]
  if answer == nil then error("kernel.c does not ask for " .. name, 2) end
  return answer
end

-- Skips the test unless the kernel has it.
function here.need_new(name, reason)
  if not here.has(name) then check.skip(reason) end
end

-- The directory of a cgroup hierarchy that root can make cgroups in: "cgroup2", a controller of version 1, or any. Skips the test where
-- there is none.
function here.need_cgroup(what)
  here.need_root("cgroups are made by root")
  for line in io.lines("/proc/mounts") do
    local directory, type, options = line:match("^%S+ (%S+) (cgroup2?) (%S+)")
    local fits = directory and (not what or type == what or type == "cgroup" and (","..options..","):find("," .. what .. ",", 1, true))
    if fits and here.succeeds(("mkdir '%s'/nssh-probe-$$ && rmdir '%s'/nssh-probe-$$"):format(directory, directory)) then
      return directory
    end
  end
  check.skip("no " .. (what or "cgroup") .. " hierarchy here in which cgroups can be made")
end

-- Skips the test outside the first user namespace.
function here.need_first_user_namespace()
  here.need('test "$(readlink /proc/self/ns/user)" = "user:[4026531837]"', "not in the first user namespace of the machine")
end

-- How many namespaces of unshare(1)'s `flags` can be nested, where those of `before` have been made.
function here.depth(flags, before)
  local nest = ("export NEST='echo level; exec unshare %s sh -c \"$NEST\"'; unshare %s sh -c \"$NEST\" 2>&-"):format(flags, before)
  local file <close> = assert(io.popen(nest))
  local _, levels = file:read("a"):gsub("level", "")
  return levels - 1
end

return here
