-- Mount namespace: a mount that only its own side sees
local demo = require "nssh.demo"

-- The numbers among the names in /proc: the processes that it knows.
local function processes(listing)
  local found, count = {}, 0
  for name in listing:gmatch("%S+") do
    if name:find("^%d+$") then found[name], count = true, count + 1 end
  end
  return found, count
end

local PROC_MOUNTS = "grep ' /proc ' /proc/self/mounts"

local function lines(text) return select(2, text:gsub("[^\n]+", "")) end

demo.main{
  title = "Mount: a mount that only its own side sees",
  text = "A mount namespace holds the list of what is mounted where. A new one starts with a copy of the list; what is mounted and \z
    unmounted in it then stays in it. (It was the first kind of namespace, so its flag is just CLONE_NEWNS.)",
  programs = { "ls", "mount", "ps", "grep" },
  probe = "mount -t proc proc /proc",
  steps = {
    { outside = PROC_MOUNTS, name = "mounts_before" },
    { outside = "ls -C /proc", name = "proc_before",
      focus = function(line, s) return line:find("%f[%d]" .. s.pid .. "%f[%D]") end,
      text = "The host's /proc: a directory for each of its processes.",
      checks = {
        { "outside, /proc knows nssh", function(out, s) return processes(out)[tostring(s.pid)] end },
      } },
    { enter = { uts = true, ipc = true, pid = true, mnt = true },
      text = "CLONE_NEWNS is added. nssh also makes the copied mounts private, as unshare(1) does: where systemd has made them \z
        shared, the mount below would else reach the host." },
    { inside = "ls -C /proc", name = "proc_inside",
      focus = function(line, s) return line:find("%f[%d]" .. s.inside.pid .. "%f[%D]") end,
      why = function(s)
        return ("A copy of the list shows the same /proc as before, the host's, with bash under the host's number %d."):format(s.inside.pid)
      end,
      checks = {
        { "inside, /proc is at first the host's", function(out, s)
          local known = processes(out)
          return known[tostring(s.pid)] and known[tostring(s.inside.pid)]
        end },
      } },
    { inside = "mount -t proc proc /proc", name = "mounted",
      checks = { { "inside, the mount succeeds", function(out) return out == "", out end } } },
    { inside = "ls -C /proc",
      why = "A fresh proc file system shows the processes of whoever mounted it: of this PID namespace, which are bash and ls.",
      checks = {
        { "inside, /proc knows two processes, bash as number 1, and ls", function(out)
          local known, count = processes(out)
          return known["1"] and count == 2
        end, depends = "pid" },
      } },
    { inside = "ps -ef",
      why = "Now ps can be believed: it reads /proc.",
      checks = {
        { "inside, ps shows bash as process 1", function(out) return out:find("\n%S+%s+1%s+0%s[^\n]*%sbash%f[ \0\n]") end,
          depends = "pid" },
        { "inside, ps shows no other process but itself", function(out)
          return lines(out) == 3 and out:find("ps -ef", 1, true)
        end, depends = "pid" },
      } },
    { inside = PROC_MOUNTS,
      why = "Inside there is one mount more, on top of the other.",
      checks = {
        { "inside, the mount table has grown", function(out, s) return lines(out) == lines(s.out.mounts_before) + 1 end },
      } },
    { outside = PROC_MOUNTS,
      why = "Outside there is not: volumes of containers rest on this.",
      checks = {
        { "outside, the mount table is what it was", function(out, s) return out == s.out.mounts_before end, depends = "mnt" },
        { "inside and outside are different mount namespaces", function(_, s)
          return s.inside:inode("mnt") ~= ns.inode(s.pid, "mnt")
        end, depends = "mnt" },
      } },
    { outside = "ls -C /proc",
      focus = function(line, s) return line:find("%f[%d]" .. s.pid .. "%f[%D]") end,
      why = "And /proc outside still is the host's.",
      checks = {
        { "outside, /proc still knows nssh", function(out, s) return processes(out)[tostring(s.pid)] end, depends = "mnt" },
      } },
  },
}
