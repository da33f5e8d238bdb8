-- What a lesson, a step or a check needs of the machine, and how to get what is missing.
local bash = require "nssh.demo.bash"
local requirements = {}

-- Debian's packages, as Ubuntu has them, and the programs in them that lessons may call; of what is in every installation, too.
local PACKAGES = {
  bash = "bash",
  coreutils = "cat chgrp chmod chown chroot cp cut date dd df echo env head id kill ln ls mkdir mkfifo mktemp mv nproc od printf readlink \z
    rm rmdir seq sleep sort stat stty tail tee timeout touch tr true tty uname wc whoami",
  ["bridge-utils"] = "brctl", busybox = "busybox", curl = "curl", gawk = "gawk", gcc = "gcc", ["golang-go"] = "go", grep = "grep",
  hostname = "hostname domainname",
  iproute2 = "bridge ip ss tc", ["iputils-ping"] = "ping", ["libcap2-bin"] = "capsh getpcaps", mawk = "awk mawk", mount = "mount umount",
  ["netcat-openbsd"] = "nc", procps = "free pgrep pkill ps sysctl top uptime", psmisc = "fuser pstree", python3 = "python3", sed = "sed",
  socat = "socat", strace = "strace",
  ["util-linux"] = "dmesg findmnt ipcmk ipcrm ipcs lsns mountpoint nsenter pivot_root prlimit setpriv setsid unshare",
}

-- The Debian package of a program, or nil.
function requirements.package(program)
  for package, programs in pairs(PACKAGES) do
    if (" " .. programs .. " "):find(" " .. program .. " ", 1, true) then return package end
  end
end

-- Why a program cannot be called, or nil.
function requirements.missing(program, words)
  for directory in bash.path:gmatch("[^:]+") do
    if sys.stat(directory .. "/" .. program) then return nil end
  end
  local package = requirements.package(program)
  return package and words.missing:format(program, package) or words.missing_no_package:format(program)
end

-- "6.18.5-generic" -> 6, 18
local function version(text)
  local major, minor = text:match("^(%d+)%.(%d+)")
  return tonumber(major), tonumber(minor)
end

-- Whether a kernel's release is before a version.
function requirements.older(release, wanted)
  local major, minor = version(release)
  local wanted_major, wanted_minor = version(wanted)
  return major < wanted_major or major == wanted_major and minor < wanted_minor
end

-- What the machine allows is asked of unshare(1), in the options of which a type is this, and not of nssh: a fault of nssh must not look
-- like a machine that forbids.
local UNSHARE = {
  mnt = "--mount", uts = "--uts", ipc = "--ipc", pid = "--pid", net = "--net", user = "--map-root-user", cgroup = "--cgroup",
  time = "--time",
}

