-- PID namespace: the same process, number 1 inside and another number outside
local demo = require "nssh.demo"

demo.main{
  title = "PID: one process, two numbers",
  text = "A PID namespace numbers its processes from 1. Its processes have a number in every namespace above it as well, so the \z
    outside sees them, under other numbers; they do not see the outside.",
  programs = { "pstree", "grep" },
  steps = {
    { enter = { uts = true, ipc = true, pid = true },
      text = "CLONE_NEWPID is added. It is for the child only: nssh cannot change its own number." },
    { inside = "pstree -pl", name = "tree",
      focus = demo.around_bash,
      why = function(s)
        return ("pstree reads /proc, and /proc is still the host's: so it shows the host's numbers, %d for this bash."):format(s.inside.pid)
      end,
      checks = {
        { "in the host's numbers, the new bash is a child of nssh", function(out, s) return demo.is_child(out, s.pid, s.inside.pid) end },
      } },
    { inside = "echo $$",
      why = "The shell asked the kernel, getpid(2), and not /proc: in its own namespace it is process 1, the init of that namespace.",
      checks = {
        { "inside, bash is number 1", function(out) return out == "1" end, depends = "pid" },
      } },
    { inside = "echo $PPID",
      why = "Its parent, nssh, has no number there: 0 stands for a parent outside.",
      checks = {
        { "inside, the parent is out of sight", function(out) return out == "0" end, depends = "pid" },
      } },
    { outside = function(s) return ("grep -E '^(Name|Pid|PPid|NSpid):' /proc/%d/status"):format(s.inside.pid) end,
      why = "The same process from outside. NSpid lists its numbers, one a namespace, from here to its own.",
      checks = {
        { "outside, the same bash has another number", function(out, s)
          return out:match("Name:%s*(%S+)") == "bash" and tonumber(out:match("\nPid:%s*(%d+)")) == s.inside.pid and s.inside.pid ~= 1
        end },
        { "the kernel gives it both numbers, outer and inner", function(out, s)
          return out:match("NSpid:.-(%d+%s+%d+)$") == ("%d\t1"):format(s.inside.pid)
        end, depends = "pid" },
        { "outside, its parent is nssh", function(out, s) return tonumber(out:match("PPid:%s*(%d+)")) == s.pid end },
        { "inside and outside are different PID namespaces", function(_, s)
          return s.inside:inode("pid") ~= ns.inode(s.pid, "pid")
        end, depends = "pid" },
      } },
    { outside = "readlink /proc/self/ns/pid",
      checks = {
        { "outside is where nssh was, and still is", function(out) return out == ("pid:[%d]"):format(ns.inode("self", "pid")) end },
      } },
  },
}
