-- A lesson. Play it: nssh THIS.lua. Test it: nssh THIS.lua --check. How to write one: docs/lessons.md.
local demo = require "nssh.demo"

demo.main{
  title = { en = "UTS: a host name of one's own", zh = "UTS：自己的主机名" },
  text = {
    en = "What the lesson is about. Blanks and line breaks do not matter: the player breaks the lines.",
    zh = "这一课讲什么。空格和换行无关紧要：播放器会自己折行。",
  },
  -- Besides bash.
  programs = { "hostname" },
  steps = {
    -- Typed outside, where nssh is. The name keeps the output for later checks.
    { outside = "hostname", name = "before",
      title = { en = "The host's name", zh = "主机的名字" } },
    -- A new bash, as ns.clone makes it: from here on it is the inside.
    { enter = { uts = true },
      title = { en = "A new UTS namespace", zh = "新的 UTS namespace" } },
    { inside = "hostname box; hostname",
      title = { en = "Another name inside", zh = "在里面改名" },
      checks = {
        { { en = "inside, the name has changed", zh = "里面的名字已经改变" }, function(out) return out == "box" end },
      } },
    { outside = "hostname",
      title = { en = "And outside?", zh = "外面呢？" },
      predict = { en = "What is the host called now?", zh = "主机现在叫什么？" },
      expect = { en = "the name from before", zh = "原来的名字" },
      why = {
        en = "A new UTS namespace starts with a copy of the names. A change is seen by its own processes only.",
        zh = "新的 UTS namespace 以原来名字的副本开始，改动只有它自己的进程看得见。",
      },
      checks = {
        -- --check plays the lesson once more without the type uts: this check must then fail.
        { { en = "outside, the name is what it was", zh = "外面的名字没有变" }, function(out, scene)
          return out == scene.out.before
        end, depends = "uts" },
      } },
    -- Typed at nssh's prompt: global variables stay from step to step.
    { lua = [[ box = ns.clone{ uts = "box", user = "root" } ]],
      title = { en = "The same at nssh's prompt", zh = "在 nssh 提示符下做同样的事" } },
    { lua = [[ box:call(sys.hostname) ]],
      checks = {
        { { en = "in the box, the name is box", zh = "盒子里的名字是 box" }, function(_, _, values)
          return values[1] == "box"
        end },
      } },
  },
}
