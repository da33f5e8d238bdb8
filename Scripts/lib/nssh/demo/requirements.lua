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

local function older(release, wanted)
  local major, minor = version(release)
  local wanted_major, wanted_minor = version(wanted)
  return major < wanted_major or major == wanted_major and minor < wanted_minor
end

-- Why no fresh /proc can be mounted in a new PID namespace, or nil: something may be mounted over a part of the old one.
local function unmet_proc()
  local ok, result = pcall(ns.run, { pid = { proc = true }, user = sys.geteuid() ~= 0 and "root" or nil, "true" })
  if ok then return nil end
  if result.code == "INTERRUPTED" then error(result, 0) end
  return result.message
end

local function unmet_word(need, scene)
  local words = scene.words
  if need == "root" then return not scene.is_root and words.needs_root:format(arg and arg[0] or "") or nil end
  if need == "proc" then return unmet_proc() end
  local kind, name = need:match("^(%l+) (%S+)$")
  if kind == "kernel" then
    local release = sys.uname().release
    return older(release, name) and words.needs_kernel:format(name, release) or nil
  elseif kind == "program" then
    return requirements.missing(name, words)
  elseif kind == "feature" then
    local feature = ns.features()[name]
    if not feature then error("needs: there is no feature " .. name, 0) end
    return not feature.supported and words.needs_feature:format(name, feature.summary, feature.since) or nil
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

local function slurp(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

-- The settings that forbid user namespaces, as read; only asked once the kernel has refused.
function requirements.forbidding(words)
  local settings = {
    { "/proc/sys/user/max_user_namespaces", "^0" }, { "/proc/sys/kernel/unprivileged_userns_clone", "^0" },
    { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "^1" },
  }
  local found = {}
  for _, setting in ipairs(settings) do
    local value = (slurp(setting[1]) or ""):match("%S+")
    if value and value:find(setting[2]) then found[#found + 1] = setting[1] .. " = " .. value end
  end
  if (slurp("/proc/self/status") or ""):find("Seccomp:%s*2") then found[#found + 1] = words.seccomp end
  for _, mount in ipairs(sys.mounts()) do
    -- The kernel lets an ordinary user mount no /proc that shows more than the one there is.
    if mount.target:find("^/proc/") then found[#found + 1] = words.mounted_over:format(mount.target) end
  end
  return #found > 0 and table.concat(found, ", ") or words.no_setting
end

return requirements