-- Whether unshare(1) can run a shell line in new namespaces of these types (and with these other options); if not, why.
function requirements.unshared(types, line, ...)
  local argv = { "unshare", "--fork", ... }
  for _, name in ipairs(types) do argv[#argv + 1] = UNSHARE[name] end
  for _, word in ipairs{ "sh", "-c", line or ":" } do argv[#argv + 1] = word end
  local result = ns.run(bash.command(argv, { timeout = 60 }))
  return result.ok, (result.stderr:gsub("%s+$", ""))
end

-- The same, in a new user namespace where it does not work without.
function requirements.possible(types, line, ...)
  if sys.geteuid() == 0 and requirements.unshared(types, line, ...) then return true end
  return requirements.unshared({ "user", table.unpack(types) }, line, ...)
end

-- Why no fresh /proc can be mounted in a new PID namespace, or nil: something may be mounted over a part of the old one.
local function unmet_proc()
  local works, reason = requirements.possible({ "pid" }, nil, "--mount-proc")
  return not works and reason or nil
end

local function slurp(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

-- Whether a seccomp filter may refuse what the kernel has.
function requirements.is_filtered() return (slurp("/proc/self/status") or ""):find("Seccomp:%s*2") ~= nil end

-- Of these, a setting decides, and not the kernel's version.
local BY_SETTING = { user_namespaces = true, unprivileged_user_namespaces = true, cgroup2 = true, tiocsti_restricted = true }

-- Whether this kernel has a feature by its version (and nothing refuses it), whatever nssh says.
function requirements.has_by_version(feature)
  return not BY_SETTING[feature.name] and not requirements.is_filtered() and not requirements.older(sys.uname().release, feature.since)
end

-- Why a feature is missing, or nil.
local function unmet_feature(name, words)
  local feature = ns.features()[name]
  if not feature then error("needs: there is no feature " .. name, 0) end
  if feature.supported then return nil end
  if requirements.has_by_version(feature) then
    error(("needs: ns.features() has no %s, which came with Linux %s; this is %s, and no seccomp filter is on"):format(
      name, feature.since, sys.uname().release), 0)
  end
  return words.needs_feature:format(name, feature.summary, feature.since)
end

local function unmet_word(need, scene)
  local words = scene.words
  if need == "root" then return not scene.is_root and words.needs_root:format(arg and arg[0] or "") or nil end
  if need == "proc" then return unmet_proc() end
  local kind, name = need:match("^(%l+) (%S+)$")
  if kind == "kernel" then
    local release = sys.uname().release
    return requirements.older(release, name) and words.needs_kernel:format(name, release) or nil
  elseif kind == "program" then
    return requirements.missing(name, words)
  elseif kind == "feature" then
    return unmet_feature(name, words)
  elseif kind == "type" then
    return not sys.readlink("/proc/self/ns/" .. name) and words.needs_type:format(name) or nil
  end
  error("needs: what is " .. need .. "?", 0)
end

-- Why `needs` are not met, or nil: a word, a function of the scene that returns true or false and a reason, or a list of those.
function requirements.unmet(needs, scene)
  if type(needs) == "function" then
    local met, reason = needs(scene)
    return not met and (scene:text(reason) or scene.words.needs_unmet) or nil
  elseif type(needs) == "string" then
    return unmet_word(needs, scene)
  end
  for _, need in ipairs(needs or {}) do
    local reason = requirements.unmet(need, scene)
    if reason then return reason end
  end
end

-- The settings that forbid user namespaces, as read, or nil; only asked once the kernel has refused.
local function forbidding(words)
  local settings = {
    { "/proc/sys/user/max_user_namespaces", "^0" }, { "/proc/sys/kernel/unprivileged_userns_clone", "^0" },
    { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "^1" },
  }
  local found = {}
  for _, setting in ipairs(settings) do
    local value = (slurp(setting[1]) or ""):match("%S+")
    if value and value:find(setting[2]) then found[#found + 1] = setting[1] .. " = " .. value end
  end
  if requirements.is_filtered() then found[#found + 1] = words.seccomp end
  for _, mount in ipairs(sys.mounts()) do
    -- The kernel lets an ordinary user mount no /proc that shows more than the one there is.
    if mount.target:find("^/proc/") then found[#found + 1] = words.mounted_over:format(mount.target) end
  end
  return #found > 0 and table.concat(found, ", ") or nil
end

-- In words: this machine refuses for `reason`. With `flags`, options of ns.clone, it refused nssh namespaces of these types: where no
-- setting says so and unshare(1) can make them, it is nssh that is wrong, and that is an error.
function requirements.forbidden(reason, words, flags)
  local setting = forbidding(words)
  local types, is_plain = {}, flags ~= nil
  for name, value in pairs(flags or {}) do
    types[#types + 1] = UNSHARE[name] and name
    -- unshare(1) writes no map like these.
    is_plain = is_plain and not (name == "user" and type(value) == "table")
  end
  if not setting and is_plain and requirements.unshared(types) then
    table.sort(types)
    error(("nssh cannot make what unshare(1) can, new namespaces of %s: %s"):format(table.concat(types, ", "), reason), 0)
  end
  return words.forbidden:format(reason, setting or words.no_setting)
end

return requirements
