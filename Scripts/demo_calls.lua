-- clone, unshare and setns: a new process elsewhere, oneself to a new place, oneself to an existing one
local demo = require "nssh.demo"

-- The types in a list of flags, sorted.
local function flags(text)
  local found = {}
  for name in (text or ""):gmatch("NEW%u+") do found[#found + 1] = name end
  table.sort(found)
  return table.concat(found, " ")
end

demo.main{
  title = { en = "clone, unshare, setns: who moves, and where to", zh = "clone、unshare、setns：谁移动，移到哪里" },
  section = { en = "1. The calls; how clone and unshare differ", zh = "1. Namespace 概述：相关 API，clone 和 unshare 的区别" },
  text = {
    en = "Four calls are about namespaces. Three of them put a process into one: clone(2) makes a new process in new namespaces, \z
      unshare(2) moves the caller into new ones, setns(2) moves it into existing ones. The fourth, ioctl_ns(2), has a lesson of its own, \z
      as have the arguments of setns.",
    zh = "和 namespace 有关的调用有四个。其中三个让进程进入 namespace：clone(2) 创建一个新进程，放到新的 namespace 里；unshare(2) 让调用者自己进入新的；setns(2) 让它进入已有的。第四个 \z
      ioctl_ns(2) 以及 setns 的参数各有专门的一课。",
  },
  programs = { "hostname", "readlink", "unshare" },
  -- For the controls, in which nssh has not moved when it takes another name.
  host = { uts = true },
  host_text = { en = "A throw-away UTS namespace plays the host.", zh = "用一个临时的 UTS namespace 充当宿主机。" },
  steps = {
    { title = { en = "Where we are", zh = "现在的位置" },
      outside = "readlink /proc/self/ns/uts; hostname", name = "before",
      text = { en = "The host's UTS namespace and its name, to compare with.", zh = "宿主机的 UTS namespace 和名字，留作比较。" } },
    { title = { en = "clone", zh = "clone" },
      text = {
        en = "A process in a new UTS namespace. For the process and for nssh: the pid, and the number of the namespace.",
        zh = "在新的 UTS namespace 里创建一个进程。分别显示它和 nssh 的 pid 与 namespace 号码。",
      },
      lua = [[box = ns.clone{ uts = "box" }
return { box.pid, box:inode("uts") }, { sys.getpid(), ns.inode("self", "uts") }]], name = "clone",
      expect = { en = "two processes in two namespaces; nssh is where it was", zh = "两个进程在两个 namespace 里，nssh 还在原处" },
      checks = {
        { { en = "clone: there is a new process", zh = "clone：有了一个新进程" },
          function(_, s, values) return values and values[1][1] ~= values[2][1] and values[2][1] == s.pid end },
        { { en = "clone: the new process is in a new namespace", zh = "clone：新进程在新的 namespace 里" },
          function(_, _, values) return values and values[1][2] ~= values[2][2] end, depends = "uts" },
      } },
    { title = { en = "The caller of clone", zh = "clone 的调用者" },
      text = { en = "And the caller?", zh = "调用者呢？" },
      lua = [[return sys.readlink("/proc/self/ns/uts") .. "\n" .. sys.hostname()]],
      expect = { en = "the namespace and the name from the beginning", zh = "开头的 namespace 和名字" },
      checks = {
        { { en = "clone: the caller stays where it is", zh = "clone：调用者保持不变" },
          function(_, s, values) return values and values[1] == s.out.before end },
      } },
    { title = { en = "Several types at once", zh = "一次几种" },
      text = {
        en = "The flags of clone(2) are bits: one call, any number of types. In what does this process differ from nssh?",
        zh = "clone(2) 的 flags 是位，一次调用可以指定任意几种类型。这个进程与 nssh 有哪些不同？",
      },
      lua = [[other = ns.clone{ uts = true, ipc = true, pid = true }
differs = {}
for _, t in ipairs(ns.types()) do
  if t.supported and not ns.same("self", other, t.name) then differs[#differs + 1] = t.name end
end
return table.concat(differs, " ")]],
      expect = { en = "uts, ipc, pid, and nothing else", zh = "uts、ipc、pid，没有别的" },
      checks = {
        { { en = "clone: one call makes namespaces of just the types asked for", zh = "clone：一次调用恰好创建所要的几种" },
          function(_, _, values) return values and values[1] == "uts ipc pid" end, depends = { "uts", "ipc", "pid" } },
      } },
    { title = { en = "The same in Go", zh = "用 Go 来写" },
      text = {
        en = "nssh can say how a Go program asks for the same: as the article's last UTS, IPC and PID example. Below it, the call that \z
          nssh itself makes for it.",
        zh = "nssh 可以说出 Go 程序怎样提出同样的要求：与文章里 UTS、IPC、PID 的例子相同。下面是 nssh 自己为此做出的调用。",
      },
      lua = [[print(ns.plan{ uts = true, ipc = true, pid = true, "bash" }.go)
for _, c in ipairs(ns.trace(function() ns.clone{ uts = true, ipc = true, pid = true }:close() end)) do
  if c.call:find("^clone") then print(c.text) end
end]],
      expect = { en = "Cloneflags as in the article, and the same flags in the call", zh = "Cloneflags 与文章相同，调用中也是同样的 flags" },
      checks = {
        { { en = "Go: the types are flags of one clone, those that the kernel really gets", zh = "Go：类型就是一次 clone 的 flags，与内核真正得到的相同" },
          function(out)
            local asked, got = flags(out:match("Cloneflags:[^\n]*")), flags(out:match("\n(clone%w*%b())"))
            return asked == got and asked == "NEWIPC NEWPID NEWUTS", asked .. "; " .. got
          end, depends = { "uts", "ipc", "pid" } },
      },
      why = {
        en = "Go wraps clone; what to isolate is only a matter of the flags. (Setpgid and Pdeathsig are what nssh adds for its children: \z
          a process group of their own, and death with nssh. Pdeathsig comes when the thread ends that has started the child: \z
          hence LockOSThread.)",
        zh = "Go 已经把 clone 封装好了，隔离什么只取决于 flags。（Setpgid 和 Pdeathsig 是 nssh 为子进程加上的：独立的进程组，以及随 nssh 一起结束。\z
          Pdeathsig 在启动子进程的那个线程结束时发出，所以要 LockOSThread。）",
      } },
    { title = { en = "unshare", zh = "unshare" },
      text = {
        en = "Now nssh itself moves, into a new UTS and a new IPC namespace. (In this lesson nssh is a copy, made for it.)",
        zh = "现在轮到 nssh 自己移动，进入新的 UTS 和 IPC namespace。（这一课里的 nssh 是专门复制出来的。）",
      },
      predict = { en = "Which pid will nssh have afterwards?", zh = "之后 nssh 的 pid 是多少？" },
      lua = [[ns.unshare{ uts = true, ipc = true }]], name = "unshare" },
    { title = { en = "Who has moved", zh = "谁移动了" },
      lua = [[{ sys.getpid(), ns.inode("self", "uts") }, sys.hostname("moved")]],
      text = { en = "There it takes another name:", zh = "在那里改一个名字：" },
      expect = { en = "the same pid, but another namespace", zh = "pid 相同，namespace 不同" },
      checks = {
        { { en = "unshare: there is no new process", zh = "unshare：没有新进程" },
          function(_, s, values) return values and values[1][1] == s.pid end },
        { { en = "unshare: the caller has left its namespace for a new one", zh = "unshare：调用者离开原来的 namespace，进入新的" },
          function(_, s, values)
            return values and values[1][2] ~= s.values.clone[2][2] and values[2] == "moved"
          end, depends = { "uts", "step unshare" } },
      } },
    { title = { en = "Who has not", zh = "谁没有移动" },
      text = { en = "Who did not call is where it was: the bash outside.", zh = "没有调用的进程还在原处，例如外面的 bash。" },
      outside = "readlink /proc/self/ns/uts; hostname", name = "others",
      expect = { en = "the namespace and the name from the beginning", zh = "开头的 namespace 和名字" },
      checks = {
        { { en = "unshare: other processes stay where they are", zh = "unshare：其他进程保持不变" },
          function(out, s) return out == s.out.before end,
          depends = { "uts", "step unshare" } },
      } },
    { title = { en = "unshare(1)", zh = "unshare(1)" },
      text = {
        en = "unshare(1) is this call as a program: it moves itself, and then becomes the command. hostname there and after it:",
        zh = "unshare(1) 就是把这个调用做成程序：它先移动自己，再变成所给的命令。在其中和之后执行 hostname：",
      },
      outside = "unshare --uts sh -c 'hostname elsewhere; hostname'; readlink /proc/self/ns/uts; hostname",
      expect = { en = "elsewhere, and then the host's name", zh = "先是 elsewhere，然后是宿主机的名字" },
      checks = {
        { { en = "unshare(1): its own name is new, the shell's is not", zh = "unshare(1)：它自己的名字是新的，shell 的不变" },
          function(out, s) return out == "elsewhere\n" .. s.out.others end },
      } },
    { title = { en = "setns", zh = "setns" },
      text = {
        en = "The box from the beginning still has its UTS namespace. nssh joins it.",
        zh = "开头的 box 还保持着它的 UTS namespace。nssh 加入其中。",
      },
      lua = [[ns.setns(box, "uts")]], name = "setns" },
    { title = { en = "Where nssh is now", zh = "nssh 现在在哪里" },
      lua = [[sys.hostname(), ns.same("self", box, "uts"), sys.getpid()]],
      expect = { en = "the box's name, the box's namespace, the same pid as ever", zh = "box 的名字，box 的 namespace，pid 不变" },
      checks = {
        { { en = "setns: the caller is in the existing namespace", zh = "setns：调用者进入已有的 namespace" },
          function(_, _, values) return values and values[2] == true end, depends = "step setns" },
        { { en = "setns: there is no new process", zh = "setns：没有新进程" },
          function(_, s, values) return values and values[3] == s.pid end },
      } },
    { title = { en = "Two exceptions", zh = "两个例外" },
      text = {
        en = "unshare moves the caller: of six types. A process never changes its PID namespace, as its pid would change; and by \z
          unshare its clocks do not change either while it runs. After unshare of pid, is the caller (here a function in a child) \z
          where it was? And which pid has its next child?",
        zh = "unshare 移动调用者：这对六种类型成立。进程不会改变自己的 PID namespace，否则它的 pid 就变了；unshare 也不会让它运行中的时钟改变。\z
          unshare pid 之后，调用者（这里是子进程中的一个函数）还在原处吗？它的下一个子进程的 pid \z
          是多少？",
      },
      lua = [[ns.call({}, function()
  local before = ns.inode("self", "pid")
  ns.unshare{ pid = true, ipc = true }
  local child <close> = ns.clone{}
  return ns.inode("self", "pid") == before, child.inner_pid
end)]],
      expect = { en = "it has not moved; its child is number 1", zh = "它没有移动；子进程是 1 号" },
      checks = {
        { { en = "unshare of pid: the caller stays", zh = "unshare pid：调用者不动" },
          function(_, _, values) return values and values[1] == true end },
        { { en = "unshare of pid: its next child is PID 1 of the new namespace", zh = "unshare pid：下一个子进程是新 namespace 里的 1 号进程" },
          function(_, _, values) return values and values[2] == 1 end, depends = "pid" },
      },
      why = {
        en = "The article's sentence, that unshare makes the caller join, leaves this out; namespaces(7) and the links pid_for_children \z
          and time_for_children do not.",
        zh = "文章说 unshare 使当前进程加入新的 namespace，没有提到这一点；namespaces(7) 以及 pid_for_children、time_for_children 两个链接则说明了它。",
      } },
    { title = { en = "setns has one of them", zh = "setns 只有其中一个例外" }, needs = "type time",
      text = {
        en = "A function in a child joins a box with a PID and a time namespace of its own. Is the caller in its own PID namespace still? \z
          Are its next children elsewhere? Is the caller in the box's time namespace?",
        zh = "子进程中的一个函数加入 box，box 有自己的 PID 和 time namespace。调用者还在自己的 PID namespace 里吗？它的下一个子进程在别处吗？调用者在 box 的 time namespace 里吗？",
      },
      lua = [[ns.call({}, function()
  local box <close> = ns.clone{ pid = true, time = true }
  local before = ns.inode("self")
  ns.setns(box)
  local now = ns.inode("self")
  return now.pid == before.pid, now.pid_for_children ~= before.pid, now.time ~= before.time and now.time == box:inode("time")
end)]],
      predict = { en = "Does setns move its caller in both types?", zh = "对这两种类型，setns 都会移动调用者吗？" },
      expect = { en = "true, true, true: the caller has moved for time, and not for pid", zh = "true、true、true：time 移动了，pid 没有" },
      checks = {
        { { en = "setns of pid: the caller stays, its next children are elsewhere", zh = "setns pid：调用者不动，下一个子进程在别处" },
          function(_, _, values) return values and values[1] and values[2] end, depends = "pid" },
        { { en = "setns of time: the caller moves at once", zh = "setns time：调用者立即移动" },
          function(_, _, values) return values and values[3] end, depends = "time" },
      },
      why = {
        en = "Whoever calls setns(2) for a time namespace knows that its clocks jump (demo_time.lua). The kernel asks for a process of a \z
          single thread.",
        zh = "为 time namespace 调用 setns(2) 的进程知道自己的时钟会跳变（见 demo_time.lua）。内核要求它只有一个线程。",
      } },
  },
}
