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

-- What is new in kernels, done by perl.
local news = {
  -- NS_GET_ID of ioctl_nsfs(2)
  ns_id = [[open my $f, "<", "/proc/self/ns/uts" or exit 1; my $id = "\0" x 8; exit !ioctl $f, 0x8008b70d, $id]],
  -- pidfd_open(2), PIDFD_GET_UTS_NAMESPACE
  pidfd_namespaces = [[my $n = syscall 434, 0 + $$, 0; open my $f, "<&=", $n or exit 1; exit !ioctl $f, 0xff0a, 0]],
}

-- Whether the kernel has something new, and lets us use it.
function here.has(name) return here.succeeds("perl -e '" .. news[name] .. "'") end

-- Skips the test unless the kernel has it.
function here.need_new(name, reason)
  here.need_program("perl", "perl-base")
  here.need("perl -e '" .. news[name] .. "'", reason)
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
