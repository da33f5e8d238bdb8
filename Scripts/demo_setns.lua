-- setns with a descriptor that came over a unix socket, and why it takes a type
local demo = require "nssh.demo"

demo.main{
  title = { en = "setns: a descriptor from somewhere", zh = "setns：来路不明的描述符" },
  section = { en = "1. The calls: setns", zh = "1. Namespace 概述：相关 API，setns" },
  text = {
    en = "setns(2) takes a descriptor and nstype. The article says when nstype matters: when the descriptor was opened by another \z
      process and came over a UNIX domain socket, so that one does not know what it is. This lesson sends one.",
    zh = "setns(2) 的参数是一个描述符和 nstype。文章说明了 nstype 何时有用：描述符由其他进程打开、经 UNIX domain socket 传过来，因而不知道它是什么类型。这一课就来传一个。",
  },
  programs = { "hostname", "nsenter", "readlink" },
  host = { uts = true },
  host_text = {
    en = "A throw-away UTS namespace plays the host.", zh = "用一个临时的 UTS namespace 充当宿主机。",
  },
  steps = {
    { title = { en = "The usual way", zh = "通常的方式" },
      text = { en = "A bash in a UTS namespace of its own, with a name of its own.", zh = "一个 bash，在自己的 UTS namespace 里，有自己的名字。" },
      enter = { uts = true } },
    { title = { en = "The name outside", zh = "外面的名字" },
      outside = "hostname", name = "before" },
    { title = { en = "Another name inside", zh = "里面换个名字" },
      inside = function(s) return ("hostname %s-inside; hostname"):format(s.out.before) end, name = "inside",
      expect = { en = "the name with -inside", zh = "带 -inside 的名字" },
      checks = {
        { { en = "inside, the name has changed", zh = "里面的名字变了" }, function(out, s) return out == s.out.before .. "-inside" end },
      } },
    { title = { en = "Into it by its file", zh = "通过文件进入" },
      text = {
        en = "nsenter(1) opens /proc/PID/ns/uts itself: it knows the type. setns(2), then hostname.",
        zh = "nsenter(1) 自己打开 /proc/PID/ns/uts，知道它的类型。先 setns(2)，再执行 hostname。",
      },
      outside = function(s) return ("nsenter --uts=/proc/%d/ns/uts hostname; hostname"):format(s.inside.pid) end,
      expect = { en = "the name inside; and afterwards, the name outside", zh = "先是里面的名字，之后是外面的名字" },
      checks = {
        { { en = "a descriptor of /proc/PID/ns leads into that namespace", zh = "/proc/PID/ns 的描述符通向那个 namespace" },
          function(out, s) return out:match("^[^\n]*") == s.out.inside end, depends = "step inside" },
        { { en = "only the caller of setns has moved", zh = "只有调用 setns 的进程移动了" },
          function(out, s) return out:match("[^\n]*$") == s.out.before end, depends = "uts" },
      } },
    { title = { en = "The type is checked", zh = "类型会被检查" },
      text = {
        en = "The same file, but with nstype CLONE_NEWNET: nsenter is told that it is a network namespace.",
        zh = "同一个文件，但 nstype 是 CLONE_NEWNET：告诉 nsenter 这是一个 network namespace。",
      },
      predict = { en = "Does it land in the UTS namespace, or nowhere?", zh = "它会进入那个 UTS namespace，还是哪里也进不去？" },
      outside = function(s) return ("nsenter --net=/proc/%d/ns/uts hostname"):format(s.inside.pid) end,
      expect = { en = "Invalid argument (EINVAL); hostname has not run", zh = "Invalid argument（EINVAL），hostname 没有运行" },
      checks = {
        { { en = "the wrong nstype is refused: EINVAL", zh = "nstype 不符则被拒绝：EINVAL" },
          function(out, s, status)
            return status ~= 0 and out:find("Invalid argument", 1, true) ~= nil and not out:find(s.out.inside, 1, true)
          end },
      } },
    { title = { en = "A stranger's descriptor", zh = "别人的描述符" },
      text = {
        en = "Now a process elsewhere opens its namespace, and sends the descriptor over a socket: SCM_RIGHTS of unix(7). Then it ends.",
        zh = "现在由另一处的进程打开自己的 namespace，通过 socket 发送描述符（unix(7) 的 SCM_RIGHTS），然后结束。",
      },
      lua = [[here, there = sys.socketpair()
sender = ns.clone{ uts = "box", function()
  local own = ns.open("self", "uts")
  ns.send(there, own)
  return own:inode()
end }
sent = sender:wait().values[1]
h = ns.receive(here)
return h, h:inode() == ns.inode("self", "uts"), h:inode() == sent, #h:processes()]], name = "received",
      expect = {
        en = "a namespace that is not nssh's, but the sender's, with 0 processes", zh = "一个不是 nssh 所在、而是发送者所在的 namespace，其中有 0 个进程",
      },
      checks = {
        { { en = "a namespace was received, and it is not the receiver's own", zh = "收到了一个 namespace，不是接收者自己的" },
          function(_, _, values) return values and values[2] == false end, depends = "uts" },
        { { en = "it is the sender's, and nobody is in it any more: the descriptor is good without", zh = "它是发送者的，里面已经没有进程：描述符仍然有效" },
          function(_, _, values) return values and values[3] == true and values[4] == 0 end, depends = "uts" },
      } },
    { title = { en = "What is it?", zh = "它是什么？" },
      text = {
        en = "Which type it is cannot be seen from the number of a descriptor. Since Linux 4.11 the kernel can be asked, as h:type() \z
          does: NS_GET_NSTYPE of ioctl_ns(2). setns with nstype 0 does not ask.",
        zh = "从描述符的号码看不出它的类型。从 Linux 4.11 起可以问内核：ioctl_ns(2) 的 NS_GET_NSTYPE，即 h:type()。nstype 为 0 的 setns 不过问类型。",
      },
      lua = [[h:type()]],
      expect = { en = "uts", zh = "uts" },
      checks = {
        { { en = "the receiver can ask for the type", zh = "接收者可以询问类型" },
          function(_, _, values) return values and values[1] == "uts" end },
      } },
    { title = { en = "Into it", zh = "进入其中" },
      text = {
        en = "hostname, in the received namespace. nssh gives setns the nstype CLONE_NEWUTS: see the plan.",
        zh = "在收到的 namespace 里执行 hostname。nssh 给 setns 的 nstype 是 CLONE_NEWUTS，见所示的计划。",
      },
      lua = [[print(ns.plan{ uts = h, "hostname" })
return ns.run{ uts = h, "hostname" }.stdout]],
      expect = { en = "box, although its process is gone", zh = "box，尽管它的进程已经结束" },
      checks = {
        { { en = "the received descriptor leads into the sender's namespace", zh = "收到的描述符通向发送者的 namespace" },
          function(_, _, values) return values and values[1] == "box\n" end, depends = "uts" },
        { { en = "setns is given the type", zh = "setns 带有类型" },
          function(out) return out:find("setns(", 1, true) ~= nil and out:find("NEWUTS", 1, true) ~= nil end,
          depends = "uts" },
      },
      why = {
        en = "The descriptor alone keeps the namespace alive (demo_lifetime.lua). A container runtime works like this: one process makes \z
          the namespaces and passes them on.",
        zh = "仅凭描述符，namespace 就能存活（见 demo_lifetime.lua）。容器运行时就是这样：由一个进程创建 namespace，再传递给别的进程。",
      } },
    { title = { en = "Why the receiver checks", zh = "接收者为什么要检查" },
      text = {
        en = "Another sender, the same kind of descriptor. A receiver that expects a network namespace says so, and gets an error instead \z
          of a surprise: in a wrong namespace it would go on as if it were in the right one.",
        zh = "另一个发送者，同一种描述符。期望得到 network namespace 的接收者说明类型，于是得到错误而不是意外：否则它会在错误的 namespace 里继续运行，以为自己在正确的地方。",
      },
      lua = [[ns.clone{ uts = true, function() ns.send(there, ns.open("self", "uts")) end }:wait()
ns.receive(here, "net")]],
      expect = { en = "an error: a uts namespace came, not a net one", zh = "错误：来的是 uts，不是 net" },
      checks = {
        { { en = "a descriptor of another type than expected is refused", zh = "类型与期望不符的描述符被拒绝" },
          function(out, _, values) return values == nil and out:find("uts namespace", 1, true) and out:find("net", 1, true) end },
      } },
    { title = { en = "What setns refuses besides", zh = "setns 还拒绝什么" },
      text = {
        en = "Your own user namespace cannot be entered again, as that would give back powers that were dropped; and a file that is no \z
          namespace is refused.",
        zh = "不能再次进入自己所在的 user namespace，否则放弃的权限就回来了；不是 namespace 的文件也被拒绝。",
      },
      outside = "nsenter --user=/proc/self/ns/user true; nsenter --uts=/etc/passwd true",
      expect = { en = "Invalid argument, twice", zh = "两次 Invalid argument" },
      checks = {
        { { en = "one's own user namespace: EINVAL", zh = "自己的 user namespace：EINVAL" },
          function(out) return out:find("^[^\n]*user[^\n]*Invalid argument") ~= nil end },
        { { en = "a file that is no namespace: EINVAL", zh = "不是 namespace 的文件：EINVAL" },
          function(out) return out:find("\n[^\n]*uts[^\n]*Invalid argument") ~= nil end },
      } },
  },
}
