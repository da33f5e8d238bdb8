-- UTS namespace: a host name of one's own
local demo = require "nssh.demo"

local UTS = "^uts:%[(%d+)%]$"

demo.main{
  title = "UTS: a host name of one's own",
  text = "A UTS namespace holds two names of the system: its host name and its NIS domain name. A bash in a new one may change \z
    them, and nobody else notices.",
  programs = { "pstree", "readlink", "hostname" },
  steps = {
    { outside = "hostname", name = "before",
      text = "The host's name, before anything happens." },
    { enter = { uts = true },
      text = "The article's Go program: a bash as a child of nssh, made by one clone with CLONE_NEWUTS. nssh itself stays outside.",
      predict = "You will change the host name in there. What will the host be called then?" },
    { inside = "pstree -pl",
      focus = demo.around_bash,
      why = function(s) return ("nssh is process %d, the new bash its child %d."):format(s.pid, s.inside.pid) end,
      checks = {
        { "the new bash is a child of nssh", function(out, s) return demo.is_child(out, s.pid, s.inside.pid) end },
      } },
    { outside = "readlink /proc/self/ns/uts", name = "uts_outside" },
    { inside = "readlink /proc/$$/ns/uts", name = "uts_inside",
      why = "The number names the namespace: two processes are in the same one just when their numbers are the same.",
      checks = {
        { "inside and outside are different UTS namespaces", function(out, s)
          local inside, outside = out:match(UTS), s.out.uts_outside:match(UTS)
          return inside and outside and inside ~= outside and inside == tostring(s.inside:inode("uts"))
        end, depends = "uts" },
        { "outside is where nssh is", function(_, s) return s.out.uts_outside:match(UTS) == tostring(ns.inode("self", "uts")) end },
      } },
    { inside = "hostname",
      why = "A new UTS namespace starts with a copy of the names of the old one …",
      checks = {
        { "inside, the name is at first the host's", function(out, s) return out == s.out.before end },
      } },
    -- On a host that is already called bash, the article's name would prove nothing.
    { inside = function(s) return s.out.before == "bash" and "hostname bash-inside" or "hostname bash" end, name = "set" },
    { inside = "hostname", name = "inside",
      why = "… and changes them for itself.",
      checks = {
        { "inside, the name has changed", function(out, s) return s.out.set == "" and out:find("^bash") and out ~= s.out.before end },
      } },
    { outside = "hostname",
      expect = "the name from before",
      why = "The article opens a second terminal for this; nssh is that terminal. The host is called what it was called.",
      checks = {
        { "outside, the name is what it was", function(out, s) return out == s.out.before and out ~= s.out.inside end, depends = "uts" },
      } },
  },
}
