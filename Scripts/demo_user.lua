-- User namespace: nobody, and then root, of a system of one's own
local demo = require "nssh.demo"

local function uid(text) return text:match("uid=(%d+)") end
local function overflow_uid()
  local file <close> = assert(io.open("/proc/sys/kernel/overflowuid"))
  return file:read("l")
end

-- The real uid in the Uid: line of a status file.
local function status_uid(text) return text:match("Uid:%s+(%d+)") end
local function status_of_bash(s) return ("grep Uid: /proc/%d/status"):format(s.inside.pid) end

local function same_user_outside(out, s) return status_uid(out) == uid(s.out.outside) end

demo.main{
  title = "User: nobody, and then root, of a system of one's own",
  text = "A user namespace holds a table of users: which number inside stands for which number outside. Who is root by that table \z
    has root's power over the namespaces that belong to it, and none over anything else.",
  programs = { "id", "grep", "hostname" },
  steps = {
    { outside = "id", name = "outside" },
    { outside = "hostname", name = "hostname" },
    { enter = { uts = true, ipc = true, pid = true, mnt = true, user = true },
      text = "CLONE_NEWUSER is added. Of all types, this is the one that needs no privilege; the others are then made with its power." },
    { inside = "id",
      why = "The table is still empty: no number outside has one inside, so the kernel shows the number that it keeps for that, \z
        and id knows it as nobody.",
      checks = {
        { "inside, you are nobody", function(out) return uid(out) == overflow_uid() end, depends = "user" },
        { "inside and outside are different user namespaces", function(_, s)
          return s.inside:inode("user") ~= ns.inode(s.pid, "user")
        end, depends = "user" },
      } },
    { inside = "cat /proc/self/uid_map",
      checks = { { "inside, the table of users is empty", function(out) return out == "" end, depends = "user" } } },
    { outside = status_of_bash,
      why = "From outside, the same bash is still yours.",
      checks = { { "outside, the same process has your uid", same_user_outside } } },
    { enter = { uts = true, user = "root" },
      text = "What the article leaves out: a line in the table. user = \"root\" lets your number stand for 0 inside." },
    { inside = "id",
      checks = { { "inside, you are root", function(out) return uid(out) == "0" end } } },
    { inside = "cat /proc/$$/uid_map",
      why = "Read it as: from 0 inside, from your uid outside, 1 number.",
      checks = {
        { "the table makes your uid root, and nobody else", function(out, s)
          return out:match("^%s*0%s+(%d+)%s+1$") == uid(s.out.outside)
        end, depends = "user" },
      } },
    { inside = "hostname my-own-system; hostname",
      why = "Power inside: this UTS namespace was made in the new user namespace and belongs to it.",
      checks = {
        { "inside, root may change the host name", function(out, s) return out == "my-own-system" and out ~= s.out.hostname end },
      } },
    { outside = status_of_bash,
      why = "From outside, root is nobody special: the same process, with your number.",
      checks = { { "outside, root's process has your uid", same_user_outside } } },
    { enter = { user = "root" },
      text = "Root again, but this time without a UTS namespace: bash stays in the host's." },
    { inside = "id; readlink /proc/$$/ns/uts",
      checks = {
        { "inside, you are root, and the UTS namespace is the host's", function(out, s)
          return uid(out) == "0" and out:match("uts:%[(%d+)%]") == tostring(ns.inode(s.pid, "uts"))
        end },
      } },
    -- Its own name, so that nothing changes should the kernel allow it.
    { inside = "hostname \"$(hostname)\" && echo allowed",
      why = "No power outside: the host's UTS namespace belongs to another user namespace. This holds even if you are root outside.",
      checks = {
        { "inside, root may not touch the host's name", function(out) return out:find("must be root", 1, true) ~= nil end,
          depends = "user" },
      } },
    { outside = "hostname",
      checks = { { "outside, the host name is what it was", function(out, s) return out == s.out.hostname end } } },
    { outside = "id",
      checks = { { "outside, you are who you were", function(out, s) return out == s.out.outside end } } },
  },
}
