-- Time namespace: clocks that started at another time
local demo = require "nssh.demo"

local OFFSET = { boottime = 10 * 86400, monotonic = 3600 }

local function uptime(out) return tonumber(out:match("%d+%.%d+")) end

-- Clocks run while the lesson is played.
local function near(a, b) return a ~= nil and b ~= nil and math.abs(a - b) < 60 end

demo.main{
  title = { en = "Time: clocks that started at another time", zh = "时间：从另一个时刻算起的时钟" },
  section = { en = "1. Introduction: the type time", zh = "1. Namespace 概述：Time namespace" },
  text = {
    en = "The article lists the time namespace, \"Boot and monotonic\", and never shows it. It shifts two clocks of its processes: \z
      CLOCK_BOOTTIME, the time since the system started, and CLOCK_MONOTONIC, which leaves out the time asleep. The time of day is no \z
      part of it.",
    zh = "文章列出了 time namespace（“Boot and monotonic”），但没有演示。它让其中的进程的两个时钟偏移：CLOCK_BOOTTIME，即系统启动以来的时间，以及 CLOCK_MONOTONIC，它不计休眠的时间。日期和时刻不在其中。",
  },
  programs = { "date", "ls", "nsenter", "uptime" },
  needs = "kernel 5.6",
  steps = {
    { title = { en = "Since when is the system up?", zh = "系统启动多久了？" },
      outside = "cat /proc/uptime; uptime -p", name = "outside",
      text = { en = "/proc/uptime is CLOCK_BOOTTIME, and uptime(1) prints it.", zh = "/proc/uptime 就是 CLOCK_BOOTTIME，uptime(1) 把它打印出来。" } },
    { title = { en = "Ten days earlier", zh = "早十天" },
      text = {
        en = "A bash in a new time namespace. The offsets are written to timens_offsets before anybody is in it: ten days for boottime, \z
          an hour for monotonic.",
        zh = "一个 bash，在新的 time namespace 里。偏移量要在有进程进入之前写入 timens_offsets：boottime 十天，monotonic 一小时。",
      },
      enter = { time = OFFSET } },
    { title = { en = "The clock inside", zh = "里面的时钟" },
      inside = "cat /proc/uptime; uptime -p",
      predict = { en = "How long has the system been up, asked inside?", zh = "在里面看，系统启动多久了？" },
      expect = { en = "ten days more", zh = "多了十天" },
      checks = {
        { { en = "inside, the system has been up ten days longer", zh = "里面看到的启动时间长了十天" },
          function(out, s) return near(uptime(out), uptime(s.out.outside) + OFFSET.boottime) end, depends = "time" },
      } },
    { title = { en = "The links", zh = "链接" },
      inside = "ls -l /proc/$$/ns/time /proc/$$/ns/time_for_children",
      text = { en = "bash is in it, and so will be its children.", zh = "bash 在其中，它的子进程也会在其中。" },
      expect = { en = "the same number twice, and not that of nssh", zh = "两个号码相同，不是 nssh 的" },
      checks = {
        { { en = "inside and outside are different time namespaces", zh = "里外是不同的 time namespace" },
          function(_, s) return s.inside:inode("time") ~= ns.inode("self", "time") end, depends = "time" },
        { { en = "time and time_for_children are the same inside", zh = "里面的 time 与 time_for_children 相同" },
          function(out)
            local own, children = out:match("time:%[(%d+)%].*time:%[(%d+)%]")
            return own ~= nil and own == children
          end },
      } },
    { title = { en = "The offsets", zh = "偏移量" },
      inside = "cat /proc/$$/timens_offsets",
      text = { en = "The offsets, in seconds and nanoseconds.", zh = "偏移量，以秒和纳秒表示。" },
      expect = { en = "3600 and 864000, as asked for", zh = "3600 和 864000，与要求的一致" },
      checks = {
        { { en = "the offsets are those that were asked for", zh = "偏移量就是所要求的" },
          function(out)
            return tonumber(out:match("boottime%s+(%-?%d+)")) == OFFSET.boottime
              and tonumber(out:match("monotonic%s+(%-?%d+)")) == OFFSET.monotonic
          end, depends = "time" },
      } },
    { title = { en = "And outside", zh = "在外面" },
      outside = "cat /proc/uptime",
      expect = { en = "what it was, a little later", zh = "与原来一样，稍晚一点" },
      checks = {
        { { en = "outside, the clock is what it was", zh = "外面的时钟没有变" },
          function(out, s) return near(uptime(out), uptime(s.out.outside)) end },
      } },
    { title = { en = "Not the time of day", zh = "日期和时刻不变" },
      inside = "date +%s", name = "date",
      text = {
        en = "CLOCK_REALTIME is no part of a time namespace: the date inside, in seconds since 1970.",
        zh = "CLOCK_REALTIME 不在 time namespace 之中。里面的日期，以 1970 年以来的秒数表示。",
      } },
    { title = { en = "The date outside", zh = "外面的日期" },
      outside = "date +%s",
      text = { en = "And outside, a moment later.", zh = "再看外面的，稍晚一点。" },
      expect = { en = "the same number, or a little more", zh = "相同，或稍大一点" },
      checks = {
        { { en = "the time of day is the same inside and outside", zh = "里外的日期和时刻相同" },
          function(out, s) return near(tonumber(out), tonumber(s.out.date)) end },
      },
      why = {
        en = "So nobody can play with certificates or logs by it. What it is for: a container that is moved to another machine, where \z
          the clock that counts from the start says something else; with the offset, its timers go on.",
        zh = "所以不能用它在证书或日志上做手脚。它的用途是：容器迁移到另一台机器时，那里从启动算起的时钟不同；有了偏移量，容器里的定时器可以继续。",
      } },
    { title = { en = "Each clock by its own offset", zh = "每个时钟各有偏移" },
      text = {
        en = "The clocks as clock_gettime(2) gives them to a function there, minus those outside:",
        zh = "一个函数在里面用 clock_gettime(2) 读各个时钟，减去外面的值：",
      },
      lua = [[function clocks() return { sys.clock("monotonic"), sys.clock("boottime"), sys.clock("realtime") } end
there = ns.call({ time = { monotonic = 3600, boottime = 864000 } }, clocks)
here = clocks()
return math.floor(there[1] - here[1] + 0.5), math.floor(there[2] - here[2] + 0.5), math.floor(there[3] - here[3] + 0.5)]],
      expect = { en = "3600, 864000 and 0", zh = "3600、864000 和 0" },
      checks = {
        { { en = "monotonic and boottime are shifted, each by its offset", zh = "monotonic 和 boottime 各按自己的偏移量移动" },
          function(_, _, values) return values and near(values[1], OFFSET.monotonic) and near(values[2], OFFSET.boottime) end,
          depends = "time" },
        { { en = "realtime is not", zh = "realtime 不变" },
          function(_, _, values) return values and near(values[3], 0) end },
      } },
    { title = { en = "Set once", zh = "只能设置一次" },
      text = {
        en = "Once a process is in it, the offsets are fixed: clocks that jump would break whoever reads them.",
        zh = "有进程进入之后，偏移量就固定了：跳变的时钟会使读取它的程序出错。",
      },
      inside = "echo 'boottime 0 0' > /proc/$$/timens_offsets",
      expect = { en = "Permission denied (EACCES)", zh = "Permission denied（EACCES）" },
      checks = {
        { { en = "the offsets of a time namespace in use cannot be changed", zh = "使用中的 time namespace 的偏移量不能改变" },
          -- EPERM where it is not one's own: the control of an ordinary user.
          function(out) return (out:find("Permission denied", 1, true) or out:find("not permitted", 1, true)) ~= nil end },
      } },
    { title = { en = "For the children only", zh = "只对子进程" },
      text = {
        en = "unshare(2) does not change the clocks of the caller, only those of its next children; time_for_children says where these \z
          will be. By how much is the child's clock ahead? Do the two links differ?",
        zh = "unshare(2) 不改变调用者的时钟，只影响它的下一个子进程；time_for_children 说明子进程将在哪里。子进程的时钟快多少？两个链接不同吗？",
      },
      lua = [[ns.call({}, function()
  ns.unshare{ time = { boottime = 86400 }, uts = true }
  local links = ns.inode("self")
  local own, child = sys.clock("boottime"), ns.call({}, sys.clock, "boottime")
  return math.floor(child - own + 0.5), links.time ~= links.time_for_children
end)]],
      expect = { en = "86400 and true", zh = "86400 和 true" },
      checks = {
        { { en = "after unshare, the next child has the new clock and the caller has not", zh = "unshare 之后，下一个子进程用新的时钟，调用者不用" },
          function(_, _, values) return values and near(values[1], 86400) end, depends = "time" },
        { { en = "time_for_children differs from time then", zh = "这时 time_for_children 与 time 不同" },
          function(_, _, values) return values and values[2] == true end, depends = "time" },
      } },
    { title = { en = "But setns at once", zh = "setns 却立即生效" },
      text = {
        en = "setns(2) moves the caller itself. How far do the clocks of a function jump when it joins a process a day ahead? Are the \z
          links equal?",
        zh = "setns(2) 移动调用者自己。一个函数加入快一天的进程时，它的时钟跳了多少？两个链接相同吗？",
      },
      lua = [[ns.call({}, function()
  local box <close> = ns.clone{ time = { boottime = 86400 }, uts = true }
  local before = sys.clock("boottime")
  ns.setns(box)
  local links = ns.inode("self")
  return math.floor(sys.clock("boottime") - before + 0.5), links.time == links.time_for_children
end)]],
      expect = { en = "86400 and true", zh = "86400 和 true" },
      checks = {
        { { en = "who joins by setns has the new clock at once", zh = "用 setns 加入者立即使用新的时钟" },
          function(_, _, values) return values and near(values[1], 86400) end, depends = "time" },
        { { en = "time_for_children is equal to time then", zh = "这时 time_for_children 与 time 相同" },
          function(_, _, values) return values and values[2] == true end },
      } },
    { title = { en = "From outside into it", zh = "从外面进去" },
      text = { en = "nsenter(1) with the bash inside as its target:", zh = "以里面的 bash 为目标的 nsenter(1)：" },
      outside = function(s) return ("nsenter --target %d --time cat /proc/uptime"):format(s.inside.pid) end,
      needs = function()
        return ns.run{ "nsenter", "--help" }.stdout:find("--time", 1, true) ~= nil,
          { en = "this nsenter has no --time (util-linux 2.36 has)", zh = "这个 nsenter 没有 --time（util-linux 2.36 有）" }
      end,
      expect = { en = "ten days more than outside", zh = "比外面多十天" },
      checks = {
        { { en = "who joins has the clock of the namespace", zh = "加入者使用那个 namespace 的时钟" },
          function(out, s) return near(uptime(out), uptime(s.out.outside) + OFFSET.boottime) end, depends = "time" },
      } },
  },
}
